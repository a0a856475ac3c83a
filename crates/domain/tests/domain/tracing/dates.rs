//! Dates are kept as they were said, and only the impossible is refused (DESIGN §13.11).

use super::scene::*;
use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Kept as _,
    noun::{
        case::Case,
        person::{self, Person},
    },
    seal::Reading,
};
use jiff::civil::date;

fn said(text: &str) -> Option<KnownDate> {
    Some(KnownDate::parse(text).expect("it is a date"))
}

fn born(n: u64, birth_date: Option<KnownDate>, died_on: Option<KnownDate>) -> person::Command {
    let fields = person::Given { birth_date, died_on, ..Default::default() };
    person::Command::Register { id: person_id(n), jurisdiction: DISTRICT, fields, address: None, household: None }
}

#[test]
fn only_the_impossible_is_refused_and_a_date_is_kept_as_said() {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 20), 1);
    assert_eq!(desk.refused(born(11, said("2022-03-23"), None)), "in_the_future");
    assert_eq!(desk.refused(born(11, said("1980-05-02"), said("1980-05-01"))), "death_before_birth");
    for (n, text) in [(11, "1980-05-02"), (12, "1980-05"), (13, "unknown")] {
        desk.accept(born(n, said(text), said("2022-03-01")));
        let kept = desk.get::<Person>(person_id(n)).fields.birth_date.clone();
        assert_eq!(kept.and_then(|date| date.shown(&Reading::permit()).copied()), said(text), "{text}");
    }
    // Within the month of birth nobody knows which came first.
    desk.accept(born(14, said("1980-05"), said("1980-05-01")));
    // Early is doubtful, not impossible.
    desk.accept(open(1, Some(date(2019, 11, 17))));
    assert_eq!(desk.get::<Case>(case_id(1)).fields.onset_on.as_ref().map(|day| day.0), said("2019-11-17"));
}
