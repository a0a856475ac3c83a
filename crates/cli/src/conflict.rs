//! `firebreak conflict`: corrections that found the record changed meanwhile, before a person who may correct it.

use crate::{
    born,
    place::Place,
    printing::{note, say},
};
use domain::kernel::dispute::Disputed;
use serde_json::{Value, json};
use std::sync::PoisonError;
use store::{
    access_log::AccessLog,
    conflict::{Conflict, Verdict},
    store::Store,
};
use uuid::Uuid;

/// What to do with conflicts.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Lists the open ones that the account may decide: the record, and of each field what stands and what is asked.
    List {
        /// One JSON object a line instead of words.
        #[arg(long)]
        json: bool,
        /// Most of them.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// The record stays as it stands. An import of the same value does not ask again.
    Stands {
        /// Their ids, as `list` says them: with the version of the record, so that nothing is decided over what was not
        /// looked at. An id alone decides over the record as it stands.
        #[arg(required = true, value_name = "ID[@VERSION]", value_parser = named)]
        ids: Vec<Named>,
    },
    /// What the correction asks is done, as this account.
    Take {
        /// Their ids, as `list` says them: with the version of the record, so that nothing is decided over what was not
        /// looked at. An id alone decides over the record as it stands.
        #[arg(required = true, value_name = "ID[@VERSION]", value_parser = named)]
        ids: Vec<Named>,
    },
}

/// A conflict, and the version of its record that was looked at.
type Named = (Uuid, Option<i64>);

fn named(text: &str) -> Result<Named, String> {
    let (id, version) = match text.split_once('@') {
        Some((id, version)) => (id, Some(version.parse().map_err(|_| "the version is a whole number".to_owned())?)),
        None => (text, None),
    };
    Ok((id.parse().map_err(|_| "give an id as `list` says it".to_owned())?, version))
}

/// Conflicts read at once.
const PAGE: u32 = 200;

/// Runs it.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let store = place.open().await?;
    let done = match arguments.act {
        Act::List { json, limit } => list(&place, &store, json, limit).await,
        Act::Stands { ids } => decide(&place, &store, ids, Verdict::Stands).await,
        Act::Take { ids } => decide(&place, &store, ids, Verdict::Taken).await,
    };
    store.close().await;
    done
}

async fn list(place: &Place, store: &Store, json: bool, limit: u32) -> anyhow::Result<()> {
    let actor = place.actor(store).await?;
    let shared = born::entropy();
    let mut entropy = move |buffer: &mut [u8]| (shared.lock().unwrap_or_else(PoisonError::into_inner))(buffer);
    let log = AccessLog::open(store.clone(), 1, &mut entropy).await?;
    let (mut mark, mut listed, limit) = (None, 0, limit as usize);
    loop {
        let left = u32::try_from(limit - listed).unwrap_or(PAGE).min(PAGE);
        let (page, next) = log.release(store.conflicts(&actor, mark, left).await?).await?;
        listed += page.len();
        for conflict in &page {
            if json { say!("{}", object(conflict)) } else { tell(conflict) }
        }
        mark = next;
        if listed >= limit || mark.is_none() {
            break;
        }
    }
    if mark.is_some() {
        note!("there may be more: say --limit");
    } else if !json && listed == 0 {
        note!("no conflict is open that this account may decide");
    }
    Ok(())
}

fn tell(conflict: &Conflict) {
    let since = jiff::Timestamp::from_millisecond(conflict.since).map(|at| at.to_string()).unwrap_or_default();
    let version = conflict.version;
    say!("{}@{version} {} {} since {since}, by account {}", conflict.id.0, conflict.noun, conflict.record, conflict.by.0);
    for Disputed { field, seen, stands, asked } in &conflict.fields {
        say!("    {field}: stands {}, asked {}, was {}", shown(stands), shown(asked), shown(seen));
    }
    for field in &conflict.withheld {
        say!("    {field}: not for this account to see");
    }
    if conflict.fields.is_empty() && conflict.withheld.is_empty() {
        say!("    {}", if conflict.can_be_taken { "nothing differs any more" } else { "no correction: look at the record" });
    }
}

fn shown(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
}

fn object(conflict: &Conflict) -> Value {
    let field = |disputed: &Disputed| {
        json!({ "field": disputed.field, "stands": disputed.stands, "asked": disputed.asked, "was": disputed.seen })
    };
    json!({
        "id": conflict.id.0,
        "stream": conflict.stream.0,
        "noun": conflict.noun,
        "record": conflict.record,
        "version": conflict.version,
        "since": conflict.since,
        "by": conflict.by.0,
        "fields": conflict.fields.iter().map(field).collect::<Vec<_>>(),
        "withheld": conflict.withheld,
        "can_be_taken": conflict.can_be_taken,
    })
}

async fn decide(place: &Place, store: &Store, ids: Vec<Named>, verdict: Verdict) -> anyhow::Result<()> {
    let actor = place.actor(store).await?;
    let word = match verdict {
        Verdict::Stands => "the record stands",
        Verdict::Taken => "taken",
    };
    let mut undecided = 0;
    for (id, seen) in ids {
        match store.decide_conflict(&actor, id, seen, verdict).await {
            Ok(()) => say!("{id}: {word}"),
            Err(error) => {
                undecided += 1;
                note!("{id}: {error}");
            }
        }
    }
    anyhow::ensure!(undecided == 0, "{undecided} conflicts were not decided");
    Ok(())
}
