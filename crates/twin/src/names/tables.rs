//! The characters of invented names.
//!
//! Surnames: the hundred of the 2006 ranking of the Chinese Academy of Sciences (Yuan Yida, 296 million
//! people), shares of the first three after the household registers (Ministry of Public Security, 2007:
//! Wang 7.25 %, Li 7.19 %, Zhang 6.83 %; the hundred together 84.77 %). Shares below rank three are rounded
//! estimates that fall with rank and keep roughly that sum. A few compound surnames are added, since a register that only
//! knows one-character surnames breaks on them. Given names are common characters of each generation.

/// (surname, pinyin, people per ten thousand).
pub(super) const SURNAMES: &[(&str, &str, u32)] = &[
    ("李", "Li", 719),
    ("王", "Wang", 725),
    ("张", "Zhang", 683),
    ("刘", "Liu", 540),
    ("陈", "Chen", 460),
    ("杨", "Yang", 320),
    ("黄", "Huang", 245),
    ("赵", "Zhao", 215),
    ("周", "Zhou", 205),
    ("吴", "Wu", 203),
    ("徐", "Xu", 166),
    ("孙", "Sun", 152),
    ("朱", "Zhu", 126),
    ("马", "Ma", 128),
    ("胡", "Hu", 122),
    ("郭", "Guo", 115),
    ("林", "Lin", 114),
    ("何", "He", 113),
    ("高", "Gao", 110),
    ("梁", "Liang", 84),
    ("郑", "Zheng", 84),
    ("罗", "Luo", 86),
    ("宋", "Song", 70),
    ("谢", "Xie", 72),
    ("唐", "Tang", 65),
    ("韩", "Han", 66),
    ("曹", "Cao", 60),
    ("许", "Xu", 58),
    ("邓", "Deng", 57),
    ("萧", "Xiao", 56),
    ("冯", "Feng", 56),
    ("曾", "Zeng", 55),
    ("程", "Cheng", 54),
    ("蔡", "Cai", 54),
    ("彭", "Peng", 52),
    ("潘", "Pan", 50),
    ("袁", "Yuan", 50),
    ("于", "Yu", 48),
    ("董", "Dong", 48),
    ("余", "Yu", 48),
    ("苏", "Su", 46),
    ("叶", "Ye", 45),
    ("吕", "Lyu", 45),
    ("魏", "Wei", 45),
    ("蒋", "Jiang", 44),
    ("田", "Tian", 42),
    ("杜", "Du", 42),
    ("丁", "Ding", 40),
    ("沈", "Shen", 40),
    ("姜", "Jiang", 38),
    ("范", "Fan", 37),
    ("江", "Jiang", 37),
    ("傅", "Fu", 36),
    ("钟", "Zhong", 36),
    ("卢", "Lu", 36),
    ("汪", "Wang", 35),
    ("戴", "Dai", 35),
    ("崔", "Cui", 34),
    ("任", "Ren", 34),
    ("陆", "Lu", 33),
    ("廖", "Liao", 33),
    ("姚", "Yao", 32),
    ("方", "Fang", 32),
    ("金", "Jin", 31),
    ("邱", "Qiu", 30),
    ("夏", "Xia", 30),
    ("谭", "Tan", 30),
    ("韦", "Wei", 29),
    ("贾", "Jia", 29),
    ("邹", "Zou", 28),
    ("石", "Shi", 28),
    ("熊", "Xiong", 27),
    ("孟", "Meng", 27),
    ("秦", "Qin", 26),
    ("阎", "Yan", 26),
    ("薛", "Xue", 26),
    ("侯", "Hou", 25),
    ("雷", "Lei", 25),
    ("白", "Bai", 24),
    ("龙", "Long", 24),
    ("段", "Duan", 24),
    ("郝", "Hao", 23),
    ("孔", "Kong", 23),
    ("邵", "Shao", 22),
    ("史", "Shi", 22),
    ("毛", "Mao", 21),
    ("常", "Chang", 21),
    ("万", "Wan", 21),
    ("顾", "Gu", 21),
    ("赖", "Lai", 20),
    ("武", "Wu", 20),
    ("康", "Kang", 20),
    ("贺", "He", 20),
    ("严", "Yan", 19),
    ("尹", "Yin", 19),
    ("钱", "Qian", 19),
    ("施", "Shi", 18),
    ("牛", "Niu", 18),
    ("洪", "Hong", 18),
    ("龚", "Gong", 18),
    ("欧阳", "Ouyang", 6),
    ("上官", "Shangguan", 2),
    ("司马", "Sima", 1),
    ("诸葛", "Zhuge", 1),
];

/// (character, pinyin).
pub(super) const FEMALE_BEFORE_1970: &[(&str, &str)] = &[
    ("秀", "xiu"), ("英", "ying"), ("兰", "lan"), ("桂", "gui"), ("珍", "zhen"), ("芳", "fang"), ("玉", "yu"),
    ("凤", "feng"), ("梅", "mei"), ("素", "su"), ("淑", "shu"), ("华", "hua"), ("琴", "qin"), ("云", "yun"),
    ("莲", "lian"), ("荣", "rong"), ("金", "jin"), ("爱", "ai"), ("美", "mei"), ("香", "xiang"), ("月", "yue"),
    ("春", "chun"), ("贞", "zhen"), ("翠", "cui"), ("巧", "qiao"), ("菊", "ju"), ("娥", "e"), ("霞", "xia"),
    ("清", "qing"), ("惠", "hui"), ("彩", "cai"), ("碧", "bi"), ("宝", "bao"), ("瑞", "rui"), ("丽", "li"),
    ("琼", "qiong"),
];

