use super::scene::*;
use crate::desk::*;
use domain::{
    date::KnownDate,
    id::JurisdictionId,
    noun::{
        case::{self, Case},
        contact::{Contact, Seen},
    },
    pack::{Pack, Ring, Shelf, ZeroCode},
    status::{
        Answer, DatedInfection, DaysSince, Followed, InfectionClass, InfectionFacts, Missing, Records, Stay,
        class_of, control_status, days_since_last_community,
    },
};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// Read once: the property below asks for a pack some thousand times.
static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::shipped);

fn pack(name: &str) -> &'static Pack {
    SHELF.packs().find(|pack| pack.pack_id == name).expect("it is shipped")
}

fn day(day: i8) -> Date {
    date(2022, 3, day)
}

fn nothing_known() -> InfectionFacts {
    InfectionFacts {
        sampled_on: Some(day(20)),
        onset: KnownDate::NotAsked,
        isolated: KnownDate::NotAsked,
        followed: vec![],
        quarantine: Records::NotKept,
        sealed_zone: Records::NotKept,
        controlled_zone: Records::NotKept,
        closed_loop: Records::NotKept,
        rounds_complete: None,
        experts_agree: None,
    }
}

fn followed(from: Date, first_seen_on: Option<Date>) -> Followed {
    Followed { ring: Ring::Ring1, stay: Stay { from, through: None }, first_seen_on, in_site: None }
}

fn class(facts: &InfectionFacts, code: ZeroCode) -> InfectionClass {
    let pack = pack("cn-covid-9");
    let definition = pack.zero.definition(code).expect("the China packs have all");
    class_of(facts, &pack.zero, definition)
}

fn unknown(missing: &[Missing]) -> InfectionClass {
    InfectionClass::Unknown(missing.iter().copied().collect())
}

#[test]
fn what_needs_records_not_kept_is_unknown_and_names_them() {
    use Missing::*;
    let facts = nothing_known();
    for (code, missing) in [
        (ZeroCode::A, vec![QuarantineRecords, SealedZoneRecords]),
        (ZeroCode::BStrict, vec![QuarantineRecords]),
        (ZeroCode::BLoose, vec![QuarantineRecords, SealedZoneRecords, ControlledZoneRecords]),
        (ZeroCode::C, vec![QuarantineRecords, SealedZoneRecords, ClosedLoopRecords]),
        (ZeroCode::D, vec![QuarantineRecords, RoundRecords]),
        (
            ZeroCode::E,
            vec![QuarantineRecords, SealedZoneRecords, ControlledZoneRecords, RoundRecords, ExpertJudgement],
        ),
    ] {
        assert_eq!(class(&facts, code), unknown(&missing), "{code}");
    }
    assert_eq!(class(&facts, ZeroCode::F), InfectionClass::Community, "nobody followed this person");
}

#[test]
fn vector_10_a_positive_in_a_sealed_zone_is_controlled_or_community_by_definition() {
    let sealed = Stay { from: day(14), through: None };
    let facts = InfectionFacts {
        quarantine: Records::Kept(vec![]),
        sealed_zone: Records::Kept(vec![sealed]),
        controlled_zone: Records::Kept(vec![]),
        closed_loop: Records::Kept(vec![]),
        ..nothing_known()
    };
    let answers = [ZeroCode::A, ZeroCode::C, ZeroCode::BLoose, ZeroCode::BStrict].map(|code| class(&facts, code));
    use InfectionClass::{Community, Controlled};
    assert_eq!(answers, [Controlled, Controlled, Controlled, Community]);
    let just_sealed = Records::Kept(vec![Stay { from: day(20), through: None }]);
    let facts = InfectionFacts { sealed_zone: just_sealed, ..facts };
    assert_eq!(class(&facts, ZeroCode::A), Community, "sealed on the day of sampling is not 24 hours");
}

#[test]
fn definition_f_asks_for_follow_up_before_onset_and_isolation_after_it() {
    let facts = |listed: i8, seen: Option<i8>, isolated: KnownDate| InfectionFacts {
        onset: on(day(10)),
        isolated,
        followed: vec![followed(day(listed), seen.map(day))],
        ..nothing_known()
    };
    use InfectionClass::{Community, Controlled};
    for (facts, expected) in [
        (facts(8, Some(9), on(day(11))), Controlled),
        (facts(8, Some(9), on(day(10))), Controlled),
        (facts(8, Some(9), on(day(12))), Community),
        (facts(10, Some(10), on(day(10))), Community),
        (facts(8, Some(10), on(day(10))), Community),
        (facts(8, None, on(day(10))), Community),
        (facts(8, Some(9), KnownDate::Unknown), unknown(&[Missing::IsolationDate])),
        (facts(8, Some(9), KnownDate::parse("2022-03").expect("a month")), unknown(&[Missing::IsolationDate])),
    ] {
        assert_eq!(class(&facts, ZeroCode::F), expected, "{facts:?}");
    }
    let vague =
        InfectionFacts { onset: KnownDate::parse("2022-03").expect("a month"), ..facts(8, Some(9), on(day(11))) };
    assert_eq!(class(&vague, ZeroCode::F), unknown(&[Missing::OnsetDate]));
    let never_asked = InfectionFacts { onset: KnownDate::NotAsked, ..vague };
    assert_eq!(class(&never_asked, ZeroCode::F), unknown(&[Missing::OnsetDate]));
}

