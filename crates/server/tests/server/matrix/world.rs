//! A country with records of every noun in five areas, and one account for each row of the matrix.

use crate::{
    client::Client,
    running::{Running, quick},
    staff::account_id,
};
use domain::{
    access::{Held, JurisdictionRelation, Role, Task},
    id::{AccountId, CommandId, DuplicateId, ErasureId, PersonId, StreamId},
    kernel::{Actor, Command, Envelope, Outcome, group::Submission},
};
use serde_json::{Value, json};
use server::Limits;
use std::time::Duration;
use store::{accounts::NewSession, engine::Engine};
use testkit::{Stage, scene};
use uuid::Uuid;

pub const WORLD: Uuid = Uuid::from_u128(0xf0);
pub const PROVINCE: Uuid = Uuid::from_u128(0xf1);
pub const CITY: Uuid = Uuid::from_u128(0xf2);
pub const STREET: Uuid = Uuid::from_u128(0xf3);
pub const BESIDE: Uuid = Uuid::from_u128(0xf4);
pub const ABROAD: Uuid = Uuid::from_u128(0xf5);
/// The command post that contacts are offered to.
pub const OTHER_POST: i64 = 2;
/// Somebody without a part in it.
pub const BYSTANDER: Uuid = Uuid::from_u128(0xbb);

/// Records of a site, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    Place = 1,
    Household,
    /// With the case and the sample.
    Patient,
    /// Exposed, listed, followed.
    Met,
    /// The other half of the pair of duplicates, with the erasure file.
    Twin,
    /// Exposed, listed and offered to the district of the grants.
    Offered,
    Outbreak,
    Case,
    Sample,
    Exposure,
    Contact,
    OfferedExposure,
    OfferedContact,
    Team,
    Assignment,
    Import,
}

impl Of {
    pub const ALL: [Self; 16] = [
        Self::Place,
        Self::Household,
        Self::Patient,
        Self::Met,
        Self::Twin,
        Self::Offered,
        Self::Outbreak,
        Self::Case,
        Self::Sample,
        Self::Exposure,
        Self::Contact,
        Self::OfferedExposure,
        Self::OfferedContact,
        Self::Team,
        Self::Assignment,
        Self::Import,
    ];

    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Where records lie, seen from the district of the grants; none: records that are not there at all.
#[derive(Clone, Copy)]
pub struct Site(pub Option<JurisdictionRelation>);

impl Site {
    pub fn id(self, of: Of) -> Uuid {
        let site = self.0.map_or(0xf, |relation| relation as u128);
        Uuid::from_u128(0x5_0000_0000 + 0x100 * of as u128 + site)
    }

    pub fn area(self) -> Uuid {
        match self.0 {
            Some(JurisdictionRelation::Own) => scene::DISTRICT.0,
            Some(JurisdictionRelation::Below) => STREET,
            Some(JurisdictionRelation::Above) => CITY,
            Some(JurisdictionRelation::Beside) => BESIDE,
            Some(JurisdictionRelation::None) => ABROAD,
            None => Uuid::from_u128(0xff),
        }
    }

    pub fn duplicate(self) -> Uuid {
        DuplicateId::of(PersonId(self.id(Of::Patient)), PersonId(self.id(Of::Twin))).0
    }

    pub fn erasure(self) -> Uuid {
        ErasureId::of(PersonId(self.id(Of::Twin))).0
    }

    /// A text with every id of the site made that of the site which is nowhere.
    pub fn as_absent(self, text: &str) -> String {
        let absent = Self(None);
        let records = Of::ALL.map(|of| (self.id(of), absent.id(of)));
        let others = [
            (self.area(), absent.area()),
            (self.duplicate(), absent.duplicate()),
            (self.erasure(), absent.erasure()),
        ];
        let renamed = records.into_iter().chain(others);
        renamed.fold(text.to_owned(), |text, (own, absent)| text.replace(&own.to_string(), &absent.to_string()))
    }

