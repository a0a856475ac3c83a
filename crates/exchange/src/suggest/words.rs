//! Names of columns and words in cells as other tools write them: Go.Data, SORMAS, Sara Alert, the Epiverse linelist
//! tags, WHO's cleaned tables, and Chinese line lists (platforms.md §§5–6).

use crate::map::Noun;

/// A target and the column names that mean it, folded: letters and digits only, lower case. The first target of the
/// noun that knows a name is taken.
pub(super) const NAMES: &[(&str, &[&str])] = &[
    (
        "case.external_id",
        &["caseid", "id", "visualid", "epidnumber", "identifierstatelocal", "statelocalid", "patientid", "caseno", "casenumber", "uniqueid", "病例编号", "病例号", "编号", "卡片编号"],
    ),
    ("contact.external_id", &["contactid", "id", "visualid", "密接编号", "接触者编号", "编号"]),
    ("person.external_id", &["personid", "residentid", "id", "uuid", "visualid", "居民编号", "人员编号", "编号"]),
    ("person.family_name", &["lastname", "familyname", "surname", "personlastname", "patientlastname", "姓"]),
    ("person.given_name", &["firstname", "givenname", "forename", "personfirstname", "patientfirstname", "名"]),
    ("person.full_name", &["name", "fullname", "patientname", "monitoree", "姓名", "病例姓名", "患者姓名"]),
    ("person.sex", &["sex", "gender", "personsex", "patientsex", "性别"]),
    ("person.birth_date", &["dob", "dateofbirth", "birthdate", "birthday", "birth", "patientdob", "出生日期", "生日"]),
    ("person.age_years", &["age", "ageyears", "ageinyears", "年龄", "年龄岁", "周岁"]),
    ("person.age_months", &["agemonths", "月龄"]),
    (
        "person.identifier.number",
        &["nationalid", "idnumber", "idcard", "idcardnumber", "personnationalhealthid", "passportnumber", "documentsnumber1", "documentnumber1", "身份证", "身份证号", "身份证号码", "证件号码", "证件号"],
    ),
    ("person.identifier.kind", &["idtype", "documentstype1", "documenttype1", "证件类型"]),
    (
        "person.phone",
        &["phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "primarytelephone", "primaryphone", "patientphonenumber", "addressesphonenumber1", "addressphonenumber1", "personphone", "联系电话", "电话", "手机", "手机号", "手机号码"],
    ),
    ("person.language", &["language", "primarylanguage", "语言"]),
    (
        "person.address.text",
        &["address", "addressline1", "addressesaddressline11", "residence", "street", "personaddressstreet", "patientstreet", "现住址", "住址", "地址", "居住地址", "现住地址"],
    ),
    (
        "person.address.jurisdiction",
        &["location", "locationid", "addresseslocation1", "district", "responsibledistrict", "jurisdictionpath", "jurisdiction", "community", "admin2name", "区县", "区", "街道", "乡镇街道", "社区", "现住地"],
    ),
    ("person.address.longitude", &["lon", "long", "lng", "longitude", "addresseslng1", "经度"]),
    ("person.address.latitude", &["lat", "latitude", "addresseslat1", "纬度"]),
    ("person.household", &["household", "householdid", "hhid", "familyid", "household_code", "户号", "家庭编号"]),
    ("person.occupation", &["occupation", "personoccupationtype", "profession", "职业"]),
    ("person.health_worker", &["hcw", "healthworker", "healthcareworker", "employedinhealthcare", "医务人员", "是否医务人员"]),
    ("case.classification", &["classification", "caseclassification", "casestatus", "caseclass", "病例分类", "诊断分类", "病例类型"]),
    (
        "case.onset",
        &["onset", "dateonset", "dateofonset", "onsetdate", "symptomonset", "symptomsonsetdate", "illnessonsetdate", "datesymptomonset", "发病日期", "发病时间", "症状出现日期"],
    ),
    ("case.rash_onset", &["rashonset", "dateofrash", "daterash", "出疹日期"]),
    ("case.fever_onset", &["feveronset", "dateoffever", "datefever", "发热日期"]),
    ("case.infected", &["dateofinfection", "dateinfection", "infectiondate", "感染日期"]),
    ("case.generation", &["generation", "代次"]),
    ("case.reported", &["datereporting", "dateofreporting", "reportdate", "datereported", "reported", "notificationdate", "datenotification", "报告日期", "报告时间"]),
    ("case.admitted", &["dateadmission", "dateofadmission", "admissiondate", "dateofhospitalisation", "dateofhospitalization", "hospitalizationadmissiondate", "入院日期"]),
    ("case.discharged", &["datedischarge", "dateofdischarge", "dischargedate", "hospitalizationdischargedate", "出院日期"]),
    ("case.isolated", &["dateisolation", "dateofisolation", "isolationdate", "isolationstartdate", "隔离日期"]),
    ("case.hospital", &["hospital", "healthfacility", "facility", "就诊医院", "医院", "收治医院"]),
    ("case.outcome", &["outcome", "caseoutcome", "outcomeid", "转归", "结局"]),
    ("case.outcome_date", &["dateoutcome", "dateofoutcome", "outcomedate", "datedeath", "dateofdeath", "deathdate", "转归日期", "死亡日期"]),
    ("case.was_contact", &["wascontact", "wasacontact", "是否密接"]),
    ("sample.number", &["sampleidentifier", "labsampleid", "samplelabid", "accessionnumber", "specimenid", "sampleid", "样本编号", "标本编号"]),
    ("sample.collected", &["datesampletaken", "sampletaken", "sampledatetime", "specimencollectiondate", "datesample", "sampledate", "采样日期", "采样时间"]),
    ("sample.received", &["datesampledelivered", "receiveddate", "sampledeliveredtolab", "接收时间"]),
    ("sample.material", &["sampletype", "samplematerial", "specimentype", "标本类型", "样本类型"]),
    ("sample.test", &["testtype", "testperformedcode", "检测方法"]),
    ("sample.laboratory", &["labname", "lab", "laboratory", "testinglabname", "检测机构", "实验室"]),
    ("sample.result", &["result", "testresult", "pathogentestresult", "labresult", "检测结果", "核酸结果", "核酸检测结果"]),
    ("sample.result_at", &["dateofresult", "dateoftheresult", "testresultdate", "testdatetime", "结果日期", "结果时间"]),
    ("exposure.source.external_id", &["from", "infector", "source", "sourceid", "sourcecaseid", "sourcevisualid", "infectedby", "caze", "caseidexternalsystem", "感染来源编号", "传染源", "关联病例", "关联病例编号"]),
    ("exposure.target.external_id", &["to", "infectee", "target", "targetid", "targetvisualid", "contactid", "caseid", "personid", "被感染者", "密接编号"]),
    ("exposure.first", &["dateoffirstcontact", "firstcontactdate", "firstcontact", "首次接触日期", "首次接触时间"]),
    ("exposure.last", &["dateoflastcontact", "contactdate", "lastcontactdate", "lastcontact", "lastdateofexposure", "末次接触日期", "末次接触时间", "最后接触日期"]),
    ("exposure.type", &["exposuretype", "contextofexposure", "socialrelationshiptype", "source", "接触方式", "暴露类型"]),
    ("exposure.certainty", &["certaintylevel", "certainty", "contactcategory"]),
    ("exposure.minutes", &["minutes", "exposureminutes", "接触时长"]),
    ("contact.listed", &["dateofreporting", "reportdate", "reportdatetime", "datebecomecontact", "登记日期"]),
    ("contact.relation", &["relationtocase", "relationdetail", "relation", "socialrelationshipdetail", "与病例关系", "关系"]),
    ("contact.status", &["followupstatus", "followupfinalstatus", "contactstatus", "status", "随访状态"]),
    ("contact.followup_from", &["followupstartdate", "dateoffollowupstart", "隔离开始日期"]),
    ("contact.followup_until", &["followupenddate", "dateoffollowupend", "followupuntil", "endofmonitoring", "隔离结束日期"]),
    ("followup.contact.external_id", &["contactid", "personid", "contactvisualid", "id", "密接编号"]),
    ("followup.date", &["date", "dateoffollowup", "followupdate", "visitdatetime", "随访日期", "日期"]),
    ("followup.status", &["statusid", "followupstatus", "status", "visitstatus", "随访结果", "状态"]),
    ("followup.temperature_tenths", &["temperature", "temp", "bodytemperature", "体温"]),
    ("followup.symptoms", &["symptoms", "症状"]),
    ("followup.seen_by", &["seenby", "visituser", "team", "teamid", "随访人"]),
    ("place.external_id", &["id", "locationid", "externalid", "uuid"]),
    ("place.code", &["code", "epidcode", "placecode", "代码", "编码"]),
    ("place.name", &["name", "placename", "facilityname", "名称"]),
    ("place.kind", &["kind", "type", "facilitytype", "typeofplace", "类型"]),
    ("place.parent", &["parent", "parentlocationid", "parentcode", "上级", "上级代码"]),
    ("place.jurisdiction", &["jurisdiction", "district", "community", "region", "区县", "社区"]),
    ("place.address", &["address", "street", "地址"]),
    ("place.longitude", &["lon", "long", "lng", "longitude", "经度"]),
    ("place.latitude", &["lat", "latitude", "纬度"]),
    ("place.capacity", &["capacity", "beds", "床位数"]),
    ("person.note", &["note", "notes", "comment", "comments", "备注"]),
];

/// Words of cells by target, folded as names are; an empty word says nothing.
pub(super) const WORDS: &[(&str, &[(&str, &str)])] = &[
    (
        "person.sex",
        &[("m", "male"), ("male", "male"), ("man", "male"), ("男", "male"), ("男性", "male"), ("1", "male"), ("f", "female"), ("female", "female"), ("woman", "female"), ("w", "female"), ("女", "female"), ("女性", "female"), ("2", "female"), ("other", "other"), ("o", "other"), ("其他", "other"), ("u", "unknown"), ("unknown", "unknown"), ("未知", "unknown"), ("0", "unknown"), ("9", "unknown")],
    ),
    (
        "case.classification",
        &[("confirmed", "confirmed"), ("confirmedcase", "confirmed"), ("confirmedunknownsymptoms", "confirmed"), ("confirmednosymptoms", "asymptomatic"), ("asymptomatic", "asymptomatic"), ("probable", "probable"), ("suspect", "suspect"), ("suspected", "suspect"), ("notacase", "not_a_case"), ("notacasediscarded", "not_a_case"), ("nocase", "not_a_case"), ("discarded", "not_a_case"), ("notclassified", ""), ("falsepositive", "false_positive"), ("确诊", "confirmed"), ("确诊病例", "confirmed"), ("实验室诊断病例", "confirmed"), ("临床诊断病例", "probable"), ("疑似", "suspect"), ("疑似病例", "suspect"), ("无症状", "asymptomatic"), ("无症状感染者", "asymptomatic"), ("阳性检测", "asymptomatic"), ("排除", "not_a_case")],
    ),
    (
        "case.outcome",
        &[("death", "died"), ("dead", "died"), ("died", "died"), ("deceased", "died"), ("死亡", "died"), ("recover", "recovered"), ("recovered", "recovered"), ("cured", "recovered"), ("治愈", "recovered"), ("痊愈", "recovered"), ("出院", "recovered"), ("alive", "alive"), ("存活", "alive"), ("治疗中", "alive"), ("nooutcome", ""), ("unknown", "unknown"), ("未知", "unknown")],
    ),
    (
        "sample.result",
        &[("positive", "positive"), ("pos", "positive"), ("detected", "positive"), ("阳性", "positive"), ("阳", "positive"), ("negative", "negative"), ("neg", "negative"), ("notdetected", "negative"), ("阴性", "negative"), ("阴", "negative"), ("inconclusive", "inconclusive"), ("indeterminate", "inconclusive"), ("可疑", "inconclusive"), ("pending", "pending"), ("待检", "pending"), ("notdone", "not_done"), ("notapplicable", "not_done"), ("未检", "not_done")],
    ),
    (
        "exposure.type",
        &[("family", "household"), ("household", "household"), ("samehousehold", "household"), ("nosocomial", "healthcare"), ("medicalcare", "healthcare"), ("healthcare", "healthcare"), ("coworkers", "workplace"), ("workplace", "workplace"), ("school", "school"), ("friends", "social"), ("social", "social"), ("funeral", "funeral"), ("conveyance", "conveyance"), ("transport", "conveyance"), ("gathering", "gathering"), ("sameenvironment", "same_place"), ("other", "other"), ("traveltooutbreakarea", "other"), ("unknown", "unknown"), ("家庭", "household"), ("同住", "household"), ("医疗", "healthcare"), ("工作", "workplace"), ("同事", "workplace"), ("学校", "school"), ("聚餐", "gathering"), ("同乘", "conveyance"), ("葬礼", "funeral"), ("其他", "other")],
    ),
    ("exposure.certainty", &[("1low", "low"), ("low", "low"), ("lowrisk", "low"), ("2medium", "medium"), ("medium", "medium"), ("3high", "high"), ("high", "high"), ("highrisk", "high")]),
    (
        "contact.status",
        &[("underfollowup", "under_follow_up"), ("followup", "under_follow_up"), ("active", "under_follow_up"), ("completed", "completed"), ("lost", "lost"), ("losttofollowup", "lost"), ("canceled", "dropped"), ("cancelled", "dropped"), ("dropped", "dropped"), ("nofollowup", "dropped"), ("converted", "became_case"), ("died", "died"), ("随访中", "under_follow_up"), ("已解除", "completed"), ("失访", "lost"), ("转为病例", "became_case")],
    ),
    (
        "followup.status",
        &[("seenok", "seen_well"), ("seenwell", "seen_well"), ("seennotok", "seen_ill"), ("seenill", "seen_ill"), ("missed", "missed"), ("notattempted", "not_attempted"), ("notperformed", "not_attempted"), ("unavailable", "not_seen"), ("notseen", "not_seen"), ("uncooperative", "refused"), ("refused", "refused"), ("正常", "seen_well"), ("异常", "seen_ill"), ("未见", "not_seen"), ("拒绝", "refused")],
    ),
    (
        "place.kind",
        &[("hospital", "facility"), ("facility", "facility"), ("clinic", "facility"), ("ward", "ward"), ("bed", "bed"), ("school", "school"), ("workplace", "workplace"), ("home", "dwelling"), ("dwelling", "dwelling"), ("household", "dwelling"), ("gathering", "gathering"), ("conveyance", "conveyance"), ("other", "other"), ("医院", "facility"), ("学校", "school"), ("住宅", "dwelling"), ("单位", "workplace")],
    ),
];

/// Words that mean "nothing recorded" wherever they stand.
pub(super) const NOTHING: &[&str] = &["NA", "N/A", "#N/A", "NULL", "-", "--", "不详", "未填写"];

/// Names of columns that say who infected the row's case, for the second record of a line list.
pub(super) const INFECTOR: &[&str] = &["infector", "infectedby", "sourcecaseid", "sourcevisualid", "sourceid", "传染源", "感染来源编号", "关联病例编号", "关联病例"];

/// The targets that hold the row's own id, the most fitting first.
pub(super) fn id_target(noun: Noun) -> &'static str {
    match noun {
        Noun::People => "person.external_id",
        Noun::Places => "place.external_id",
        Noun::Linelist | Noun::Results => "case.external_id",
        Noun::Contacts => "contact.external_id",
        Noun::Exposures => "exposure.target.external_id",
        Noun::Followups => "followup.contact.external_id",
    }
}
