//! Which outbreak, area and command post an import is for; a new import or one that goes on.

use super::Arguments;
use anyhow::{Context as _, bail};
use domain::{
    access::{Action, Actor},
    id::{self, CommandId, ImportId, JurisdictionId, StreamId},
    kernel::{Aggregate, Envelope, Kind, Located, group::Submission},
    noun::{
        MatchKey,
        Of as _,
        import::{self, Counts, Import},
    },
    refusal::Refusal,
    when::zone,
};
use exchange::{Noun, intake::Settings};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::Path,
    sync::Arc,
};
use store::{matching::LookUp, store::Store};
use uuid::Uuid;

/// An import that is under way.
pub struct Begun {
    /// Who imports.
    pub actor: Arc<Actor>,
    /// The command post.
    pub stream: StreamId,
    /// What holds for all rows.
    pub settings: Settings,
    /// Rows dealt with by an earlier run.
    pub rows_done: i64,
    /// What became of them.
    pub counts: Counts,
    /// What the door answered to rows of an earlier run that it did not accept.
    pub declined: BTreeMap<u32, Vec<(u8, Refusal)>>,
    /// What a person should know of earlier imports of this file.
    pub before: Option<String>,
}

/// Starts the import, or finds the one that was interrupted.
pub async fn begin(
    store: &Store,
    actor: Arc<Actor>,
    arguments: &Arguments,
    mapping: &[u8],
    rows: Option<u64>,
) -> anyhow::Result<Begun> {
    let mut register = store.look_up().await?;
    let areas = register.areas().await?;
    let jurisdiction = area(&areas, arguments.jurisdiction.as_deref())?;
    let stream = post(store, jurisdiction, arguments.stream).await?;
    let outbreak = outbreak(&register.outbreaks().await?, arguments)?;
    let (file, map) = (hash_file(&arguments.file)?, mapping_hash(mapping, arguments));
    let now = store.now();
    let of_file = imports(&mut register, &file).await?;
    register.end().await?;
    // The same rows are the same people, whatever mapping they are read by.
    let noun = kind(arguments.noun).name();
    let of_area = |import: &&Import| import.as_noun == noun && import.jurisdiction == jurisdiction;
    let complete: Vec<&Import> = of_file.iter().filter(of_area).filter(|import| import.completed_at.is_some()).collect();
    let before = complete.last().map(|import| told(import));
    let made = |import: &&&Import| import.counts.created + import.counts.duplicate > 0;
    let earlier: Vec<ImportId> = complete.iter().filter(made).map(|import| import.id).collect();
    let begun = |import, rows_done, counts| {
        let settings = Settings { import, earlier, source: arguments.source.clone(), jurisdiction, outbreak, now };
        Begun { actor: actor.clone(), stream, settings, rows_done, counts, declined: BTreeMap::new(), before }
    };
    if arguments.dry_run {
        if let Err(denied) = store.judge_area(&actor, Action::ImportPreview, jurisdiction.0).await {
            bail!("this account may not preview an import into this area: {denied}");
        }
        return Ok(begun(ImportId(id::derived(Uuid::nil(), 0, now)), 0, Counts::default()));
    }
    let same = |import: &&Import| import.mapping_blake3 == map.to_hex().as_str() && import.jurisdiction == jurisdiction;
    if let Some(running) = of_file.iter().find(|import| same(import) && import.completed_at.is_none()) {
        let declined = store.declined_rows(running.id.0).await?;
        return Ok(Begun { declined, ..begun(running.id, running.rows_done, running.counts) });
    }
    let mut cause = [0; 16];
    cause.copy_from_slice(&blake3::hash(&[file.as_bytes().as_slice(), map.as_bytes()].concat()).as_bytes()[..16]);
    let import = ImportId(id::derived(Uuid::from_bytes(cause), 0, now));
    let command = import::Command::Start {
        id: import,
        jurisdiction,
        as_noun: noun.to_owned(),
        file_name: arguments.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        file_blake3: file.to_hex().to_string(),
        mapping_blake3: map.to_hex().to_string(),
        rows: rows.and_then(|rows| i64::try_from(rows).ok()),
    };
    let envelope = Envelope::new(CommandId(id::derived(import.0, 0, now)), stream, command.into());
    for outcome in store.submit(vec![Submission::by(actor.clone(), envelope)]).await {
        if let domain::kernel::Outcome::Declined(refusal) = outcome? {
            bail!("the import cannot start: {refusal}");
        }
    }
    Ok(begun(import, 0, Counts::default()))
}