    /// The number of the account that lies here.
    pub fn resident(self) -> u128 {
        0x100 + self.0.map_or(0xf, |relation| relation as u128)
    }
}

/// One account of the matrix: a role for the district, and how everything is assigned to it.
pub struct Asker {
    pub role: Role,
    pub held: Held,
    /// By a team it is in, not by itself.
    pub by_team: bool,
    pub client: Client,
}

impl Asker {
    pub fn name(&self) -> String {
        format!("{} {}{}", self.role, self.held.name(), if self.by_team { " by team" } else { "" })
    }
}

/// A server over that country, with its askers.
pub struct World {
    pub running: Running,
    pub askers: Vec<Asker>,
    next: u128,
}

/// What happened before anybody asks: nobody's rights are judged for it.
async fn tell(stage: &Stage, story: Vec<Value>) {
    let actor = Actor { account: scene::ACTOR };
    let submissions = story.into_iter().enumerate().map(|(n, command)| {
        let command: Command = serde_json::from_value(command.clone()).unwrap_or_else(|e| panic!("{e}: {command}"));
        let id = CommandId(Uuid::from_u128(u128::from(blake_of(&command)) << 64 | n as u128));
        Submission::caused(actor, Envelope::new(id, StreamId(1), command))
    });
    let submissions: Vec<Submission> = submissions.collect();
    let told = submissions.clone();
    let mut declined = Vec::new();
    for (outcome, submission) in stage.store.submit(submissions).await.into_iter().zip(told) {
        if !outcome.as_ref().is_ok_and(Outcome::is_accepted) {
            declined.push(format!("{outcome:?}: {:?}", submission.envelope.command));
        }
    }
    assert!(declined.is_empty(), "{}", declined.join("\n"));
}

fn blake_of(command: &Command) -> u64 {
    let text = serde_json::to_vec(command).expect("a command is JSON");
    let hash = blake3::hash(&text);
    u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
}

fn area(id: Uuid, parent: Option<Uuid>) -> Value {
    json!({"jurisdiction": {"define": {"id": id, "hierarchy": "administrative", "level": "area", "parent": parent}}})
}

/// The records of one site.
fn records(site: Site) -> Vec<Value> {
    let id = |of: Of| site.id(of);
    let person = |of: Of| {
        let number = format!("TEST-{}", id(of).simple());
        let fields = json!({
            "full_name": "王测试", "phones": ["11100000001"], "note": "备注",
            "identifiers": [{"kind": "national_id", "number": number}],
        });
        json!({"person": {"register": {
            "id": id(of), "jurisdiction": site.area(), "fields": fields, "household": id(Of::Household),
        }}})
    };
    let exposure = |of: Of, person: Of| {
        json!({"exposure": {"record": {
            "id": id(of), "source": {"case": id(Of::Case)}, "person": id(person), "outbreak": id(Of::Outbreak),
            "fields": {"kind": "household", "last": {"on": "2022-03-13"}, "note": "备注"},
        }}})
    };
    let contact = |of: Of, person: Of, exposure: Of| {
        json!({"contact": {"list": {
            "id": id(of), "person": id(person), "ring": "ring1", "exposures": [id(exposure)],
            "fields": {"note": "备注"},
        }}})
    };
    let visit = |of: Of| {
        let fields = json!({"on": "2022-03-14", "state": "seen_well", "temperature_tenths": 366, "note": "备注"});
        json!({"contact": {"record_follow_up": {"id": id(of), "fields": fields}}})
    };
    vec![
        json!({"place": {"register": {
            "id": id(Of::Place), "kind": "dwelling", "jurisdiction": site.area(),
        }}}),
        json!({"household": {"establish": {
            "id": id(Of::Household), "jurisdiction": site.area(), "dwelling": id(Of::Place),
        }}}),
        person(Of::Patient),
        person(Of::Met),
        person(Of::Twin),
        person(Of::Offered),
        json!({"duplicate": {"suspect": {
            "left": id(Of::Patient), "right": id(Of::Twin), "score_thousandths": 900, "likeness": ["told"],
        }}}),
        json!({"outbreak": {"declare": {
            "id": id(Of::Outbreak), "name": "Outbreak", "disease": "covid-omicron-BA2",
            "pack": scene::shipped("cn-covid-8"), "time_zone": "Asia/Shanghai", "code_mask": "FZ-0000",
            "jurisdiction": site.area(),
        }}}),
        json!({"case": {"open": {
            "id": id(Of::Case), "person": id(Of::Patient), "outbreak": id(Of::Outbreak), "jurisdiction": site.area(),
            "fields": {"onset_on": "2022-03-12", "note": "备注"},
        }}}),
        json!({"sample": {"collect": {
            "id": id(Of::Sample), "person": id(Of::Patient), "case": id(Of::Case), "outbreak": id(Of::Outbreak),
            "fields": {"sampled": {"on": "2022-03-13"}},
        }}}),
        exposure(Of::Exposure, Of::Met),
        contact(Of::Contact, Of::Met, Of::Exposure),
        visit(Of::Contact),
        exposure(Of::OfferedExposure, Of::Offered),
        contact(Of::OfferedContact, Of::Offered, Of::OfferedExposure),
        visit(Of::OfferedContact),
        json!({"contact": {"offer_hand_over": {
            "id": id(Of::OfferedContact), "to": OTHER_POST, "jurisdiction": scene::DISTRICT.0,
        }}}),
    ]
}

/// Teams, work, imports and the erasure file of one site.
fn work_records(site: Site) -> Vec<Value> {
    let id = |of: Of| site.id(of);
    let file = "a0".repeat(32);
    vec![
        json!({"team": {"form": {"id": id(Of::Team), "jurisdiction": site.area(), "name": "流调一队"}}}),
        json!({"assignment": {"assign": {
            "id": id(Of::Assignment), "work": {"case": id(Of::Case)}, "to": {"account": BYSTANDER},
            "task": "investigate_case",
        }}}),
        json!({"import": {"start": {
            "id": id(Of::Import), "jurisdiction": site.area(), "as_noun": "person", "file_name": "people.csv",
            "file_blake3": file, "mapping_blake3": file, "rows": 2,
        }}}),
        json!({"erasure": {"request": {"person": id(Of::Twin), "classes": ["identity"], "ground": "asked"}}}),
        json!({"erasure": {"place_hold": {"person": id(Of::Twin), "ground": "legal"}}}),
    ]
}

/// All work of the country by one task to somebody, until an instant.
fn all_work(to: &Value, task: Task, until: Option<i64>) -> Vec<Value> {
    let assign = |area: Uuid| {
        let text = format!("{to}{task}{area}{until:?}");
        let id = Uuid::from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]).expect("sixteen bytes");
        json!({"assignment": {"assign": {
            "id": id, "work": {"area": area}, "to": to, "task": task.name(), "until": until,
        }}})
    };
    // The city holds the district, its street and the district beside.
    [CITY, ABROAD].map(assign).to_vec()
}

