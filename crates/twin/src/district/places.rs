//! Places other than homes, and the groups that meet in them every day.

use serde::Serialize;

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum PlaceKind {
    Kindergarten,
    PrimarySchool,
    JuniorSchool,
    SeniorSchool,
    College,
    Hospital,
    Ward,
    HealthCentre,
    CommunityOffice,
    Market,
    Office,
    Factory,
    Shop,
    Restaurant,
    ConstructionSite,
    PropertyOffice,
    CourierStation,
    BusLine,
    BusVehicle,
}

/// The number of kinds, for counters.
pub(super) const KINDS: usize = PlaceKind::BusVehicle as usize + 1;

/// The wards every hospital has: Chinese, English, staff of one team.
pub(super) const WARDS: &[(&str, &str, u32)] = &[
    ("发热门诊", "fever clinic", 8),
    ("急诊科", "emergency department", 12),
    ("呼吸内科", "respiratory ward", 10),
    ("普通内科", "general medical ward", 10),
    ("外科", "surgical ward", 10),
    ("儿科", "paediatric ward", 8),
    ("妇产科", "maternity ward", 8),
    ("重症监护室", "intensive care unit", 10),
    ("血液透析室", "dialysis unit", 8),
    ("检验科", "laboratory", 8),
];

/// A place. Homes are not listed here: every household's flat is one (see `World::address`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub kind: PlaceKind,
    /// The community it stands in.
    pub community: u32,
    /// The hospital of a ward, the line of a bus.
    pub parent: Option<u32>,
    /// Position among the places of its kind (wards and vehicles: of their parent), from 0.
    pub ordinal: u32,
}

/// What a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A school class with its teachers; grade 1 to 12, 0 in kindergarten and college.
    Class { grade: u8 },
    /// People who work side by side.
    Team,
    /// Riders of one departure of a bus, every working day.
    BusRun { departs_minute: u16 },
}

/// People who meet at a place on working days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    pub place: u32,
    pub kind: GroupKind,
    /// Number within its place (classes: within its grade), from 1.
    pub ordinal: u16,
}

const FIRST: &[(&str, &str)] = &[
    ("福", "Fu"),
    ("鑫", "Xin"),
    ("宏", "Hong"),
    ("顺", "Shun"),
    ("佳", "Jia"),
    ("恒", "Heng"),
    ("百", "Bai"),
    ("金", "Jin"),
    ("同", "Tong"),
    ("兴", "Xing"),
    ("万", "Wan"),
    ("丰", "Feng"),
    ("悦", "Yue"),
];
const SECOND: &[(&str, &str)] = &[
    ("达", "da"),
    ("源", "yuan"),
    ("泰", "tai"),
    ("盛", "sheng"),
    ("和", "he"),
    ("美", "mei"),
    ("信", "xin"),
    ("隆", "long"),
    ("润", "run"),
    ("康", "kang"),
    ("发", "fa"),
];

/// Chinese and English name of a place; `area` names its community, `parent` its hospital or line.
pub(super) fn name(place: &Place, area: &(String, String), parent: Option<&(String, String)>) -> (String, String) {
    let number = place.ordinal + 1;
    let trade = |zh: &str, en: &str| {
        let first = FIRST[place.ordinal as usize % FIRST.len()];
        let second = SECOND[place.ordinal as usize % SECOND.len()];
        let round = place.ordinal as usize / (FIRST.len() * SECOND.len());
        let branch = if round == 0 { String::new() } else { (round + 1).to_string() };
        (
            format!("{}{}{zh}{branch}", first.0, second.0),
            format!("{}{} {en} {branch}", first.1, second.1).trim().to_owned(),
        )
    };
    let school = |zh: &str, en: &str| (format!("演练第{number}{zh}"), format!("Exercise {en} No. {number}"));
    let local = |zh: &str, en: &str| (format!("{}{zh}", area.0), format!("{} {en}", area.1));
    match place.kind {
        PlaceKind::Kindergarten => school("幼儿园", "Kindergarten"),
        PlaceKind::PrimarySchool => school("小学", "Primary School"),
        PlaceKind::JuniorSchool => school("初级中学", "Junior Middle School"),
        PlaceKind::SeniorSchool => school("高级中学", "Senior Middle School"),
        PlaceKind::College => school("职业学院", "Vocational College"),
        PlaceKind::Hospital => school("人民医院", "People's Hospital"),
        PlaceKind::Ward => {
            let ward = WARDS[place.ordinal as usize % WARDS.len()];
            let (zh, en) = parent.cloned().unwrap_or_default();
            (format!("{zh}{}", ward.0), format!("{en}, {}", ward.1))
        }
        PlaceKind::HealthCentre => local("卫生服务中心", "Health Centre"),
        PlaceKind::CommunityOffice => local("居委会", "Residents' Committee"),
        PlaceKind::Market => local("农贸市场", "Market"),
        PlaceKind::Office => trade("公司", "Company"),
        PlaceKind::Factory => trade("制造厂", "Works"),
        PlaceKind::Shop => trade("便利店", "Shop"),
        PlaceKind::Restaurant => trade("餐馆", "Restaurant"),
        PlaceKind::ConstructionSite => trade("建筑工地", "Building Site"),
        PlaceKind::PropertyOffice => trade("物业", "Property Services"),
        PlaceKind::CourierStation => trade("快递站", "Courier Station"),
        PlaceKind::BusLine => (format!("演练{number}路公交"), format!("Exercise Bus Line {number}")),
        PlaceKind::BusVehicle => {
            let (zh, en) = parent.cloned().unwrap_or_default();
            (format!("{zh}{number}号车"), format!("{en}, Vehicle {number}"))
        }
    }
}