#[test]
fn facts_are_taken_from_case_and_contact() {
    let mut desk = outbreak("who-ebola", day(12), 2);
    desk.accept(open(1, Some(day(5))));
    desk.accept(expose(1, from_case(1), person_id(2), None, Some(day(10))));
    desk.accept(list(1, person_id(2), Ring::Ring1, &[1]));
    desk.accept(entry(1, day(12), Some(1), Seen::SeenWell));
    go_to(&mut desk, day(20));
    let ebola = pack("who-ebola");
    let definition = ebola.zero.definition(ZeroCode::F).expect("ring diseases have F");
    let before = InfectionFacts { followed: facts_of(&desk), ..nothing_known() };
    assert_eq!(control_status(&before, &ebola.zero, definition, day(12)), Answer::No, "found today");
    assert_eq!(control_status(&before, &ebola.zero, definition, day(13)), Answer::Yes);
    let isolated_on = Some(on(day(19)));
    let case::Command::Open { id, person, outbreak, jurisdiction, classification, findings, fields, reinfection_of } =
        open(2, Some(day(18)))
    else {
        panic!()
    };
    let fields = case::Given { isolated_on, ..fields };
    desk.accept(case::Command::Open {
        id,
        person,
        outbreak,
        jurisdiction,
        classification,
        findings,
        fields,
        reinfection_of,
    });
    let second = desk.get::<Case>(case_id(2));
    let facts = InfectionFacts::of(second, [desk.get::<Contact>(contact_id(1))]);
    assert_eq!(class_of(&facts, &ebola.zero, definition), InfectionClass::Controlled);
    let first = InfectionFacts::of(desk.get::<Case>(case_id(1)), []);
    assert_eq!(class_of(&first, &ebola.zero, definition), InfectionClass::Community);
}

fn facts_of(desk: &Desk) -> Vec<Followed> {
    Followed::of(desk.get::<Contact>(contact_id(1))).into_iter().collect()
}

/// Looks at each day, backwards from today.
fn by_looking(infections: &[DatedInfection], area: JurisdictionId, today: Date) -> DaysSince {
    let here: Vec<&DatedInfection> = infections.iter().filter(|infection| infection.areas.contains(&area)).collect();
    let mut missing = BTreeSet::new();
    for infection in here.iter().filter(|infection| infection.on.is_none()) {
        match &infection.class {
            InfectionClass::Controlled => {}
            InfectionClass::Community => {
                missing.insert(Missing::SamplingDate);
            }
            InfectionClass::Unknown(lacks) => missing.extend(lacks),
        }
    }
    let mut seen = None;
    for back in 0..400 {
        let day = today.saturating_sub(jiff::Span::new().days(back));
        let of_day: Vec<_> = here.iter().filter(|infection| infection.on == Some(day)).collect();
        if of_day.iter().any(|infection| infection.class == InfectionClass::Community) {
            seen = Some(back);
            break;
        }
        for infection in of_day {
            if let InfectionClass::Unknown(lacks) = &infection.class {
                missing.extend(lacks);
            }
        }
    }
    match (seen, missing.is_empty()) {
        (Some(days), true) => DaysSince::Days(days),
        (None, true) => DaysSince::Never,
        (at_most, false) => DaysSince::Unknown { at_most, missing },
    }
}

fn infections() -> impl Strategy<Value = Vec<DatedInfection>> {
    let class = prop_oneof![
        4 => Just(InfectionClass::Controlled),
        2 => Just(InfectionClass::Community),
        1 => Just(unknown(&[Missing::QuarantineRecords])),
        1 => Just(unknown(&[Missing::OnsetDate, Missing::SealedZoneRecords])),
    ];
    let infection = (proptest::collection::vec(0u64..3, 0..3), proptest::option::weighted(0.95, -5i64..40), class)
        .prop_map(|(areas, back, class)| DatedInfection {
            areas: areas.into_iter().map(|n| JurisdictionId(uuid(1, n))).collect(),
            on: back.map(|back| day(31).saturating_sub(jiff::Span::new().days(back))),
            class,
        });
    proptest::collection::vec(infection, 0..12)
}

proptest! {
    #[test]
    fn days_since_are_those_found_by_looking_at_each_day(infections in infections()) {
        let today = day(31);
        let found = days_since_last_community(&infections, today);
        let named: BTreeSet<JurisdictionId> = infections
            .iter()
            .filter(|infection| infection.on.is_none_or(|on| on <= today))
            .flat_map(|infection| infection.areas.iter().copied())
            .collect();
        let looked: BTreeMap<JurisdictionId, DaysSince> =
            named.into_iter().map(|area| (area, by_looking(&infections, area, today))).collect();
        prop_assert_eq!(found, looked);
    }

    /// More records can turn unknown into an answer; they never turn one answer into the other unless they say so.
    #[test]
    fn an_empty_register_answers_what_no_register_left_open(
        listed in 1i8..28, seen in proptest::option::of(1i8..28), onset in 1i8..28, isolated in 1i8..28,
    ) {
        let without = InfectionFacts {
            onset: on(day(onset)),
            isolated: on(day(isolated)),
            followed: vec![followed(day(listed), seen.map(day))],
            ..nothing_known()
        };
        let with = InfectionFacts {
            quarantine: Records::Kept(vec![]),
            sealed_zone: Records::Kept(vec![]),
            controlled_zone: Records::Kept(vec![]),
            closed_loop: Records::Kept(vec![]),
            rounds_complete: Some(true),
            experts_agree: Some(true),
            ..without.clone()
        };
        use ZeroCode::{A, BLoose, BStrict, C, D, E, F};
        for code in [A, BStrict, BLoose, C, D, E, F] {
            let full = class(&with, code);
            prop_assert!(!matches!(full, InfectionClass::Unknown(_)), "{code}");
            let partial = class(&without, code);
            prop_assert!(matches!(partial, InfectionClass::Unknown(_)) || partial == full, "{code}");
        }
    }
}