impl World {
    pub async fn new() -> Self {
        let stage = Stage::empty(Engine::Sqlite).await;
        stage.store.add_stream("FZ", "Fengze", None).await.expect("a stream is made");
        stage.store.add_stream("LC", "Licheng", None).await.expect("a stream is made");
        // The area abroad holds all the others until the accounts are made, and then none of them.
        let areas = [
            area(ABROAD, None),
            area(WORLD, None),
            area(PROVINCE, Some(ABROAD)),
            area(CITY, Some(PROVINCE)),
            area(scene::DISTRICT.0, Some(CITY)),
            area(STREET, Some(scene::DISTRICT.0)),
            area(BESIDE, Some(CITY)),
        ];
        tell(&stage, areas.to_vec()).await;
        for relation in JurisdictionRelation::ALL {
            tell(&stage, records(Site(Some(*relation)))).await;
            tell(&stage, work_records(Site(Some(*relation)))).await;
        }
        let year = 366 * 86_400_000;
        // Thousands of requests on a busy machine: none of them is about slowness.
        let patient = Duration::from_secs(120);
        let limits = Limits {
            header_time: patient,
            body_time: patient,
            write_time: patient,
            request_time: patient,
            ..quick()
        };
        let running = Running::on(stage, limits, |config| {
            config.session_idle_ms = year;
            config.session_longest_ms = year;
        })
        .await;
        running.administrator_of(ABROAD).await;
        let mut world = Self { running, askers: Vec::new(), next: 0 };
        world.hire().await;
        for relation in JurisdictionRelation::ALL {
            let site = Site(Some(*relation));
            world.running.account(site.resident(), Role::Epidemiologist, site.area()).await;
        }
        let apart = json!({"jurisdiction": {"move": {"id": PROVINCE, "parent": WORLD}}});
        tell(&world.running.stage, vec![apart]).await;
        world.running.stage.clock.advance(2_000);
        for asker in &world.askers {
            for task in asker.role.tasks().iter() {
                let work = json!({"id": Uuid::from_u128(world.next + 0xee_0000), "task": task.name()});
                world.next += 1;
                assert_eq!(asker.client.post("/api/v1/session/work", &work).await.status, 204);
            }
        }
        world
    }