/// (character, pinyin).
pub(super) const MALE_BEFORE_1970: &[(&str, &str)] = &[
    ("国", "guo"), ("建", "jian"), ("明", "ming"), ("德", "de"), ("文", "wen"), ("志", "zhi"), ("福", "fu"),
    ("贵", "gui"), ("生", "sheng"), ("华", "hua"), ("军", "jun"), ("民", "min"), ("永", "yong"),
    ("庆", "qing"), ("成", "cheng"), ("海", "hai"), ("金", "jin"), ("水", "shui"), ("木", "mu"),
    ("清", "qing"), ("祥", "xiang"), ("荣", "rong"), ("平", "ping"), ("光", "guang"), ("忠", "zhong"),
    ("义", "yi"), ("树", "shu"), ("春", "chun"), ("宝", "bao"), ("富", "fu"), ("发", "fa"), ("财", "cai"),
    ("新", "xin"), ("保", "bao"), ("安", "an"), ("根", "gen"), ("土", "tu"), ("炳", "bing"),
];

/// (character, pinyin).
pub(super) const FEMALE_1970_1994: &[(&str, &str)] = &[
    ("丽", "li"), ("静", "jing"), ("敏", "min"), ("燕", "yan"), ("艳", "yan"), ("娟", "juan"), ("霞", "xia"),
    ("红", "hong"), ("玲", "ling"), ("芳", "fang"), ("洁", "jie"), ("莉", "li"), ("娜", "na"), ("婷", "ting"),
    ("雪", "xue"), ("慧", "hui"), ("琳", "lin"), ("倩", "qian"), ("晶", "jing"), ("颖", "ying"),
    ("萍", "ping"), ("蓉", "rong"), ("蕾", "lei"), ("薇", "wei"), ("菁", "jing"), ("岚", "lan"),
    ("春", "chun"), ("海", "hai"), ("小", "xiao"), ("晓", "xiao"), ("文", "wen"), ("雅", "ya"), ("佳", "jia"),
    ("婉", "wan"), ("琪", "qi"), ("虹", "hong"), ("婧", "jing"),
];

/// (character, pinyin).
pub(super) const MALE_1970_1994: &[(&str, &str)] = &[
    ("伟", "wei"), ("强", "qiang"), ("磊", "lei"), ("军", "jun"), ("勇", "yong"), ("涛", "tao"),
    ("超", "chao"), ("鹏", "peng"), ("杰", "jie"), ("斌", "bin"), ("辉", "hui"), ("刚", "gang"),
    ("健", "jian"), ("波", "bo"), ("飞", "fei"), ("峰", "feng"), ("亮", "liang"), ("俊", "jun"), ("宇", "yu"),
    ("凯", "kai"), ("浩", "hao"), ("鑫", "xin"), ("晓", "xiao"), ("志", "zhi"), ("海", "hai"), ("建", "jian"),
    ("文", "wen"), ("国", "guo"), ("龙", "long"), ("毅", "yi"), ("晨", "chen"), ("旭", "xu"), ("玮", "wei"),
    ("钧", "jun"), ("滔", "tao"), ("坤", "kun"), ("铭", "ming"),
];

/// (character, pinyin).
pub(super) const FEMALE_FROM_1995: &[(&str, &str)] = &[
    ("欣", "xin"), ("怡", "yi"), ("梓", "zi"), ("涵", "han"), ("诗", "shi"), ("雨", "yu"), ("萱", "xuan"),
    ("子", "zi"), ("悦", "yue"), ("可", "ke"), ("馨", "xin"), ("思", "si"), ("语", "yu"), ("佳", "jia"),
    ("宜", "yi"), ("若", "ruo"), ("汐", "xi"), ("嘉", "jia"), ("琪", "qi"), ("依", "yi"), ("诺", "nuo"),
    ("沐", "mu"), ("晴", "qing"), ("紫", "zi"), ("彤", "tong"), ("艺", "yi"), ("瑶", "yao"), ("心", "xin"),
    ("媛", "yuan"), ("梦", "meng"), ("雅", "ya"), ("钰", "yu"), ("晗", "han"), ("芷", "zhi"), ("桐", "tong"),
    ("妍", "yan"), ("昕", "xin"), ("婕", "jie"),
];

/// (character, pinyin).
pub(super) const MALE_FROM_1995: &[(&str, &str)] = &[
    ("梓", "zi"), ("浩", "hao"), ("宇", "yu"), ("轩", "xuan"), ("子", "zi"), ("涵", "han"), ("博", "bo"),
    ("俊", "jun"), ("泽", "ze"), ("睿", "rui"), ("铭", "ming"), ("皓", "hao"), ("辰", "chen"), ("奕", "yi"),
    ("沐", "mu"), ("霖", "lin"), ("嘉", "jia"), ("懿", "yi"), ("煜", "yu"), ("晨", "chen"), ("天", "tian"),
    ("佑", "you"), ("一", "yi"), ("诺", "nuo"), ("思", "si"), ("远", "yuan"), ("承", "cheng"), ("恩", "en"),
    ("昊", "hao"), ("然", "ran"), ("翰", "han"), ("宸", "chen"), ("瑞", "rui"), ("航", "hang"), ("逸", "yi"),
    ("家", "jia"), ("豪", "hao"), ("启", "qi"),
];
