//! Random acts over few ids in two streams: nothing panics, replay gives the same states, and what cases and contacts
//! promise holds whatever was sent.

use super::scene::*;
use crate::desk::*;
use domain::{
    fields::Change,
    kernel::{Aggregate, Command, Event, upkeep},
    noun::{
        Of,
        case::{self, Classification, Finding},
        contact::{self, DropReason, Seen, Status},
        exposure::{self, Source},
        person, sample,
    },
    pack::Ring,
    when::When,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: u64 = 4;

#[derive(Clone, Copy, Debug)]
struct Act {
    what: u8,
    a: u64,
    b: u64,
    small: i64,
    /// Whether it is sent to the stream that has the record; else to the second stream.
    home: bool,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0u8..29, 1..=PEOPLE, 1..=PEOPLE, 0i64..20, prop::bool::weighted(0.95))
        .prop_map(|(what, a, b, small, home)| Act { what, a, b, small, home });
    proptest::collection::vec(act, 0..60)
}

/// Case 1; people 2 and 3 exposed to it, person 4 to contact 2; all three listed.
fn begun() -> Desk {
    let mut desk = outbreak("cn-covid-8", date(2022, 3, 21), PEOPLE);
    desk.accept(open(1, Some(date(2022, 3, 5))));
    let sources = [(2, from_case(1)), (3, from_case(1)), (4, Source::Contact(contact_id(2)))];
    for (n, source) in sources {
        desk.accept(expose(n, source, person_id(n), Some(date(2022, 3, 2)), Some(date(2022, 3, 6))));
        let ring = if n == 4 { Ring::Ring2 } else { Ring::Ring1 };
        desk.accept(list(n, person_id(n), ring, &[n]));
    }
    desk
}

fn known<T>(field: Option<&T>, of: impl Fn(&T) -> Option<Date>) -> Option<Date> {
    field.and_then(of)
}

impl Act {
    fn day(self) -> Date {
        date(2022, 3, 1 + self.small as i8)
    }

    fn command(self, desk: &Desk) -> Command {
        match self.what {
            0..=5 => self.on_cases(desk),
            6..=10 => self.on_samples(),
            11..=14 => self.on_exposures(desk),
            15 => {
                let any = [case_id(self.a).0, sample_id(self.a).0, exposure_id(self.a).0, contact_id(self.a).0];
                let id = any[self.small as usize % any.len()];
                let here = desk.memory.get(id).is_some_and(|located| located.stream == HERE);
                upkeep::Command::Release { id, to: if here { THERE } else { HERE } }.into()
            }
            16 if self.small < 4 => {
                person::Command::MergeInto { id: person_id(self.a), kept: person_id(self.b) }.into()
            }
            16 => person::Command::Unmerge { id: person_id(self.a) }.into(),
            _ => self.on_contacts(),
        }
    }

    fn findings(self) -> (Classification, Vec<Finding>) {
        use Classification::{Asymptomatic, Confirmed, FalsePositive, NotACase, Suspect};
        let (positive, negative) =
            (Finding::PositiveSample(sample_id(self.a)), Finding::NegativeSample(sample_id(self.a)));
        match self.small % 7 {
            0 | 1 => (Confirmed, vec![Finding::Symptoms, positive]),
            2 => (Asymptomatic, vec![Finding::NoSymptoms, positive]),
            3 => (Suspect, vec![Finding::Symptoms, Finding::EpidemiologicalLink(case_id(self.b))]),
            4 => (Suspect, vec![Finding::Symptoms, Finding::Exposure(exposure_id(self.a))]),
            5 => (NotACase, vec![negative]),
            _ => (FalsePositive, vec![negative, Finding::Review]),
        }
    }

    fn on_cases(self, desk: &Desk) -> Command {
        let (to, findings) = self.findings();
        match self.what {
            0 => open(self.a, Some(self.day())),
            1 => open_as(self.a, to, findings, None),
            2 | 3 => classify(self.a, to, findings),
            4 => {
                let case = desk.memory.get(case_id(self.a).0).and_then(|located| case::Case::of(&located.aggregate));
                let seen = known(case, |case| case.fields.onset_on.as_ref().and_then(|onset| onset.0.earliest()));
                move_onset(self.a, seen, Some(self.day()))
            }
            _ if self.small < 6 => case::Command::MarkEnteredInError { id: case_id(self.a) },
            _ => case::Command::Reassess { id: case_id(self.a) },
        }
        .into()
    }

    fn on_samples(self) -> Command {
        let verdict = if self.small % 3 == 0 { sample::Verdict::Negative } else { sample::Verdict::Positive };
        match self.what {
            6 => collect(self.a, person_id(self.a), (self.small % 4 == 0).then(|| case_id(self.a)), self.day()),
            7 | 8 => result(self.a, verdict, self.day()),
            9 => sample::Command::LinkCase { id: sample_id(self.a), case: case_id(self.a) },
            _ if self.small > 4 => result(self.a, verdict, self.day()),
            _ => sample::Command::MarkEnteredInError { id: sample_id(self.a) },
        }
        .into()
    }

