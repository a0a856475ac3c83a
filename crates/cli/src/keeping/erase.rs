//! `erase`: a person's values, asked for by one account and approved by another (DESIGN §13.14).

use crate::{
    account::{explained, new_id},
    place::Place,
    printing::say,
};
use anyhow::{Context as _, bail};
use domain::{
    access::{Action, Actor},
    id::{AccountId, CommandId, ErasureId, PersonId, StreamId},
    kernel::{self, Envelope, Outcome, group::Submission},
    noun::erasure::{Command, Ending, Ground, Request},
    seal::Class,
};
use std::{collections::BTreeSet, sync::Arc};
use store::{
    access_log::Download,
    store::Store,
    vault::{Erasure, ErasureLedger, LedgerEntry},
};
use uuid::Uuid;

/// What to erase.
#[derive(clap::Args)]
pub struct Erase {
    /// The person's id: asks for the erasure.
    #[arg(required_unless_present = "approve", conflicts_with = "approve", requires = "reason")]
    person: Option<Uuid>,
    /// Why: asked, retention_over, ordered or unlawful.
    #[arg(long, value_parser = ground)]
    reason: Option<Ground>,
    /// Approves a request of another account, and erases; given again it completes an erasure that was cut off.
    #[arg(long, value_name = "REQUEST")]
    approve: Option<Uuid>,
    /// Rewrites the files as well; on PostgreSQL this is what takes old row versions out, and others wait meanwhile.
    #[arg(long, requires = "approve")]
    compact: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

fn ground(text: &str) -> Result<Ground, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| "give asked, retention_over, ordered or unlawful".to_owned())
}

/// Asks or approves.
pub async fn erase(place: Place, arguments: Erase) -> anyhow::Result<()> {
    let store = place.open().await?;
    let by = place.actor(&store).await?;
    let done = match (arguments.person, arguments.reason, arguments.approve) {
        (Some(person), Some(ground), None) => ask(&store, by, PersonId(person), ground, arguments.json).await,
        (_, _, Some(request)) => approve(&place, &store, by, ErasureId(request), &arguments).await,
        _ => Err(anyhow::anyhow!("give a person and --reason, or --approve REQUEST")),
    };
    store.close().await;
    done
}

async fn ask(store: &Store, by: Arc<Actor>, person: PersonId, ground: Ground, json: bool) -> anyhow::Result<()> {
    let decision = store.judge_record(&by, Action::ErasureRequest, person.0).await?;
    if !decision.allowed {
        return Err(explained(store::accounts::AccountError::Denied(Box::new(decision))));
    }
    let stream = store.home(person.0).await?.with_context(|| format!("there is no person {person}"))?;
    let classes = BTreeSet::from(Class::ALL);
    accepted(store, by.clone(), stream, Command::Request { person, classes, ground, note: None }).await?;
    let request = ErasureId::of(person);
    let taken = takers(store, &by, person).await;
    if json {
        say!("{}", serde_json::json!({ "request": request, "read_by": reads(&taken), "files": files(&taken) }));
        return Ok(());
    }
    say!("erasure {request} is asked for; another account approves it: `firebreak erase --approve {request}`");
    print_takers(taken);
    Ok(())
}

async fn approve(
    place: &Place,
    store: &Store,
    by: Arc<Actor>,
    id: ErasureId,
    arguments: &Erase,
) -> anyhow::Result<()> {
    may(store, &by, Action::ErasureRead, id).await?;
    let (stream, file) = store.erasure_file(id).await?.with_context(|| format!("there is no request {id}"))?;
    let request = file.requests.last().with_context(|| format!("nobody asked for erasure {id}"))?;
    let taken = takers(store, &by, file.person).await;
    // A ledger with faults is refused before anything is erased.
    let (mut ledger, entries) = ErasureLedger::open(&place.ledger_file()?)?;
    // The door first: a hold and the approval meet in one record, and only what was approved enters the ledger. A crash
    // after it is repaired by approving again, which `doctor` asks for; what two people decided may be completed by
    // whoever may see it.
    let approver = match request.ended {
        Some(ended) if ended.how == Ending::Approved => ended.by.0,
        _ => {
            may(store, &by, Action::ErasureApprove, id).await?;
            accepted(store, by.clone(), stream, Command::Approve { id }).await?;
            by.account
        }
    };
    let persons: Vec<Uuid> = store.with_merged(file.person).await?.into_iter().map(|person| person.0).collect();
    let classes: Vec<u8> = request.classes.iter().map(|class| *class as u8).collect();
    for person in &persons {
        enter(&mut ledger, &entries, store.now(), *person, &classes, id, request, approver)?;
    }
    let count = ErasureLedger::read(&place.ledger_file()?, None)?.0.len();
    store.set_property("ledger_entries", &count.to_string()).await?;
    store.complete_erasure(&persons, &classes, AccountId(approver)).await?;
    let scrubbed = store.scrub(arguments.compact).await?;
    if arguments.compact {
        store.vault().compact().await?;
    }
    if arguments.json {
        say!(
            "{}",
            serde_json::json!({ "erased": persons, "read_by": reads(&taken), "files": files(&taken), "log_emptied": scrubbed })
        );
    } else {
        say!("erased: {} records of person {}", persons.len(), file.person);
        print_takers(taken);
        if place.database.starts_with("postgres") && !arguments.compact {
            say!(
                "old row versions stay in PostgreSQL's files until they are reused; --compact takes them out now"
            );
        }
    }
    if !scrubbed {
        bail!("the write-ahead log is being read and was not emptied; run the same command again");
    }
    Ok(())
}

