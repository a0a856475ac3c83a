//! What people do all day.

use serde::Serialize;

macro_rules! occupations {
    ($($variant:ident $zh:literal $en:literal;)*) => {
        /// An occupation, coarse enough for a line list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Occupation { $($variant,)* }

        impl Occupation {
            /// All occupations.
            pub const ALL: &'static [Occupation] = &[$(Occupation::$variant,)*];

            /// Chinese and English names.
            #[must_use]
            pub fn names(self) -> (&'static str, &'static str) {
                match self { $(Occupation::$variant => ($zh, $en),)* }
            }
        }
    };
}

occupations! {
    ChildAtHome "散居儿童" "child at home";
    KindergartenChild "托幼儿童" "kindergarten child";
    Pupil "学生" "pupil";
    Student "大学生" "student";
    Teacher "教师" "teacher";
    Doctor "医生" "doctor";
    Nurse "护士" "nurse";
    HealthSupport "医院后勤人员" "hospital support worker";
    CommunityWorker "社区工作者" "community worker";
    OfficeWorker "职员" "office worker";
    FactoryWorker "工人" "factory worker";
    ConstructionWorker "建筑工人" "construction worker";
    ShopAssistant "商业服务人员" "shop assistant";
    MarketTrader "农贸市场商户" "market trader";
    RestaurantWorker "餐饮服务人员" "restaurant worker";
    BusDriver "公交司机" "bus driver";
    Courier "快递员" "courier";
    Cleaner "保洁员" "cleaner";
    SecurityGuard "保安" "security guard";
    Homemaker "家务" "homemaker";
    Unemployed "待业" "unemployed";
    Retired "离退休人员" "retired";
}

impl Occupation {
    /// Whether a line list would mark the person as a health worker.
    #[must_use]
    pub fn is_health_worker(self) -> bool {
        matches!(self, Occupation::Doctor | Occupation::Nurse | Occupation::HealthSupport)
    }
}
