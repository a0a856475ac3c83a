//! `bench write`: parse, access, decide, apply, rows, journal, chain, outcome, durable commit; and beside it exactly the
//! rows this run put into all tables and indexes, key store included, by the same bulk statements, batch and
//! connection, from memory.

use super::{
    Figure, Results,
    bare::{self, Bare},
    mix::{DISTRICT, Mix, beginning},
};
use crate::{
    born,
    place::{DEFAULT, Place},
    printing::say,
};
use anyhow::{Context as _, bail};
use clap::Args;
use domain::{
    access::{self, Role},
    id::AccountId,
    kernel::{Actor, Envelope, Outcome, group::Submission},
    pack::Shelf,
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use store::{
    engine::{Db, Durability},
    store::{Opening, Store},
    vault::MasterKeys,
    writer::Written,
};
use uuid::Uuid;

/// What `bench write` takes.
#[derive(Args)]
pub struct Arguments {
    /// People registered before anything is measured.
    #[arg(long, default_value_t = 200_000)]
    population: u64,
    /// An empty database for the bare rows; needed with PostgreSQL.
    #[arg(long)]
    bare_database: Option<String>,
    /// An empty database for the bare keys; needed with PostgreSQL.
    #[arg(long)]
    bare_keys: Option<String>,
    /// Envelopes per batch.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100, 1000])]
    batches: Vec<usize>,
    /// Envelopes of each batch size; small batches stop after `--seconds`.
    #[arg(long, default_value_t = 100_000)]
    envelopes: usize,
    /// Longest time of one batch size.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

const MASTER: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct Places {
    url: String,
    keys: String,
    bare: String,
    bare_keys: String,
    _folder: tempfile::TempDir,
}

impl Places {
    /// A temporary file unless `--database` names an empty database.
    fn new(place: &Place, arguments: &Arguments) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
        let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let url = if place.database == DEFAULT { file("bench.sqlite") } else { place.database.clone() };
        if url.starts_with("sqlite:") {
            return Ok(Self { keys: file("keys.sqlite"), bare: file("bare.sqlite"), bare_keys: file("bare-keys.sqlite"), url, _folder: folder });
        }
        let named = |name: &Option<String>, flag: &str| name.clone().with_context(|| format!("with PostgreSQL name an empty database by {flag}"));
        Ok(Self {
            keys: named(&place.keys, "--keys")?,
            bare: named(&arguments.bare_database, "--bare-database")?,
            bare_keys: named(&arguments.bare_keys, "--bare-keys")?,
            url,
            _folder: folder,
        })
    }
}

/// One batch size as measured.
struct Cell {
    batch: usize,
    envelopes: usize,
    took: Duration,
    written: Vec<Written>,
}

/// Runs the bench.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let places = Places::new(&place, &arguments)?;
    let store = open(&places.url, &places.keys).await?;
    let engine = store.db().engine();
    if !arguments.json {
        for (setting, found, ..) in Durability::read(store.db()).await?.settings {
            say!("{} {setting} = {found}", engine.name());
        }
    }
    let stream = store.add_stream("B", "bench", Some(domain::id::JurisdictionId(DISTRICT.0))).await?;
    let pack = Shelf::shipped().packs().map(|pack| pack.reference()).find(|pack| pack.pack_id == "cn-covid-8").context("the pack is shipped")?;
    let caused = |envelope| Submission::caused(Actor { account: AccountId(Uuid::from_u128(1)) }, envelope);
    *lock(&store) = Some(Vec::new());
    store.submit(beginning(stream, pack).into_iter().map(caused).collect()).await;
    let mut mix = Mix::new(stream, today()?);
    let mut n = 0;
    let mut base = Vec::new();
    let mut peers = Bare::open(&places.bare, &places.bare_keys).await?;
    while n < arguments.population {
        let until = (n + 2_000).min(arguments.population);
        let batch = (n..until).map(|n| caused(mix.register(n))).collect();
        for outcome in store.submit(batch).await {
            if !outcome?.is_accepted() {
                bail!("the register could not be made");
            }
        }
        base.extend(lock(&store).replace(Vec::new()).unwrap_or_default());
        n = until;
        for written in base.drain(..) {
            peers.write(&written).await?;
        }
    }
    let mut cells = Vec::new();
    for batch in &arguments.batches {
        cells.push(measure(&store, &mut mix, *batch, &arguments).await?);
    }
    let copy = peers.copy().await?;
    let mut other = copy.as_ref().map(|(_, path)| bare::open_rusqlite(path)).transpose()?;
    let mut results = Vec::new();
    for cell in &cells {
        let ours = cell.envelopes as f64 / cell.took.as_secs_f64();
        let bare = rate(cell, peers.time(&cell.written).await?);
        results.push(figure(format!("envelopes, batch {}", cell.batch), ours, bare, "bare bulk rows, same run"));
        let some = &cell.written[..cell.written.len().min(bare::ROW_BY_ROW_COMMITS / cell.batch.max(1) + 1)];
        let share = some.len() as f64 / cell.written.len() as f64;
        let row_by_row = share * cell.envelopes as f64 / peers.time_row_by_row(some).await?.as_secs_f64();
        results.push(figure(format!("envelopes, batch {}", cell.batch), ours, row_by_row, "sqlx row by row, same run"));
        if let Some(other) = &mut other {
            let rusqlite = rate(cell, bare::rusqlite(other, &cell.written)?);
            results.push(figure(format!("envelopes, batch {}", cell.batch), ours, rusqlite, "rusqlite 0.39 row by row, same run"));
        }
    }
    store.close().await;
    print(Results { bench: "write", engine: engine.name(), results }, arguments.json)
}

