//! A command post for tests: areas, accounts in each role, records, and reading as somebody.

use domain::{
    access::{Action, Actor, Grant, Role},
    id::{AccountId, CommandId, StreamId},
    kernel::{self, Envelope, group::Submission},
};
use serde_json::json;
use std::sync::Arc;
use store::{
    access_log::{AccessLog, LogError, Unlogged},
    accounts::{NewAccount, NewGrant},
    engine::Engine,
    query::{Ask, Page, QueryError, Record, view},
    store::Store,
};
use testkit::{Stage, scene};
use uuid::Uuid;

/// A neighbouring district under the same city.
pub const BESIDE: Uuid = Uuid::from_u128(0xd2);
/// A street of [`scene::DISTRICT`].
pub const STREET: Uuid = Uuid::from_u128(0xd11);
/// The city of both districts.
pub const CITY: Uuid = Uuid::from_u128(0xc1);
/// The administrator of the city's accounts.
pub const ADMIN: AccountId = AccountId(Uuid::from_u128(0xad));

/// Bytes that are no key of one byte repeated, and differ from call to call.
pub fn entropy() -> impl FnMut(&mut [u8]) + Send {
    let mut reader = blake3::Hasher::new_derive_key("store tests entropy 1").finalize_xof();
    move |buffer: &mut [u8]| reader.fill(buffer)
}

/// An id from a small number.
pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A database with areas, an outbreak and the administrator.
pub struct Post {
    pub stage: Stage,
    pub log: AccessLog,
    commands: std::sync::atomic::AtomicU64,
}

impl Post {
    pub async fn new(engine: Engine) -> Self {
        let stage = Stage::new(engine).await;
        let log = AccessLog::open(stage.store.clone(), 1, &mut entropy()).await.expect("the log opens");
        let post = Self { stage, log, commands: std::sync::atomic::AtomicU64::new(1) };
        let define = |id: Uuid, level: &str, parent: Option<Uuid>| json!({"jurisdiction": {"define": {"id": id, "hierarchy": "administrative", "level": level, "parent": parent}}});
        post.submit(define(CITY, "city", None)).await;
        post.submit(define(BESIDE, "district", Some(CITY))).await;
        post.submit(json!({"jurisdiction": {"move": {"id": scene::DISTRICT, "parent": CITY}}})).await;
        post.submit(define(STREET, "street", Some(scene::DISTRICT.0))).await;
        let first = NewAccount { id: ADMIN, login: "admin".into(), name: "Admin".into(), jurisdiction: CITY };
        post.store().create_first_account(&first, id(0xadad), post.now()).await.expect("the first account is made");
        post
    }

    pub fn store(&self) -> &Store {
        &self.stage.store
    }

    pub fn now(&self) -> i64 {
        self.stage.clock.now()
    }

    /// Submits a command that was judged already; it must be accepted.
    pub async fn submit(&self, command: serde_json::Value) {
        let command: kernel::Command = serde_json::from_value(command).expect("the command is well formed");
        let n = self.commands.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let envelope = Envelope::new(CommandId(id(0xc0_0000 + u128::from(n))), StreamId(1), command);
        let actor = kernel::Actor { account: scene::ACTOR };
        let outcomes = self.store().submit(vec![Submission::caused(actor, envelope)]).await;
        let outcome = outcomes[0].as_ref().expect("it is written");
        assert!(outcome.is_accepted(), "{outcome:?}");
    }

    /// Registers person `n` and opens case `n` in an area.
    pub async fn case_in(&self, n: u64, area: Uuid) {
        let stream = self.stage.stream();
        let mut register = scene::register(n);
        let mut open = scene::open_case(n);
        if let domain::noun::person::Command::Register { jurisdiction, fields, .. } = &mut register {
            jurisdiction.0 = area;
            let number = format!("35050319800101{n:04}");
            let kind = "national_id".to_owned();
            fields.identifiers = Some(vec![domain::noun::person::Identifier { kind, number }]);
        }
        if let domain::noun::case::Command::Open { jurisdiction, .. } = &mut open {
            jurisdiction.0 = area;
        }
        let base = 0xa0_0000 + u128::from(n) * 2;
        let batch = vec![scene::caused(base, stream, register), scene::caused(base + 1, stream, open)];
        for outcome in self.store().submit(batch).await {
            assert!(outcome.as_ref().is_ok_and(|outcome| outcome.is_accepted()), "{outcome:?}");
        }
    }

    /// Rights of the administrator.
    pub async fn admin(&self) -> Arc<Actor> {
        self.rights(ADMIN).await
    }

    pub async fn rights(&self, account: AccountId) -> Arc<Actor> {
        self.store().rights(account, self.now()).await.expect("rights are read").expect("the account is there")
    }

    /// An account that holds one role for one area.
    pub async fn staff(&self, n: u128, role: Role, area: Uuid) -> AccountId {
        let account = AccountId(id(0x5000 + n));
        let login = format!("{role}-{n}");
        let new = NewAccount { id: account, login: login.clone(), name: login, jurisdiction: area };
        let admin = self.admin().await;
        self.store().create_account(&admin, &new, self.now()).await.expect("the account is made");
        let grant = NewGrant {
            id: id(0x6000 + n),
            account,
            role,
            jurisdiction: area,
            valid_from: self.now(),
            valid_to: None,
        };
        self.store().grant(&admin, &grant, self.now()).await.expect("the grant is given");
        account
    }

    /// Reads one record as somebody, through the log.
    pub async fn read(&self, by: &Actor, noun: domain::access::Noun, of: Uuid) -> Option<Record> {
        let view = view(noun).expect("the noun can be queried");
        let answer = self.store().record(by, view, of, None).await.expect("the query runs");
        self.release(answer).await.expect("the read is logged")
    }

    /// Lists as somebody, through the log.
    pub async fn list(&self, by: &Actor, noun: domain::access::Noun, ask: Ask) -> Result<Page, QueryError> {
        let view = view(noun).expect("the noun can be queried");
        let answer = self.store().list(by, view, &ask).await?;
        Ok(self.release(answer).await.expect("the read is logged"))
    }

    pub async fn release<T>(&self, answer: Unlogged<T>) -> Result<T, LogError> {
        self.log.release(answer).await
    }

    /// All ids of a list, page by page.
    pub async fn all(&self, by: &Actor, noun: domain::access::Noun, mut ask: Ask) -> Vec<Uuid> {
        let mut ids = Vec::new();
        loop {
            let page = self.list(by, noun, ask.clone()).await.expect("the list runs");
            ids.extend(page.records.iter().map(|record| record.id));
            match page.next {
                Some(next) => ask.after = Some(next),
                None => return ids,
            }
        }
    }
}

/// An actor of one role, held for a lineage since ever; for tests that need no account.
pub fn actor(account: u128, at: i64, role: Role, lineage: &[Uuid]) -> Actor {
    let grant = Grant { role, lineage: lineage.to_vec(), valid_from: 0, valid_to: None };
    Actor {
        account: id(account),
        at,
        grants: vec![grant],
        teams: vec![],
        open_tasks: vec![],
        uses: Default::default(),
    }
}

/// Parameters of a list.
pub fn ask(filters: &[(&str, &str)]) -> Ask {
    let filters = filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ask { filters, ..Ask::default() }
}

/// What the record says of an action.
pub fn offered(record: &Record, action: Action) -> (bool, &'static str) {
    let offer = record.actions.iter().find(|offer| offer.action == action).expect("every action is named");
    (offer.allowed, offer.rule)
}