    /// Exposures 2, 3, 4 are those begun with; 10 and more are further ones of the same people.
    fn on_exposures(self, desk: &Desk) -> Command {
        let n = if self.small % 2 == 0 { self.a } else { 10 + self.a };
        match self.what {
            11 | 12 => {
                let source =
                    if self.small % 4 == 0 { Source::Contact(contact_id(self.b)) } else { from_case(self.b) };
                expose(10 + self.a, source, person_id(self.a), None, Some(self.day()))
            }
            13 => {
                let exposure =
                    desk.memory.get(exposure_id(n).0).and_then(|located| exposure::Exposure::of(&located.aggregate));
                let seen = known(exposure, |exposure| exposure.days.last.earliest());
                let when = |day| When::On(on(day));
                let last = Some(Change { seen: seen.map(when), to: Some(when(self.day())) });
                let changes = exposure::Changes { last, ..Default::default() };
                exposure::Command::Correct { id: exposure_id(n), changes }
            }
            _ => exposure::Command::MarkEnteredInError { id: exposure_id(n) },
        }
        .into()
    }

    fn on_contacts(self) -> Command {
        let id = contact_id(self.a);
        let rings = [Ring::Ring1, Ring::Ring2, Ring::General];
        let ring = rings[self.small as usize % rings.len()];
        match self.what {
            17 | 18 => list(10 + self.b, person_id(self.a), ring, &[10 + self.a]),
            19 => contact::Command::AddExposure { id, exposure: exposure_id(10 + self.a), ring: Some(ring) },
            20 | 21 => {
                let state = if self.small % 2 == 0 { Seen::SeenWell } else { Seen::NotSeen };
                entry(self.a, self.day(), (self.b == 1).then_some(self.small % 3), state)
            }
            22 | 23 => match self.small % 4 {
                0 => contact::Command::MarkLost { id },
                1 => contact::Command::Complete { id },
                2 => contact::Command::Drop { id, reason: DropReason::NotExposed },
                _ => contact::Command::Reopen { id },
            },
            24 => contact::Command::Reopen { id },
            25 => contact::Command::Promote { id, case: case_id(self.a) },
            26 => contact::Command::OfferHandOver { id, to: THERE, jurisdiction: OTHER_DISTRICT },
            27 => contact::Command::AcknowledgeHandOver { id, jurisdiction: OTHER_DISTRICT },
            _ => contact::Command::Reassess { id },
        }
        .into()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_replays_and_keeps_its_promises(acts in acts()) {
        let mut desk = begun();
        for act in acts {
            let command = act.command(&desk);
            let home = desk.memory.get(command.target()).map_or(HERE, |located| located.stream);
            let stream = if act.home { home } else { THERE };
            desk.send_by(ALICE, stream, command);
        }
        desk.assert_replays();
        let mut counted: BTreeMap<uuid::Uuid, i64> = BTreeMap::new();
        for entry in desk.memory.journal() {
            if let Event::Case(event) = &entry.happened.event {
                *counted.entry(entry.happened.aggregate_id).or_default() += match event {
                    case::Event::Opened(opened) => opened.infections_added,
                    case::Event::Reclassified(step) => step.infections_added,
                    case::Event::EnteredInError(error) => error.infections_added,
                    _ => 0,
                };
            }
        }
        let mut open = BTreeMap::new();
        for located in desk.memory.located() {
            let bytes = located.aggregate.encode().expect("a state encodes");
            let back = Aggregate::decode(located.aggregate.kind(), &bytes).expect("and decodes");
            prop_assert_eq!(&back, &located.aggregate);
            match &located.aggregate {
                Aggregate::Case(case) => {
                    prop_assert_eq!(counted.get(&located.id).copied(), Some(i64::from(case.counts)));
                    prop_assert!(case.entered_in_error_at.is_none() || !case.counts);
                }
                Aggregate::Contact(contact) => {
                    prop_assert!(!contact.bases.is_empty());
                    if contact.status().is_open() {
                        *open.entry(contact.person).or_insert(0) += 1;
                        prop_assert!(contact.bases.iter().any(|basis| stands(&desk, basis.exposure.0)));
                    }
                    if let Status::Promoted(case) = contact.status() {
                        prop_assert!(desk.get::<case::Case>(case).entered_in_error_at.is_none());
                    }
                }
                _ => {}
            }
        }
        prop_assert!(open.values().all(|count| *count == 1), "{open:?}");
    }
}

/// Whether an exposure stands: itself, and the case it is from.
fn stands(desk: &Desk, id: uuid::Uuid) -> bool {
    let exposure = desk.get::<exposure::Exposure>(id);
    exposure.entered_in_error_at.is_none()
        && exposure.source.case().is_none_or(|case| desk.get::<case::Case>(case).entered_in_error_at.is_none())
}