/// Imports of a file, the oldest first.
async fn imports(register: &mut LookUp, file: &blake3::Hash) -> anyhow::Result<Vec<Import>> {
    let key = BTreeSet::from([MatchKey::new("import", &[&file.to_hex()])]);
    let found = register.matching(&key).await?.into_values();
    let mut imports: Vec<Import> = found.filter_map(|located| Import::of(&located.aggregate).cloned()).collect();
    imports.sort_by_key(|import| import.id);
    Ok(imports)
}

fn told(import: &Import) -> String {
    let at = import.completed_at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let at = at.map(|at| format!(" and ended at {at}")).unwrap_or_default();
    format!("this very file was imported before{at}: its rows are held against the records they made")
}

fn kind(noun: Noun) -> Kind {
    match noun {
        Noun::People => Kind::Person,
        Noun::Places => Kind::Place,
        Noun::Linelist => Kind::Case,
        Noun::Contacts | Noun::Followups => Kind::Contact,
        Noun::Exposures => Kind::Exposure,
        Noun::Results => Kind::Sample,
    }
}

fn hash_file(path: &Path) -> anyhow::Result<blake3::Hash> {
    let mut file = std::fs::File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize()),
            n => {
                hasher.update(&buffer[..n]);
            }
        }
    }
}

/// The mapping with what else decides what rows become.
fn mapping_hash(mapping: &[u8], arguments: &Arguments) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(mapping);
    for part in [arguments.noun.name(), &arguments.source, arguments.outbreak.as_deref().unwrap_or_default()] {
        hasher.update(&[0]).update(part.as_bytes());
    }
    hasher.finalize()
}

fn area(areas: &BTreeMap<Uuid, Located>, named: Option<&str>) -> anyhow::Result<JurisdictionId> {
    let areas: Vec<_> = areas
        .values()
        .filter_map(|located| match &located.aggregate {
            Aggregate::Jurisdiction(area) => Some(area),
            _ => None,
        })
        .collect();
    let Some(named) = named else {
        let tops: Vec<_> = areas.iter().filter(|area| area.parent.is_none()).collect();
        return match tops.as_slice() {
            [only] => Ok(only.id),
            [] => bail!("there is no area yet: define one first, or restore a database that has one"),
            _ => bail!("there are several top areas: name one by --jurisdiction ID, code or name"),
        };
    };
    let called = |area: &&&domain::noun::jurisdiction::Jurisdiction| {
        let names = area.fields.names.iter().flat_map(|names| names.0.values());
        let codes = area.fields.code.iter().map(|code| &code.0);
        area.id.to_string() == named || names.chain(codes).any(|name| name.to_lowercase() == named.to_lowercase())
    };
    match areas.iter().filter(called).collect::<Vec<_>>().as_slice() {
        [only] => Ok(only.id),
        [] => bail!("no area is called {named}: give its id, code or name as it is on record"),
        _ => bail!("several areas are called {named}: give the id of one"),
    }
}

async fn post(store: &Store, area: JurisdictionId, named: Option<i64>) -> anyhow::Result<StreamId> {
    let streams = store.streams().await?;
    if let Some(named) = named {
        let found = streams.iter().find(|post| post.stream.0 == named);
        return found.map(|post| post.stream).with_context(|| format!("there is no command post number {named}"));
    }
    match streams.as_slice() {
        [only] => Ok(only.stream),
        [] => bail!("there is no command post yet: `firebreak account` makes the first one"),
        several => several
            .iter()
            .find(|post| post.jurisdiction == Some(area))
            .map(|post| post.stream)
            .context("there are several command posts: name one by --stream N"),
    }
}

type Outbreak = Option<(domain::id::OutbreakId, jiff::tz::TimeZone)>;

fn outbreak(outbreaks: &BTreeMap<Uuid, Located>, arguments: &Arguments) -> anyhow::Result<Outbreak> {
    let all: Vec<_> = outbreaks
        .values()
        .filter_map(|located| match &located.aggregate {
            Aggregate::Outbreak(outbreak) => Some(outbreak),
            _ => None,
        })
        .collect();
    let needed = !matches!(arguments.noun, Noun::People | Noun::Places);
    let chosen = match &arguments.outbreak {
        Some(named) => {
            let found = all.iter().find(|outbreak| outbreak.id.to_string() == *named || outbreak.name == *named);
            Some(*found.with_context(|| format!("there is no outbreak {named}"))?)
        }
        None => match all.iter().filter(|outbreak| outbreak.closed_at.is_none()).collect::<Vec<_>>().as_slice() {
            [only] => Some(**only),
            [] if needed => bail!("there is no open outbreak: declare one first"),
            _ if needed => bail!("there are several open outbreaks: name one by --outbreak ID or name"),
            _ => None,
        },
    };
    Ok(chosen.map(|outbreak| (outbreak.id, zone(&outbreak.time_zone))))
}
