//! Mappings of the corpus table: one that fits it, and others that use every key a mapping has, for every noun, under
//! every layout of a file.

use crate::Mapping;
use std::sync::OnceLock;

/// The mapping that fits; each column may be missing.
pub const MAP: &str = r#"
as = "linelist"
null = ["NA", "不详"]
dates = ["D/M/YYYY", "YYYY年M月D日"]
time_zone = "Asia/Shanghai"
[[field]]
to = "case.external_id"
column = "id"
optional = true
[[field]]
to = "person.full_name"
columns = ["surname", "name"]
join = ""
optional = true
[[field]]
to = "person.sex"
column = "sex"
values = { m = "male", f = "female", "男" = "male", "女" = "female" }
optional = true
[[field]]
to = "person.birth_date"
column = "born"
optional = true
[[field]]
to = "person.age_years"
column = "age"
optional = true
[[field]]
column = "phone"
split = ";"
into = ["person.phone", "person.phone[2]"]
optional = true
[[field]]
to = "case.onset"
column = "onset"
optional = true
[[field]]
to = "sample.collected"
column = "sampled"
optional = true
[[field]]
to = "person.address.latitude"
column = "lat"
optional = true
[[record]]
as = "exposures"
when = "infector"
[[record.field]]
to = "exposure.source.external_id"
column = "infector"
optional = true
[[record.field]]
to = "exposure.target.external_id"
column = "id"
optional = true
"#;

/// Every key of a field, and every kind of value.
const RICH: &str = r##"
as = "linelist"
format = "csv"
encoding = "utf-8"
null = "NA"
ignore = ["note", "lat"]
dates = ["DD/MM/YYYY", "D-MMM-YY", "MMM D, YYYY", "YYYYMMDD", "YYYY/M/D hh:mm:ss", "YYYY-M-D h:mm", "M/YYYY", "excel"]
[[field]]
to = "case.external_id"
column = "id"
prefix = "SL-"
required = true
[[field]]
column = "surname"
pattern = "{}, {}"
into = ["person.family_name", "person.given_name"]
when = { column = "surname", not = ["Okoro", "王", "李", "Kamara"] }
optional = true
[[field]]
to = "person.family_name"
column = "surname"
when = [{ column = "surname", is = ["Okoro", "王", "李", "Kamara"] }, "id", { column = "sex" }]
optional = true
[[field]]
to = "person.sex"
column = "sex"
values = { m = "male", f = "", "男" = "(clear)" }
otherwise = "unknown"
optional = true
[[field]]
to = "case.classification"
constant = "suspect"
[[field]]
to = "case.was_contact"
column = "infector"
values = { "A-1" = "yes", "A-2" = "no" }
optional = true
[[field]]
to = "person.age_months"
column = "age"
optional = true
[[field]]
to = "case.generation"
column = "lat"
optional = true
[[field]]
to = "sample.ct_tenths"
column = "lat"
optional = true
[[field]]
column = "phone"
split = "-"
into = ["person.identifier.kind", "person.identifier.number", "person.phone[2]"]
optional = true
[[field]]
to = "case.onset"
column = "onset"
formats = ["D/M/YYYY"]
precision = "about"
required = true
[[field]]
to = "case.onset"
column = "sampled"
precision = "month"
[[field]]
to = "case.reported"
column = "sampled"
precision = "day"
[[field]]
to = "person.note"
column = "note"
"##;

const PEOPLE: &str = r#"
as = "people"
encoding = "gb18030"
[[record]]
when = { column = "sex", is = ["f", "女"] }
[[record.field]]
to = "person.external_id"
column = "id"
optional = true
[[record.field]]
to = "person.health_worker"
column = "sex"
values = { f = "yes", "女" = "no" }
optional = true
[[record]]
when = { column = "infector", not = "A-1" }
[[record.field]]
to = "person.full_name"
columns = ["infector", "surname"]
optional = true
[[record.field]]
to = "person.health_worker"
column = "age"
optional = true
"#;

const PLACES: &str = r##"
as = "places"
delimiter = ";"
comment = "#"
header_row = 2
[[field]]
to = "place.name"
column = "surname"
optional = true
[[field]]
to = "place.longitude"
column = "lat"
optional = true
[[field]]
to = "place.capacity"
column = "age"
optional = true
[[field]]
to = "place.held"
column = "onset"
when = { column = "sex", is = "m" }
optional = true
"##;

const CONTACTS: &str = r#"
as = "contacts"
sheet = "Cases"
encoding = "auto"
[[field]]
to = "contact.external_id"
column = "id"
optional = true
[[field]]
column = "phone"
split = " "
into = ["person.phone", "person.phone[2]", "person.phone[3]", "person.phone[4]", "person.phone[5]", "person.phone[6]"]
optional = true
[[field]]
to = "exposure.last"
column = "sampled"
optional = true
[[field]]
to = "exposure.minutes"
column = "age"
optional = true
"#;

const FOLLOWUPS: &str = r#"
as = "followups"
encoding = "utf-16le"
[[field]]
to = "followup.contact.external_id"
column = "id"
optional = true
[[field]]
to = "followup.date"
column = "onset"
optional = true
[[field]]
to = "followup.status"
constant = "seen_well"
[[field]]
to = "followup.temperature_tenths"
column = "age"
optional = true
"#;

const RESULTS: &str = r#"
as = "results"
encoding = "utf-16be"
[[field]]
to = "sample.number"
column = "id"
optional = true
[[field]]
to = "sample.result"
column = "sex"
otherwise = "pending"
optional = true
[[field]]
to = "sample.result_at"
column = "sampled"
optional = true
"#;

const EXPOSURES: &str = r#"
as = "exposures"
format = "json"
encoding = "GBK"
[[field]]
to = "exposure.source.external_id"
column = "infector"
optional = true
[[field]]
to = "exposure.target.external_id"
column = "id"
optional = true
[[field]]
to = "exposure.first"
column = "sampled"
optional = true
"#;

const NOWHERE: &str = r#"
as = "people"
format = "xlsx"
sheet = "Nowhere"
header_row = 3
[[field]]
to = "person.external_id"
column = "id"
"#;

/// All of them; the first is the one that fits.
pub const MAPS: &[&str] = &[MAP, RICH, PEOPLE, PLACES, CONTACTS, FOLLOWUPS, RESULTS, EXPOSURES, NOWHERE];

/// The mapping of this place in the list.
pub(super) fn at(index: usize) -> Result<&'static Mapping, String> {
    static PARSED: OnceLock<Vec<Result<Mapping, String>>> = OnceLock::new();
    let all = PARSED.get_or_init(|| {
        let parse =
            |text: &&str| Mapping::parse(text).map_err(|faults| format!("a corpus mapping is refused: {faults:?}"));
        MAPS.iter().map(parse).collect()
    });
    all.get(index).ok_or("there is no such mapping")?.as_ref().map_err(Clone::clone)
}
