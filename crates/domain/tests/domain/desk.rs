//! A desk to send commands from: one memory, a clock that moves on by a minute with each command, numbered ids.

use domain::{
    access,
    id::{AccountId, CommandId, JurisdictionId, PersonId, StreamId},
    kernel::{
        Actor, Aggregate, Command, Envelope, Outcome,
        group::Submission,
        memory::{Memory, Replay},
    },
    noun::{Of, jurisdiction, person},
    pack::Shelf,
    refusal::Answer,
};
use std::sync::Arc;
use uuid::Uuid;

pub const HERE: StreamId = StreamId(1);
pub const THERE: StreamId = StreamId(2);
pub const DISTRICT: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd1));
pub const OTHER_DISTRICT: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd2));
pub const ALICE: AccountId = AccountId(Uuid::from_u128(0xa1));
pub const BOB: AccountId = AccountId(Uuid::from_u128(0xb0b));
/// 2022-03-14 00:00 UTC.
pub const START: i64 = 1_647_216_000_000;
pub const MINUTE: i64 = 60_000;

/// The `n`-th id of a kind of thing.
pub fn uuid(kind: u16, n: u64) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 96) | u128::from(n))
}

pub fn person_id(n: u64) -> PersonId {
    PersonId(uuid(1, n))
}

pub struct Desk {
    pub memory: Memory,
    pub now: i64,
    sent: u64,
}

impl Desk {
    /// An empty memory with the shipped packs.
    pub fn empty() -> Self {
        Self { memory: Memory::new(Shelf::shipped()), now: START, sent: 0 }
    }

    /// Two districts, each kept by its own stream.
    pub fn new() -> Self {
        Self::beginning(START)
    }

    /// The same with the clock at another time.
    pub fn beginning(now: i64) -> Self {
        let mut desk = Self { now, ..Self::empty() };
        for (stream, id) in [(HERE, DISTRICT), (THERE, OTHER_DISTRICT)] {
            let define = jurisdiction::Command::Define {
                id,
                hierarchy: "administrative".to_owned(),
                level: "district".to_owned(),
                parent: None,
                fields: jurisdiction::Given::default(),
            };
            desk.accept_in(stream, define);
        }
        desk
    }

    fn envelope(&mut self, stream: StreamId, command: Command) -> Envelope {
        self.sent += 1;
        self.now += MINUTE;
        Envelope::new(CommandId(uuid(0xc0, self.sent)), stream, command)
    }

    /// Sends a command whose sender's rights are not in question.
    pub fn send_by(&mut self, account: AccountId, stream: StreamId, command: impl Into<Command>) -> Outcome {
        let envelope = self.envelope(stream, command.into());
        self.memory.submit(self.now, &[Submission::caused(Actor { account }, envelope)]).remove(0)
    }

    /// Several commands of one group, decided before what they set off in other streams.
    pub fn send_together<const N: usize>(&mut self, commands: [(StreamId, Command); N]) -> Vec<Outcome> {
        let group = commands.map(|(stream, command)| {
            Submission::caused(Actor { account: ALICE }, self.envelope(stream, command))
        });
        self.memory.submit(self.now, &group)
    }

    pub fn send(&mut self, command: impl Into<Command>) -> Outcome {
        self.send_by(ALICE, HERE, command)
    }

    /// Sends a command that the access table judges.
    pub fn ask(&mut self, rights: &access::Actor, command: impl Into<Command>) -> Outcome {
        let envelope = self.envelope(HERE, command.into());
        let rights = Arc::new(access::Actor { at: self.now, ..rights.clone() });
        self.memory.submit(self.now, &[Submission::by(rights, envelope)]).remove(0)
    }

    /// Sends a command that must be accepted; its number of events.
    pub fn accept(&mut self, command: impl Into<Command>) -> i64 {
        self.accept_in(HERE, command)
    }

