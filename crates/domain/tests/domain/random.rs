//! Random command sequences: nothing panics, replay in any order of streams gives the same states, and what the
//! nouns promise holds whatever was sent.

use crate::desk::*;
use domain::{
    access::{Assignee, Task},
    date::KnownDate,
    fields::{Change, Seen},
    id::{
        AccountId, AssignmentId, DuplicateId, ErasureId, HouseholdId, ImportId, PersonId, PlaceId, StreamId, TeamId,
    },
    kernel::{Aggregate, Command, Event, upkeep},
    noun::{assignment, duplicate, erasure, household, import, person, place, team},
    seal::Class,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// One random act: which command, on which of a few ids, with which small number.
#[derive(Clone, Copy, Debug)]
struct Act {
    what: u8,
    a: u64,
    b: u64,
    small: i64,
    stream: StreamId,
    account: AccountId,
}

/// Mostly the first stream and two different ids, so that acts meet; a Release or another stream is in between.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0u8..34, 0u64..3, 0u64..9, -3i64..9, 0u8..8, any::<bool>()).prop_map(
        |(what, a, b, small, stream, alice)| Act {
            what,
            a,
            b: if b == 0 { a } else { (a + 1 + b % 2) % 3 },
            small,
            stream: if stream > 0 { HERE } else { THERE },
            account: if alice { ALICE } else { BOB },
        },
    );
    proptest::collection::vec(act, 0..90)
}

/// What every history begins with: three of each thing that others refer to, and the pairs of the three people.
fn beginning() -> Vec<Act> {
    let act = |what, a, b, small| Act { what, a, b, small, stream: HERE, account: ALICE };
    let each = |what, small| (0..3).map(move |a| act(what, a, (a + 1) % 3, small));
    each(0, 0)
        .chain(each(8, 3))
        .chain(each(19, 0))
        .chain(each(22, 0))
        .chain(each(25, 0))
        .chain([act(32, 0, 0, 0)])
        .collect()
}

impl Act {
    fn command(self, now: i64) -> Command {
        match self.what {
            0..=6 => self.on_people(),
            7..=12 => self.on_pairs(),
            13..=18 => self.on_erasures(),
            19..=24 => self.on_places_and_households(),
            25..=31 => self.on_teams(now),
            _ => self.on_imports(),
        }
    }

    fn on_people(self) -> Command {
        let id = person_id(self.a);
        match self.what {
            0 | 1 => person::Command::Register {
                id,
                jurisdiction: DISTRICT,
                fields: person::Given { full_name: Some("王".to_owned()), ..Default::default() },
                address: None,
                household: (self.small > 3).then(|| home(self.b)),
            }
            .into(),
            2 => {
                let seen = (self.small % 2 == 0).then(|| Seen { stood: (self.a % 2 == 0).then(|| home(self.a)) });
                person::Command::JoinHousehold { id, household: (self.small > 0).then(|| home(self.b)), seen }.into()
            }
            3 => person::Command::MergeInto { id, kept: person_id(self.b) }.into(),
            4 => person::Command::Unmerge { id }.into(),
            5 => {
                let any = [id.0, spot(self.a).0, home(self.a).0, pair(self).0, ErasureId::of(id).0];
                let id = any[self.small.unsigned_abs() as usize % any.len()];
                let to = if self.stream == HERE { THERE } else { HERE };
                upkeep::Command::Release { id, to }.into()
            }
            _ => {
                let health_worker = Some(Change { seen: None, to: Some(self.small > 0) });
                person::Command::Correct { id, changes: person::Changes { health_worker, ..Default::default() } }
                    .into()
            }
        }
    }

    fn on_pairs(self) -> Command {
        let id = pair(self);
        match self.what {
            7 | 8 => duplicate::Command::Suspect {
                left: person_id(self.a),
                right: person_id(self.b),
                score_thousandths: self.small * 130,
                likeness: vec![duplicate::Likeness::SameName; usize::from(self.small != 0)],
            },
            9 => duplicate::Command::Dismiss { id },
            10 | 11 => duplicate::Command::Merge { id, kept: person_id(self.small.unsigned_abs() % 3) },
            _ => duplicate::Command::Unmerge { id },
        }
        .into()
    }

    fn on_erasures(self) -> Command {
        let person = person_id(self.a);
        let id = ErasureId::of(person);
        match self.what {
            13 => {
                let classes = Class::ALL.into_iter().take(self.small.unsigned_abs() as usize % 4).collect();
                let note = Some("话".to_owned());
                erasure::Command::Request { person, classes, ground: erasure::Ground::Asked, note }
            }
            14 => erasure::Command::Approve { id },
            15 => erasure::Command::Refuse { id },
            16 => erasure::Command::Cancel { id },
            17 => erasure::Command::PlaceHold { person, ground: erasure::HoldGround::Legal },
            _ => erasure::Command::LiftHold { id, hold: self.small.unsigned_abs() as u32 % 3 },
        }
        .into()
    }

    fn on_places_and_households(self) -> Command {
        let (id, inside) = (spot(self.a), (self.small > 0).then(|| spot(self.b)));
        match self.what {
            19 => {
                let fields =
                    place::Given { latitude_microdegrees: Some(self.small * 20_000_000), ..Default::default() };
                let kind = if self.small % 2 == 0 { place::PlaceKind::Ward } else { place::PlaceKind::Dwelling };
                let fields = if kind == place::PlaceKind::Ward { fields } else { place::Given::default() };
                place::Command::Register { id, kind, jurisdiction: DISTRICT, inside, fields }.into()
            }
            20 => place::Command::MoveInside { id, inside, seen: None }.into(),
            21 => place::Command::Close { id, on: KnownDate::Unknown }.into(),
            22 => household::Command::Establish {
                id: home(self.a),
                jurisdiction: DISTRICT,
                dwelling: inside,
                fields: household::Given::default(),
            }
            .into(),
            23 => household::Command::MoveHouse { id: home(self.a), jurisdiction: OTHER_DISTRICT, dwelling: inside }
                .into(),
            _ => household::Command::Dissolve { id: home(self.a) }.into(),
        }
    }

