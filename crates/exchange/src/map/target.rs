//! The fields a column may be mapped to: one table, read by the mapping's checker, the converter, the draft writer and
//! the exporter. Names follow Go.Data, SORMAS and the Epiverse linelist tags where they agree.

/// What a row, or one record made from it, speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// The population register: persons, infected or not.
    People,
    /// Places: wards, schools, dwellings, gatherings.
    Places,
    /// Cases with their person and first sample.
    Linelist,
    /// Contacts with their person and the exposure that made them one.
    Contacts,
    /// Directed links from a source to a person.
    Exposures,
    /// Entries of contact monitoring.
    Followups,
    /// Laboratory results of samples.
    Results,
}

impl Noun {
    /// Every noun.
    pub const ALL: [Self; 7] =
        [Self::People, Self::Places, Self::Linelist, Self::Contacts, Self::Exposures, Self::Followups, Self::Results];

    /// The noun as `as = "…"` and `--as` write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Places => "places",
            Self::Linelist => "linelist",
            Self::Contacts => "contacts",
            Self::Exposures => "exposures",
            Self::Followups => "followups",
            Self::Results => "results",
        }
    }

    /// The noun of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|noun| noun.name() == name)
    }
}

/// How a cell becomes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free or short text of at most so many characters.
    Text(usize),
    /// The id another system gave a record; scientific notation is refused.
    Reference,
    /// A telephone number: digits with an optional plus, separators taken out.
    Phone,
    /// A calendar date with its precision (DESIGN §13.11).
    Date,
    /// A date, or an instant where the cell has a time of day.
    Moment,
    /// An instant; a time of day is required.
    Instant,
    /// A whole number between two bounds.
    Integer(i64, i64),
    /// Completed years; `7.0` and `7.4` are 7.
    Years,
    /// A temperature in tenths of a degree Celsius.
    Tenths,
    /// Degrees as millionths, up to this many degrees either way.
    Degrees(i64),
    /// One of these words.
    Code(&'static [&'static str]),
    /// Yes or no.
    Boolean,
}

/// A field a column may be mapped to.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The field's path, as mappings and export headers write it.
    pub path: &'static str,
    /// How its cells are read.
    pub kind: Kind,
    /// The nouns whose records have it.
    pub nouns: &'static [Noun],
    /// Whether a record may have several, addressed `person.phone[2]`.
    pub repeats: bool,
    /// Its meaning in a few words.
    pub about: &'static str,
}

/// The part of a path up to `[n]`, and n; 1 where none is given.
pub fn split_index(path: &str) -> Option<(String, u8)> {
    let Some(open) = path.find('[') else { return Some((path.to_owned(), 1)) };
    let (head, rest) = path.split_at(open);
    let (digits, tail) = rest.strip_prefix('[')?.split_once(']')?;
    let index: u8 = digits.parse().ok().filter(|n| *n >= 1)?;
    Some((format!("{head}{tail}"), index))
}

/// The target of that path (without `[n]`) for that noun.
pub fn find(noun: Noun, path: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.path == path && target.nouns.contains(&noun))
}

/// The targets of a noun, in the table's order.
pub fn of(noun: Noun) -> impl Iterator<Item = &'static Target> {
    TARGETS.iter().filter(move |target| target.nouns.contains(&noun))
}

/// Groups of targets of which a record of the noun needs at least one each.
pub fn required(noun: Noun) -> &'static [&'static [&'static str]] {
    const SOMEONE: &[&str] = &[
        "person.external_id",
        "person.full_name",
        "person.family_name",
        "person.given_name",
        "person.identifier.number",
    ];
    const SOME_CASE: &[&str] = &[
        "case.external_id",
        "person.external_id",
        "person.full_name",
        "person.family_name",
        "person.given_name",
        "person.identifier.number",
    ];
    const SOURCE: &[&str] = &[
        "exposure.source.external_id",
        "exposure.source.contact.external_id",
        "exposure.place.code",
        "exposure.place.name",
    ];
    match noun {
        Noun::People => &[SOMEONE],
        Noun::Places => &[&["place.name", "place.code", "place.external_id"]],
        Noun::Linelist => &[SOME_CASE],
        Noun::Contacts => &[&[
            "contact.external_id",
            "person.external_id",
            "person.full_name",
            "person.family_name",
            "person.given_name",
            "person.identifier.number",
            "person.phone",
        ]],
        Noun::Exposures => &[SOURCE, &["exposure.target.external_id", "exposure.person.external_id"]],
        Noun::Followups => &[&["followup.contact.external_id"], &["followup.date"], &["followup.status"]],
        Noun::Results => &[&["sample.number", "case.external_id", "person.external_id"], &["sample.result"]],
    }
}

