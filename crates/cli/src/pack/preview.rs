//! `pack preview`: what another pack would move, before anybody adopts it (DESIGN §5, §13.6). Nothing is changed.

use crate::{account::explained, place::Place, printing::say};
use anyhow::{Context as _, bail};
use domain::{
    access::Action,
    id::OutbreakId,
    noun::{contact::Contact, outbreak::Outbreak},
    pack::{FigureMove, Pack, Shelf, preview, preview_plan},
};
use std::{collections::BTreeMap, path::PathBuf};
use store::{accounts::AccountError, store::Store};
use uuid::Uuid;

/// What to compare.
#[derive(clap::Args)]
pub struct Preview {
    /// The outbreak: its pack is compared, and its running follow-ups.
    #[arg(long)]
    outbreak: Uuid,
    /// The pack that is thought of: the name of a shipped one as `pack list` says it, or a pack file.
    #[arg(long)]
    to: String,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Running follow-ups that would move alike. `None`: the new pack has no clock for them, and they keep what they have.
#[derive(serde::Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    ring: String,
    shift_days: Option<i64>,
    tests_added: usize,
    tests_dropped: usize,
}

/// Previews.
pub async fn run(place: Place, arguments: Preview) -> anyhow::Result<()> {
    let to = thought_of(&arguments.to)?;
    let store = place.open().await?;
    let shown = show(&place, &store, &to, &arguments).await;
    store.close().await;
    shown
}

async fn show(place: &Place, store: &Store, to: &Pack, arguments: &Preview) -> anyhow::Result<()> {
    let by = place.actor(store).await?;
    let id = OutbreakId(arguments.outbreak);
    // Numbers only, and no person.
    let decision = store.judge_record(&by, Action::PackPreview, id.0).await?;
    if !decision.allowed {
        return Err(explained(AccountError::Denied(Box::new(decision))));
    }
    let found = store.look_up().await?.located([id.0].into()).await?;
    let outbreak = found.get(&id.0).and_then(|located| <Outbreak as domain::noun::Of>::of(&located.aggregate));
    let outbreak = outbreak.with_context(|| format!("there is no outbreak {id}"))?;
    let shelf = Shelf::shipped();
    let from = shelf.get(&outbreak.pack).with_context(|| format!("this program has no pack {}", outbreak.pack))?;
    let figures = preview(from, to);
    let moves = running(store, &shelf, to, id).await?;
    if arguments.json {
        let moves: Vec<_> = moves
            .iter()
            .map(|(alike, contacts)| serde_json::json!({ "alike": alike, "contacts": contacts }))
            .collect();
        let (from, to) = (from.reference().to_string(), to.reference().to_string());
        say!("{}", serde_json::json!({ "from": from, "to": to, "figures": figures, "follow_ups": moves }));
        return Ok(());
    }
    say!("{} to {}: {} numbers differ", from.reference(), to.reference(), figures.len());
    figures.iter().for_each(print_figure);
    say!("running follow-ups, were they judged by {}:", to.reference());
    for (Alike { ring, shift_days, tests_added, tests_dropped }, contacts) in &moves {
        match shift_days {
            Some(days) => {
                say!("  {contacts}\t{ring}\t{days:+} days, {tests_added} tests more, {tests_dropped} fewer")
            }
            None => say!("  {contacts}\t{ring}\tno clock in this pack"),
        }
    }
    say!("nothing was changed; records already judged keep the pack that judged them");
    Ok(())
}

fn print_figure(moved: &FigureMove) {
    let numbers = |list: &[i64]| match list {
        [] => "none".to_owned(),
        list => list.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
    };
    let unit = serde_json::to_value(moved.unit).ok().and_then(|unit| unit.as_str().map(str::to_owned));
    say!(
        "  {}\t{} -> {} {}",
        moved.clock,
        numbers(&moved.before),
        numbers(&moved.after),
        unit.unwrap_or_default()
    );
}

/// Running follow-ups with a clock, counted by what would happen to them. Each is compared with the pack that judged it.
async fn running(
    store: &Store,
    shelf: &Shelf,
    to: &Pack,
    outbreak: OutbreakId,
) -> anyhow::Result<BTreeMap<Alike, usize>> {
    let mut moves = BTreeMap::new();
    for contact in store.running_follow_ups(outbreak).await? {
        let Some(alike) = alike(&contact, shelf, to)? else { continue };
        *moves.entry(alike).or_insert(0) += 1;
    }
    Ok(moves)
}

fn alike(contact: &Contact, shelf: &Shelf, to: &Pack) -> anyhow::Result<Option<Alike>> {
    let Some(plan) = &contact.judgement.plan else { return Ok(None) };
    let from = shelf.get(&contact.pack).with_context(|| format!("this program has no pack {}", contact.pack))?;
    let ring = contact.judgement.ring;
    let moved = preview_plan(from, to, ring, &plan.dates).ok();
    Ok(Some(Alike {
        ring: ring.to_string(),
        shift_days: moved.as_ref().map(|moved| moved.shift_days),
        tests_added: moved.as_ref().map_or(0, |moved| moved.tests_added.len()),
        tests_dropped: moved.as_ref().map_or(0, |moved| moved.tests_dropped.len()),
    }))
}

fn thought_of(named: &str) -> anyhow::Result<Pack> {
    if let Some(shipped) = Shelf::shipped().packs().find(|pack| pack.reference().to_string() == named) {
        return Ok(shipped.clone());
    }
    let file = PathBuf::from(named);
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!("{named} is neither a shipped pack (`firebreak pack list` names them) nor a readable pack file")
    })?;
    match Pack::parse(&text) {
        Ok(pack) => Ok(pack),
        Err(faults) => {
            faults.iter().for_each(|fault| say!("{named}:{fault}"));
            bail!("{} faults; there is nothing to preview", faults.len())
        }
    }
}