    fn on_teams(self, now: i64) -> Command {
        let (id, account) = (TeamId(uuid(4, self.a)), self.account);
        let at = Some(now + self.small * 3 * MINUTE);
        let until = (self.small > 4).then(|| now + 40 * MINUTE);
        match self.what {
            25 => team::Command::Form { id, jurisdiction: DISTRICT, name: "队".to_owned() }.into(),
            26 => team::Command::AddMember { id, account, from: at, until }.into(),
            27 => team::Command::EndMember { id, account, at: at.filter(|_| self.b > 0) }.into(),
            28 => team::Command::AssignArea { id, area: DISTRICT, from: at, until }.into(),
            29 if self.small < 0 => team::Command::Disband { id }.into(),
            29 => team::Command::EndArea { id, area: DISTRICT, at: at.filter(|_| self.b > 0) }.into(),
            30 => assignment::Command::Assign {
                id: AssignmentId(uuid(3, self.small.unsigned_abs() % 4)),
                work: assignment::Work::Household(home(self.a)),
                to: if self.b > 0 { Assignee::Team(id.0) } else { Assignee::Account(account.0) },
                task: Task::SupplyHousehold,
                from: None,
                until,
            }
            .into(),
            _ => assignment::Command::End { id: AssignmentId(uuid(3, self.small.unsigned_abs() % 4)), at }.into(),
        }
    }

    fn on_imports(self) -> Command {
        let id = ImportId(uuid(5, self.a));
        let counts = import::Counts { created: self.small, waiting: self.b as i64, ..Default::default() };
        match (self.what, self.b) {
            (32, 0) => import::Command::Start {
                id,
                jurisdiction: DISTRICT,
                as_noun: "person".to_owned(),
                file_name: "f.csv".to_owned(),
                file_blake3: "00".repeat(32),
                mapping_blake3: "11".repeat(32),
                rows: (self.small > 4).then_some(self.small),
            }
            .into(),
            (32, _) => import::Command::Progress { id, rows_done: self.small + self.b as i64, counts }.into(),
            _ => import::Command::Complete { id, rows: self.small + self.b as i64, counts }.into(),
        }
    }
}

fn spot(n: u64) -> PlaceId {
    PlaceId(uuid(2, n))
}

fn home(n: u64) -> HouseholdId {
    HouseholdId(uuid(6, n))
}

fn pair(act: Act) -> DuplicateId {
    DuplicateId::of(person_id(act.a), person_id(act.b))
}

/// What must hold of every state, whatever was sent.
fn assert_kept(aggregate: &Aggregate) {
    match aggregate {
        Aggregate::Import(import) => assert_eq!(import.counts.total(), Some(import.rows_done)),
        Aggregate::Team(team) => {
            for (n, member) in team.members.iter().enumerate() {
                let others = team.members.iter().skip(n + 1).filter(|other| other.account == member.account);
                assert!(others.clone().all(|other| !other.term.span.overlaps(member.term.span)), "{team:?}");
            }
        }
        Aggregate::Erasure(file) => {
            for request in &file.requests {
                let Some(ended) = request.ended.filter(|ended| ended.how == erasure::Ending::Approved) else {
                    continue;
                };
                assert_ne!(ended.by, request.by, "two people");
                let held = |hold: &erasure::Hold| hold.at < ended.at && hold.lifted_at.is_none_or(|at| at > ended.at);
                assert!(!file.holds.iter().any(held), "no hold was open: {file:?}");
            }
        }
        Aggregate::Duplicate(pair) => assert!(pair.left < pair.right),
        _ => {}
    }
}

/// A pair is suspected once, so a dismissed one never comes back.
fn assert_suspected_once(desk: &Desk) {
    let mut seen: BTreeMap<uuid::Uuid, u32> = BTreeMap::new();
    for entry in desk.memory.journal() {
        if let Event::Duplicate(duplicate::Event::Suspected(_)) = entry.happened.event {
            *seen.entry(entry.happened.aggregate_id).or_default() += 1;
        }
    }
    assert!(seen.values().all(|times| *times == 1));
}

/// Following merges from record to record comes to an end.
fn assert_no_merge_in_a_ring(desk: &Desk) {
    let into: BTreeMap<PersonId, PersonId> = desk
        .memory
        .located()
        .filter_map(|located| match &located.aggregate {
            Aggregate::Person(person) => person.merged_into.map(|kept| (person.id, kept)),
            _ => None,
        })
        .collect();
    for start in into.keys() {
        let (mut at, mut passed) = (*start, BTreeSet::new());
        while let Some(next) = into.get(&at) {
            assert!(passed.insert(at), "{into:?}");
            at = *next;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_is_sent_replays_and_keeps_its_promises(acts in acts()) {
        let mut desk = Desk::new();
        for act in beginning().into_iter().chain(acts) {
            let command = act.command(desk.now);
            desk.send_by(act.account, act.stream, command);
        }
        desk.memory.located().for_each(|located| assert_kept(&located.aggregate));
        assert_suspected_once(&desk);
        assert_no_merge_in_a_ring(&desk);
        desk.assert_replays();
    }
}
