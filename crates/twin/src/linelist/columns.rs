//! The columns of the line list and the words its coded columns use.

/// One column: its key, its header in the file, and whether a row without it is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub key: &'static str,
    pub header: &'static str,
    pub required: bool,
}

const fn column(key: &'static str, header: &'static str, required: bool) -> Column {
    Column { key, header, required }
}

/// Number of columns.
pub const COLUMN_COUNT: usize = 30;

/// The columns in file order.
pub const COLUMNS: [Column; COLUMN_COUNT] = [
    column("card_number", "卡片编号", true),
    column("name", "姓名", true),
    column("name_latin", "姓名拼音", false),
    column("sex", "性别", true),
    column("birth_date", "出生日期", false),
    column("age", "年龄", false),
    column("id_number", "证件号码", false),
    column("phone", "联系电话", false),
    column("occupation", "职业", false),
    column("workplace", "工作单位", false),
    column("city", "现住城市", false),
    column("district", "现住区县", false),
    column("street", "现住街道", false),
    column("community", "现住社区", false),
    column("address", "详细地址", false),
    column("disease", "病种", true),
    column("classification", "病例分类", true),
    column("severity", "临床严重程度", false),
    column("onset_date", "发病日期", false),
    column("symptoms", "症状", false),
    column("sampled_at", "采样时间", false),
    column("sample_type", "标本类型", false),
    column("test_result", "检测结果", false),
    column("ct_value", "Ct值", false),
    column("laboratory", "检测机构", false),
    column("reported_at", "报告时间", true),
    column("reporting_unit", "报告单位", false),
    column("isolated_at", "隔离时间", false),
    column("outcome", "转归", false),
    column("outcome_date", "转归日期", false),
];

/// Positions of the columns that rows are spoiled or changed in.
pub(super) mod at {
    pub const CARD_NUMBER: usize = 0;
    pub const NAME: usize = 1;
    pub const BIRTH_DATE: usize = 4;
    pub const AGE: usize = 5;
    pub const ID_NUMBER: usize = 6;
    pub const PHONE: usize = 7;
    pub const CLASSIFICATION: usize = 16;
    pub const ONSET_DATE: usize = 18;
    pub const REPORTED_AT: usize = 25;
    pub const REPORTING_UNIT: usize = 26;
}

pub const DISEASE: &str = "新型冠状病毒感染";
pub const SEX: [&str; 2] = ["女", "男"];
/// Confirmed, asymptomatic, suspect.
pub const CLASSIFICATION: [&str; 3] = ["确诊病例", "无症状感染者", "疑似病例"];
/// Mild, moderate, severe, critical.
pub const SEVERITY: [&str; 4] = ["轻型", "普通型", "重型", "危重型"];
pub const SYMPTOMS: [&str; 6] = ["发热", "咳嗽", "咽痛", "乏力", "头痛", "腹泻"];
/// Nasopharyngeal swab, throat swab.
pub const SAMPLE_TYPE: [&str; 2] = ["鼻咽拭子", "咽拭子"];
/// Positive, pending.
pub const TEST_RESULT: [&str; 2] = ["阳性", "待检"];
/// In care, recovered, died.
pub const OUTCOME: [&str; 3] = ["治疗中", "治愈", "死亡"];