async fn may(store: &Store, by: &Actor, action: Action, id: ErasureId) -> anyhow::Result<()> {
    let decision = store.judge_record(by, action, id.0).await?;
    match decision.allowed {
        true => Ok(()),
        false => Err(explained(store::accounts::AccountError::Denied(Box::new(decision)))),
    }
}

/// Writes a person into the ledger, once per request.
#[allow(clippy::too_many_arguments)]
fn enter(
    ledger: &mut ErasureLedger,
    entries: &[LedgerEntry],
    now: i64,
    person: Uuid,
    classes: &[u8],
    id: ErasureId,
    request: &Request,
    approver: Uuid,
) -> anyhow::Result<()> {
    let known = |erasure: &Erasure| {
        erasure.person == person && erasure.request == id.0 && erasure.classes == classes && erasure.at >= request.at
    };
    if !entries.iter().any(|entry| known(&entry.erasure())) {
        let approvers = vec![request.by.0, approver];
        ledger.append(&Erasure {
            person,
            classes: classes.to_vec(),
            at: now.max(request.at),
            request: id.0,
            approvers,
        })?;
    }
    Ok(())
}

async fn accepted(store: &Store, by: Arc<Actor>, stream: StreamId, command: Command) -> anyhow::Result<()> {
    let envelope = Envelope::new(CommandId(new_id()), stream, kernel::Command::from(command));
    match store.submit(vec![Submission::by(by, envelope)]).await.into_iter().next() {
        Some(Ok(Outcome::Accepted { .. })) => Ok(()),
        Some(Ok(Outcome::Declined(refusal))) => {
            bail!(
                "declined by rule {} ({:?}); put right what it names and give the command again",
                refusal.rule,
                refusal.answer
            )
        }
        Some(Err(error)) => Err(error).context("nothing was written"),
        None => bail!("the door gave no answer; nothing was written"),
    }
}

/// Who had the person's data: read here, and taken away in files, which lie outside the reach of an erasure.
struct Taken {
    reads: Vec<Taker>,
    files: Vec<Download>,
}

#[derive(serde::Serialize)]
struct Taker {
    at: i64,
    name: String,
    action: String,
    records: usize,
}

fn reads(taken: &anyhow::Result<Taken>) -> Option<&[Taker]> {
    taken.as_ref().ok().map(|taken| taken.reads.as_slice())
}

fn files(taken: &anyhow::Result<Taken>) -> Option<&[Download]> {
    taken.as_ref().ok().map(|taken| taken.files.as_slice())
}

async fn takers(store: &Store, by: &Actor, person: PersonId) -> anyhow::Result<Taken> {
    let readers = store.who_read(by, person, 0, store.now().saturating_add(1)).await.map_err(explained)?;
    let files = store.downloads_of(by, person).await.map_err(explained)?;
    let taker = |reader: store::access_log::Reader| Taker {
        at: reader.read.at,
        name: reader.read.name.unwrap_or_else(|| reader.read.account.to_string()),
        action: reader.read.action,
        records: reader.records.len(),
    };
    // Pages of files are told as files.
    let reads = readers.into_iter().filter(|reader| !reader.read.query.starts_with("export ")).map(taker).collect();
    Ok(Taken { reads, files })
}

fn print_takers(taken: anyhow::Result<Taken>) {
    let when = |at: i64| jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string());
    match taken {
        Ok(taken) => {
            if !taken.files.is_empty() {
                say!("files that hold the person's records; ask those who took them to destroy them:");
            }
            for file in &taken.files {
                let name = file.name.clone().unwrap_or_else(|| file.account.to_string());
                let how = if file.identified { "with names" } else { "de-identified" };
                say!("  {}\t{name}\t{} as {}, {how}\t{} rows", when(file.at), file.what, file.format, file.rows);
            }
            if taken.reads.is_empty() && taken.files.is_empty() {
                say!("nobody has read or exported the person's records");
            } else if !taken.reads.is_empty() {
                say!("read by:");
            }
            for taker in &taken.reads {
                say!("  {}\t{}\t{}\t{} records", when(taker.at), taker.name, taker.action, taker.records);
            }
        }
        Err(error) => say!("who read the records is for an inspector to see: {error:#}"),
    }
}