    pub fn accept_in(&mut self, stream: StreamId, command: impl Into<Command>) -> i64 {
        self.accept_by(ALICE, stream, command)
    }

    pub fn accept_by(&mut self, account: AccountId, stream: StreamId, command: impl Into<Command>) -> i64 {
        let command = command.into();
        match self.send_by(account, stream, command.clone()) {
            Outcome::Accepted { events, .. } => events,
            Outcome::Declined(refusal) => panic!("{command:?}: {refusal}"),
        }
    }

    /// Sends a command that must be refused; the rule.
    pub fn refused(&mut self, command: impl Into<Command>) -> String {
        rule_of(&self.send(command))
    }

    /// Sends a command that must wait; the ids it waits for.
    pub fn waits(&mut self, command: impl Into<Command>) -> Vec<Uuid> {
        match self.send(command) {
            Outcome::Declined(refusal) if refusal.answer == Answer::Waiting => refusal.ids,
            other => panic!("{other:?}"),
        }
    }

    pub fn get<N: Of>(&self, id: impl Into<Uuid>) -> &N {
        let located = self.memory.get(id.into()).expect("the record is there");
        N::of(&located.aggregate).expect("and of its kind")
    }

    pub fn register_in(&mut self, stream: StreamId, n: u64) -> PersonId {
        let jurisdiction = if stream == HERE { DISTRICT } else { OTHER_DISTRICT };
        let fields = person::Given {
            full_name: Some(format!("王测试{n}")),
            phones: Some(vec![format!("1110{n:07}")]),
            note: Some(format!("说明{n}")),
            ..person::Given::default()
        };
        let id = person_id(n);
        self.accept_in(
            stream,
            person::Command::Register { id, jurisdiction, fields, address: None, household: None },
        );
        id
    }

    pub fn register(&mut self, n: u64) -> PersonId {
        self.register_in(HERE, n)
    }

    /// Every state is read back from its compact encoding as it was: what the store keeps is what decisions see.
    pub fn assert_states_encode(&self) {
        for located in self.memory.located() {
            let bytes = located.aggregate.encode().expect("a state in clear is encoded");
            let kind = located.aggregate.kind();
            let back = Aggregate::decode(kind, &bytes)
                .unwrap_or_else(|error| panic!("a state of kind {} cannot be read back: {error}", kind.name()));
            assert_eq!(back, located.aggregate);
        }
    }

    /// The journal replayed in three orders of its streams gives what stands.
    pub fn assert_replays(&self) {
        self.assert_states_encode();
        let journal = self.memory.journal();
        let in_order: Vec<_> = journal.iter().collect();
        let mut forward = in_order.clone();
        forward.sort_by_key(|entry| (entry.stamp.stream, entry.seq));
        let mut backward = in_order.clone();
        backward.sort_by_key(|entry| (std::cmp::Reverse(entry.stamp.stream), entry.seq));
        for order in [in_order, forward, backward] {
            let mut replay = Replay::default();
            for entry in order {
                let happened = &entry.happened;
                replay.take(entry.stamp, happened.aggregate_id, happened.aggregate_version, happened.event.clone());
            }
            assert_eq!(replay.incomplete().count(), 0);
            assert!(replay.located().eq(self.memory.located()), "replay gives other states than the live writes");
            assert_eq!(replay.codes(), self.memory.codes());
        }
    }
}

/// The rule by which an outcome was refused.
pub fn rule_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Declined(refusal) if refusal.answer == Answer::Refused => refusal.rule.to_string(),
        other => panic!("{other:?}"),
    }
}

/// An account with one role in the first district.
pub fn holder(account: AccountId, role: access::Role) -> access::Actor {
    access::Actor {
        account: account.0,
        at: START,
        grants: vec![access::Grant { role, lineage: vec![DISTRICT.0], valid_from: 0, valid_to: None }],
        teams: Vec::new(),
        open_tasks: Vec::new(),
        uses: access::Uses::default(),
    }
}