/// Today in the bench's zone.
fn today() -> anyhow::Result<jiff::civil::Date> {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai")?;
    Ok(zone.to_datetime(jiff::Timestamp::from_millisecond((born::clock())())?).date())
}

fn rate(cell: &Cell, took: Duration) -> f64 {
    cell.envelopes as f64 / took.as_secs_f64()
}

fn figure(name: String, value: f64, limit: f64, limit_name: &str) -> Figure {
    Figure { name, value, unit: "1/s", limit, limit_name: limit_name.to_owned(), ratio: value / limit }
}

fn lock(store: &Store) -> std::sync::MutexGuard<'_, Option<Vec<Written>>> {
    store.tap().lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn rights() -> access::Actor {
    access::Actor {
        account: Uuid::from_u128(1),
        at: 0,
        grants: vec![access::Grant { role: Role::Epidemiologist, lineage: vec![DISTRICT.0], valid_from: 0, valid_to: None }],
        teams: Vec::new(),
        open_tasks: Vec::new(),
        uses: Default::default(),
    }
}

/// Measures one batch size: from bytes to the answer.
async fn measure(store: &Store, mix: &mut Mix, batch: usize, arguments: &Arguments) -> anyhow::Result<Cell> {
    let wanted = if batch == 1 { arguments.envelopes / 5 } else { arguments.envelopes };
    let mut envelopes: Vec<Envelope> = Vec::with_capacity(wanted + 2);
    while envelopes.len() < wanted {
        mix.next_commands(arguments.population, &mut envelopes);
    }
    let mut batches: Vec<Vec<Vec<u8>>> = Vec::new();
    for chunk in envelopes.chunks(batch) {
        let mut bytes: Vec<Vec<u8>> = chunk.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
        // One in a hundred is sent again.
        if batches.len() % 100.min(batches.len().max(1)) == 0 || batch >= 100 {
            for n in (0..bytes.len()).step_by(100) {
                bytes.push(bytes[n].clone());
            }
        }
        batches.push(bytes);
    }
    let rights = Arc::new(rights());
    *lock(store) = Some(Vec::new());
    let started = Instant::now();
    let (mut done, limit) = (0, Duration::from_secs(arguments.seconds));
    let mut declined: BTreeMap<String, usize> = BTreeMap::new();
    let parse = |batch: &Vec<Vec<u8>>| -> Result<Vec<Submission>, serde_json::Error> {
        let each = batch.iter().map(|bytes| serde_json::from_slice(bytes));
        each.map(|envelope| envelope.map(|envelope| Submission::by(rights.clone(), envelope))).collect()
    };
    let mut batches = batches.iter();
    for batch in batches.by_ref() {
        let submissions = parse(batch)?;
        done += submissions.len();
        for outcome in store.submit(submissions).await {
            if let Outcome::Declined(refusal) = outcome? {
                *declined.entry(refusal.rule.into_owned()).or_insert(0usize) += 1;
            }
        }
        if started.elapsed() > limit {
            break;
        }
    }
    let took = started.elapsed();
    let written = lock(store).take().unwrap_or_default();
    // What the time limit cut off is written unmeasured: later acts of the mix refer to it.
    for batch in batches {
        store.submit(parse(batch)?).await;
    }
    if declined.values().sum::<usize>() * 20 > done {
        bail!("of {done} commands too many were declined, the mix is not what it says: {declined:?}");
    }
    Ok(Cell { batch, envelopes: done, took, written })
}

async fn open(url: &str, keys: &str) -> anyhow::Result<Store> {
    Ok(Store::open(Opening {
        url: url.to_owned(),
        keys_url: keys.to_owned(),
        master: MasterKeys::parse(MASTER)?,
        keys_kept: store::store::KEYS_KEPT,
        clock: born::clock(),
        entropy: born::entropy(),
        create: true,
        exercise: true,
    })
    .await?)
}

/// Opens an empty database with the schema and nothing else, for the bare rows.
pub async fn open_bare(url: &str) -> anyhow::Result<Db> {
    let db = Db::open(url, true).await?;
    store::schema::prepare(&db, Uuid::nil(), true, 0).await?;
    Ok(db)
}

fn print(results: Results, json: bool) -> anyhow::Result<()> {
    if json {
        say!("{}", serde_json::to_string(&results)?);
        return Ok(());
    }
    for figure in &results.results {
        say!(
            "{:<28} {:>10.0} {}   {:>6.2} of {:>10.0} ({})",
            figure.name, figure.value, figure.unit, figure.ratio, figure.limit, figure.limit_name
        );
    }
    Ok(())
}