const PERSON: &[Noun] = &[Noun::People, Noun::Linelist, Noun::Contacts];
const PERSON_REF: &[Noun] = &[Noun::People, Noun::Linelist, Noun::Contacts, Noun::Results];
const CASE: &[Noun] = &[Noun::Linelist];
const CASE_REF: &[Noun] = &[Noun::Linelist, Noun::Results];
const SAMPLE: &[Noun] = &[Noun::Linelist, Noun::Results];
const CONTACT: &[Noun] = &[Noun::Contacts];
const EXPOSURE: &[Noun] = &[Noun::Exposures, Noun::Contacts];
const PLACE: &[Noun] = &[Noun::Places];
const FOLLOWUP: &[Noun] = &[Noun::Followups];

/// How exactly a date is known.
pub const PRECISION: &[&str] = &["day", "about", "month", "unknown", "not_asked"];
/// Sex as recorded.
pub const SEX: &[&str] = &["male", "female", "other", "unknown"];
/// Answer that may be missing.
pub const YES_NO_UNKNOWN: &[&str] = &["yes", "no", "unknown"];
/// Case classification (issue 3, part 2).
pub const CLASSIFICATION: &[&str] =
    &["suspect", "probable", "confirmed", "asymptomatic", "not_a_case", "false_positive"];
/// What became of the case.
pub const OUTCOME: &[&str] = &["alive", "recovered", "died", "unknown"];
/// Test result of a sample.
pub const RESULT: &[&str] = &["positive", "negative", "inconclusive", "pending", "not_done"];
/// How a person was exposed.
pub const EXPOSURE_TYPE: &[&str] = &[
    "household",
    "healthcare",
    "workplace",
    "school",
    "social",
    "funeral",
    "conveyance",
    "gathering",
    "same_place",
    "body_fluids",
    "near_unprotected",
    "same_airspace",
    "contaminated_environment",
    "shared_meal",
    "entertainment",
    "care_of_case",
    "laboratory",
    "touched_patient_or_body",
    "clothes_or_bedding",
    "breastfeeding",
    "other",
    "unknown",
];
/// How sure an exposure is.
pub const CERTAINTY: &[&str] = &["low", "medium", "high"];
/// Ring of a contact.
pub const RING: &[&str] = &["ring_1", "ring_2", "general"];
/// Where a contact's follow-up stands.
pub const CONTACT_STATUS: &[&str] = &["under_follow_up", "completed", "lost", "dropped", "became_case", "died"];
/// What one monitoring entry found.
pub const FOLLOWUP_STATUS: &[&str] = &["seen_well", "seen_ill", "not_seen", "refused", "missed", "not_attempted"];
/// How a monitoring entry was made.
pub const FOLLOWUP_MODE: &[&str] = &["visit", "phone", "self_report", "video"];
/// Kinds of places (issue 3, part 2).
pub const PLACE_KIND: &[&str] =
    &["dwelling", "facility", "ward", "bed", "workplace", "school", "gathering", "conveyance", "market", "other"];

macro_rules! targets {
    ($($path:literal $kind:expr, $nouns:expr, $repeats:literal, $about:literal;)*) => {
        &[$(Target { path: $path, kind: $kind, nouns: $nouns, repeats: $repeats, about: $about }),*]
    };
}