    /// Asks anew for the erasure of a site's twin, by nobody who asks here.
    pub async fn request_erasure(&mut self, site: Site) {
        let request = json!({"person": site.id(Of::Twin), "classes": ["identity"], "ground": "asked"});
        let command = serde_json::from_value(json!({"erasure": {"request": request}})).expect("a command");
        let envelope = Envelope::new(CommandId(self.fresh()), StreamId(1), command);
        let submission = Submission::caused(Actor { account: scene::ACTOR }, envelope);
        let outcomes = self.running.stage.store.submit(vec![submission]).await;
        assert!(outcomes[0].as_ref().is_ok_and(Outcome::is_accepted), "{:?}", outcomes[0]);
    }

    /// An id that nothing has yet.
    pub fn fresh(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128(0x9_0000_0000 + self.next)
    }

    /// A client of an account, without its password.
    pub async fn client_of(&self, account: AccountId) -> Client {
        let store = &self.running.stage.store;
        let secret = *blake3::hash(format!("{account}{}", store.now()).as_bytes()).as_bytes();
        let new = NewSession {
            id: Uuid::from_slice(&secret[..16]).expect("sixteen bytes"),
            account,
            idle_ms: 366 * 86_400_000,
            longest_ms: 366 * 86_400_000,
            second_factor: false,
        };
        store.begin_session(&secret, &new, store.now()).await.expect("a session begins");
        let cookie = format!("firebreak-session={}", blake3::Hash::from_bytes(secret).to_hex());
        self.running.client().with("x-firebreak", "1").with("cookie", &cookie)
    }

    /// One account for each role and holding, by way of teams; the tracer also holds work alone.
    async fn hire(&mut self) {
        let ends = self.running.stage.clock.now() + 1_000;
        let mut story = Vec::new();
        for task in Task::ALL {
            for (ended, until) in [(false, None), (true, Some(ends))] {
                let team = team_of(*task, ended);
                story.push(json!({"team": {"form": {"id": team, "jurisdiction": CITY, "name": task.name()}}}));
                story.extend(all_work(&json!({"team": team}), *task, until));
            }
        }
        let mut n = 0;
        for role in Role::ALL.iter().copied() {
            let mut rows = vec![(Held::Not, false)];
            if !role.tasks().is_empty() {
                rows.push((Held::Ended, true));
            }
            rows.extend(role.tasks().iter().map(|task| (Held::By(task), true)));
            if role == Role::Tracer {
                rows.extend(role.tasks().iter().map(|task| (Held::By(task), false)));
            }
            for (held, by_team) in rows {
                n += 1;
                self.running.account(n, role, scene::DISTRICT.0).await;
                let account = account_id(n);
                let joins =
                    |task, ended| json!({"team": {"add_member": {"id": team_of(task, ended), "account": account.0}}});
                match held {
                    Held::By(task) if by_team => story.push(joins(task, false)),
                    Held::By(task) => story.extend(all_work(&json!({"account": account.0}), task, None)),
                    Held::Ended => story.extend(role.tasks().iter().map(|task| joins(task, true))),
                    Held::Not | Held::Offered => {}
                }
                let client = self.client_of(account).await;
                self.askers.push(Asker { role, held, by_team, client });
            }
        }
        tell(&self.running.stage, story).await;
    }
}

fn team_of(task: Task, ended: bool) -> Uuid {
    Uuid::from_u128(0x7e_0000 + 0x100 * u128::from(ended) + task as u128)
}
