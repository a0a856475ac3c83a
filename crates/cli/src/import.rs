//! `firebreak import`: a file into the register, through the same door as people, as a named account.

mod ahead;
mod batch;
mod begin;
mod errors;
mod found;

use crate::{place::Place, printing::{note, say}};
use anyhow::{Context as _, bail};
use errors::Refused;
use exchange::{Limits, Mapping, Noun, RowStream, source::input};
use std::{
    io::{ErrorKind, IsTerminal as _, Write as _},
    path::PathBuf,
};

/// What `import` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file: CSV, XLSX or JSON.
    pub file: PathBuf,
    /// What its rows are.
    #[arg(long = "as", value_parser = noun)]
    pub noun: Noun,
    /// The mapping. A file that this program exported needs none.
    #[arg(long, conflicts_with = "suggest_map")]
    pub map: Option<PathBuf>,
    /// Writes a draft of a mapping and imports nothing.
    #[arg(long, value_name = "OUT.toml")]
    pub suggest_map: Option<PathBuf>,
    /// Id or name of the outbreak; the only one where there is one.
    #[arg(long)]
    pub outbreak: Option<String>,
    /// Id, code or name of the area of records that name none; the only top area where there is one.
    #[arg(long)]
    pub jurisdiction: Option<String>,
    /// Number of the command post; the only one where there is one.
    #[arg(long)]
    pub stream: Option<i64>,
    /// The system that gave the file's ids. Ids of one system are the same in all its files.
    #[arg(long, default_value = "import")]
    pub source: String,
    /// A new file for refused rows, to be corrected and imported again; beside the file where nothing is said. A dry run
    /// writes one only where it is named.
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// Says what would change, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object instead of words.
    #[arg(long)]
    pub json: bool,
}

fn noun(name: &str) -> Result<Noun, String> {
    Noun::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Noun::ALL.iter().map(|noun| noun.name()).collect();
        format!("write one of {}", names.join(", "))
    })
}

/// People whose keys an import keeps in memory: those of the batches under way, several times over.
const KEYS: usize = 10_000;

/// Runs it.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    if let Some(out) = &arguments.suggest_map {
        return suggest(&arguments, out);
    }
    let started = std::time::Instant::now();
    let (stream, mapping_text) = open(&arguments)?;
    let store = place.open_keeping(KEYS).await?;
    store.learn_keys().await?;
    let actor = place.actor(&store).await?;
    let import = begin::begin(&store, actor, &arguments, mapping_text.as_bytes(), stream.expected_rows()).await?;
    let quiet = arguments.json || !std::io::stderr().is_terminal();
    let tally = batch::Run::new(&store, import, stream, &arguments, quiet)?.to_the_end().await?;
    store.close().await;
    report(&tally, &arguments, started.elapsed().as_secs_f64());
    if tally.rows > 0 && tally.counts.refused == tally.rows {
        bail!("every row was refused: the mapping may not be this file's");
    }
    Ok(())
}

/// Opens file and mapping; the mapping's text, or the noun where the file is an export.
fn open(arguments: &Arguments) -> anyhow::Result<(RowStream, String)> {
    let limits = Limits::default();
    let Some(path) = &arguments.map else {
        let stream = exchange::open_export(input::at(&arguments.file)?, arguments.noun, &limits)?;
        return Ok((stream, arguments.noun.name().to_owned()));
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mapping = Mapping::parse(&text).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the mapping {} cannot be used:\n{}", path.display(), lines.join("\n"))
    })?;
    if mapping.noun != arguments.noun {
        bail!(
            "the mapping {} is for {}, and --as says {}: say the same in both",
            path.display(),
            mapping.noun.name(),
            arguments.noun.name()
        );
    }
    Ok((exchange::open_path(&arguments.file, &mapping, &limits)?, text))
}

fn suggest(arguments: &Arguments, out: &PathBuf) -> anyhow::Result<()> {
    let draft = exchange::suggest::draft_for(input::at(&arguments.file)?, arguments.noun, &Limits::default())?;
    let made = std::fs::File::options().write(true).create_new(true).open(out);
    let mut made = match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already, and would be lost: choose another name for the mapping", out.display())
        }
        made => made.with_context(|| format!("{} cannot be written", out.display()))?,
    };
    made.write_all(draft.as_bytes()).and_then(|()| made.sync_all())?;
    say!("{} is written: read its comments, then import with --map {0}", out.display());
    Ok(())
}

/// What `--json` prints (DESIGN §11), and what `bench import` reads of it.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Report {
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub duplicates: i64,
    pub conflicts: i64,
    pub waiting: i64,
    pub refused: i64,
    pub seconds: f64,
    /// Most memory the process held at once, bytes; nothing where the system does not tell.
    pub peak_resident_bytes: Option<u64>,
}

impl Report {
    /// Under what the rows ended: the seven counts and their words.
    pub fn ended(&self) -> [(i64, &'static str); 7] {
        [
            (self.created, "created"),
            (self.updated, "updated"),
            (self.unchanged, "unchanged"),
            (self.duplicates, "created and suspected to be doubles"),
            (self.conflicts, "in conflict"),
            (self.waiting, "waiting"),
            (self.refused, "refused"),
        ]
    }

    /// The seven counts as one sentence.
    pub fn in_words(&self) -> String {
        self.ended().map(|(rows, word)| format!("{rows} {word}")).join(", ")
    }
}

/// The high-water mark of resident memory as Linux tells it, bytes.
fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn report(tally: &batch::Tally, arguments: &Arguments, seconds: f64) {
    let counts = tally.counts;
    let report = Report {
        rows: tally.rows,
        created: counts.created,
        updated: counts.updated,
        unchanged: counts.unchanged,
        duplicates: counts.duplicate,
        conflicts: counts.conflict,
        waiting: counts.waiting,
        refused: counts.refused,
        seconds: (seconds * 1000.0).round() / 1000.0,
        peak_resident_bytes: peak_resident_bytes(),
    };
    if arguments.json {
        say!("{}", serde_json::json!(report));
        return;
    }
    for warning in &tally.warnings {
        note!("note: {warning}");
    }
    let would = if arguments.dry_run { "would be " } else { "" };
    say!("{} rows: {would}{}", report.rows, report.in_words());
    match &tally.errors {
        Refused::In(errors) => {
            say!("rows refused or in conflict, with their reasons, are in {}: correct and import that file", errors.display());
        }
        Refused::Said(reasons, more) => {
            for reason in reasons {
                note!("{reason}");
            }
            if *more > 0 {
                note!("and {more} more: name a file for all of them by --errors");
            }
        }
    }
    if report.duplicates > 0 && !arguments.dry_run {
        say!("look at the suspected doubles under /duplicates: a machine merges nobody");
    }
}