/// Every field of every noun.
pub static TARGETS: &[Target] = targets! {
    "person.external_id" Kind::Reference, PERSON_REF, false, "the person's id in the file's own system";
    "person.family_name" Kind::Text(200), PERSON, false, "family name";
    "person.given_name" Kind::Text(200), PERSON, false, "given and middle names";
    "person.full_name" Kind::Text(400), PERSON, false, "name in one piece, where it is not split";
    "person.latin_name" Kind::Text(400), PERSON, false, "the name in Latin letters, where it is written in others";
    "person.sex" Kind::Code(SEX), PERSON, false, "sex as recorded";
    "person.birth_date" Kind::Date, PERSON, false, "date of birth";
    "person.age_years" Kind::Years, PERSON, false, "age in completed years when recorded";
    "person.age_months" Kind::Integer(0, 1_560), PERSON, false, "age in completed months, for infants";
    "person.identifier.kind" Kind::Text(60), PERSON, true, "kind of document: national id, passport";
    "person.identifier.number" Kind::Reference, PERSON, true, "number of the document";
    "person.phone" Kind::Phone, PERSON, true, "telephone number";
    "person.language" Kind::Text(60), PERSON, true, "language the person is best spoken to in";
    "person.jurisdiction" Kind::Reference, PERSON, false, "code or name of the area in charge, where no address says it";
    "person.address.text" Kind::Text(1_000), PERSON, false, "address as written";
    "person.address.jurisdiction" Kind::Reference, PERSON, false, "code or name of the area of residence";
    "person.address.place" Kind::Reference, PERSON, false, "code of the dwelling or building";
    "person.address.from" Kind::Date, PERSON, false, "living there since";
    "person.address.longitude" Kind::Degrees(180), PERSON, false, "degrees east";
    "person.address.latitude" Kind::Degrees(90), PERSON, false, "degrees north";
    "person.household" Kind::Reference, PERSON, false, "code shared by those who live together";
    "person.occupation" Kind::Text(200), PERSON, false, "occupation";
    "person.died" Kind::Date, PERSON, false, "date of death";
    "person.health_worker" Kind::Boolean, PERSON, false, "works where patients are cared for";
    "person.school_class" Kind::Text(60), PERSON, false, "class or group at school";
    "person.note" Kind::Text(4_000), PERSON, false, "free text";
    "case.external_id" Kind::Reference, CASE_REF, false, "the case's id in the file's own system";
    "case.classification" Kind::Code(CLASSIFICATION), CASE, false, "classification; kept as reported, where no findings of our own say more";
    "case.onset" Kind::Date, CASE, false, "onset of the disease's first sign";
    "case.onset_precision" Kind::Code(PRECISION), CASE, false, "how exactly onset is known";
    "case.rash_onset" Kind::Date, CASE, false, "onset of rash";
    "case.fever_onset" Kind::Date, CASE, false, "onset of fever";
    "case.infected" Kind::Date, CASE, false, "date of infection, estimated";
    "case.generation" Kind::Integer(0, 10_000), CASE, false, "generation in the chain, as reported";
    "case.first_positive" Kind::Date, CASE, false, "day of the first positive sample, where the sample itself is not told";
    "case.reported" Kind::Date, CASE, false, "date of report or notification";
    "case.admitted" Kind::Date, CASE, false, "date of admission";
    "case.discharged" Kind::Date, CASE, false, "date of discharge";
    "case.isolated" Kind::Date, CASE, false, "date of isolation";
    "case.hospital" Kind::Reference, CASE, false, "name or code of the hospital";
    "case.hospital_name" Kind::Text(400), CASE, false, "the hospital as written, whether or not it is on record";
    "case.outcome" Kind::Code(OUTCOME), CASE, false, "what became of the case";
    "case.outcome_date" Kind::Date, CASE, false, "date of outcome";
    "case.severity" Kind::Text(60), CASE, false, "how severe the illness is, as reported";
    "case.symptoms" Kind::Text(400), CASE, false, "symptoms, separated by semicolons or commas";
    "case.complications" Kind::Code(YES_NO_UNKNOWN), CASE, false, "whether there were complications";
    "case.was_contact" Kind::Boolean, CASE, false, "was a listed contact before";
    "case.note" Kind::Text(4_000), CASE, false, "free text";
    "sample.number" Kind::Reference, SAMPLE, false, "number on the tube or of the laboratory";
    "sample.collected" Kind::Moment, SAMPLE, false, "when the sample was taken";
    "sample.received" Kind::Moment, SAMPLE, false, "when the laboratory received it";
    "sample.material" Kind::Text(100), SAMPLE, false, "what was taken: swab, blood";
    "sample.test" Kind::Text(100), SAMPLE, false, "test: PCR, antigen, IgM";
    "sample.laboratory" Kind::Text(200), SAMPLE, false, "laboratory";
    "sample.result" Kind::Code(RESULT), SAMPLE, false, "result";
    "sample.result_at" Kind::Moment, SAMPLE, false, "when the result was given";
    "sample.ct_tenths" Kind::Tenths, SAMPLE, false, "cycle threshold";
    "exposure.external_id" Kind::Reference, EXPOSURE, false, "the link's id in the file's own system";
    "exposure.source.external_id" Kind::Reference, EXPOSURE, false, "id of the source case";
    "exposure.target.external_id" Kind::Reference, &[Noun::Exposures], false, "id of the exposed case or contact";
    "exposure.person.external_id" Kind::Reference, &[Noun::Exposures], false, "id of the exposed person";
    "exposure.source.contact.external_id" Kind::Reference, EXPOSURE, false, "id of the source, where it is a contact";
    "exposure.place.code" Kind::Reference, EXPOSURE, false, "code of the place, gathering or conveyance that is the source";
    "exposure.place.name" Kind::Text(200), EXPOSURE, false, "name of that place";
    "exposure.first" Kind::Moment, EXPOSURE, false, "first time together";
    "exposure.last" Kind::Moment, EXPOSURE, false, "last time together";
    "exposure.precision" Kind::Code(PRECISION), EXPOSURE, false, "how exactly the last time is known";
    "exposure.minutes" Kind::Integer(0, 1_000_000), EXPOSURE, false, "minutes together";
    "exposure.minutes_after_case_left" Kind::Integer(0, 1_000_000), EXPOSURE, false, "minutes between the case's leaving and the coming";
    "exposure.type" Kind::Code(EXPOSURE_TYPE), EXPOSURE, false, "how";
    "exposure.certainty" Kind::Code(CERTAINTY), EXPOSURE, false, "how sure";
    "exposure.setting" Kind::Text(200), EXPOSURE, false, "where, in words";
    "exposure.note" Kind::Text(4_000), EXPOSURE, false, "evidence in words";
    "contact.external_id" Kind::Reference, CONTACT, false, "the contact's id in the file's own system";
    "contact.ring" Kind::Code(RING), CONTACT, false, "ring 1, ring 2 or general";
    "contact.listed" Kind::Date, CONTACT, false, "date of listing";
    "contact.relation" Kind::Text(200), CONTACT, false, "relation to the source case";
    "contact.note" Kind::Text(4_000), CONTACT, false, "free text";
    "contact.status" Kind::Code(CONTACT_STATUS), CONTACT, false, "where follow-up stands, as reported";
    "contact.followup_from" Kind::Date, CONTACT, false, "first day of follow-up, as reported";
    "contact.followup_until" Kind::Date, CONTACT, false, "last day of follow-up, as reported";
    "contact.became_case" Kind::Reference, CONTACT, false, "id of the case the contact became";
    "followup.contact.external_id" Kind::Reference, FOLLOWUP, false, "id of the contact";
    "followup.date" Kind::Date, FOLLOWUP, false, "day of the entry";
    "followup.slot" Kind::Integer(1, 24), FOLLOWUP, false, "which entry of the day";
    "followup.status" Kind::Code(FOLLOWUP_STATUS), FOLLOWUP, false, "what was found";
    "followup.mode" Kind::Code(FOLLOWUP_MODE), FOLLOWUP, false, "how";
    "followup.temperature_tenths" Kind::Tenths, FOLLOWUP, false, "temperature in degrees Celsius";
    "followup.symptoms" Kind::Text(400), FOLLOWUP, false, "symptoms, separated by semicolons or commas";
    "followup.seen_by" Kind::Text(200), FOLLOWUP, false, "who saw the contact";
    "followup.note" Kind::Text(4_000), FOLLOWUP, false, "free text";
    "place.external_id" Kind::Reference, PLACE, false, "the place's id in the file's own system";
    "place.code" Kind::Reference, PLACE, false, "official code";
    "place.name" Kind::Text(200), PLACE, false, "name";
    "place.kind" Kind::Code(PLACE_KIND), PLACE, false, "kind";
    "place.parent" Kind::Reference, PLACE, false, "code of the place it is part of";
    "place.jurisdiction" Kind::Reference, PLACE, false, "code or name of the area it lies in";
    "place.address" Kind::Text(1_000), PLACE, false, "address as written";
    "place.longitude" Kind::Degrees(180), PLACE, false, "degrees east";
    "place.latitude" Kind::Degrees(90), PLACE, false, "degrees north";
    "place.capacity" Kind::Integer(0, 1_000_000), PLACE, false, "beds or seats";
    "place.building" Kind::Reference, PLACE, false, "reference in the register of buildings";
    "place.held" Kind::Date, PLACE, false, "day of a gathering, or on which a conveyance ran";
    "place.service_number" Kind::Reference, PLACE, false, "flight, train or bus";
    "place.opened" Kind::Date, PLACE, false, "day it opened";
};
