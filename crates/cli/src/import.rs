//! `firebreak import`: a file into the register, through the same door as people, as a named account.

mod ahead;
mod batch;
mod begin;
mod found;

use crate::place::Place;
use anyhow::{Context as _, bail};
use exchange::{Limits, Mapping, Noun, RowStream};
use std::{io::IsTerminal as _, path::PathBuf};

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
    /// Where refused rows go, to be corrected and imported again; beside the file where nothing is said.
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
    spare_inputs(&arguments)?;
    let (stream, mapping_text) = open(&arguments)?;
    let store = place.open_keeping(KEYS).await?;
    let actor = place.actor(&store).await?;
    let import = begin::begin(&store, actor, &arguments, mapping_text.as_bytes(), stream.expected_rows()).await?;
    let quiet = arguments.json || !std::io::stderr().is_terminal();
    let tally = batch::Run::new(&store, import, stream, &arguments, quiet)?.to_the_end().await?;
    store.close().await;
    report(&tally, &arguments, started.elapsed().as_secs_f64());
    Ok(())
}

/// Where refused rows go: where the account said, or beside the file.
fn errors_path(arguments: &Arguments) -> PathBuf {
    arguments.errors.clone().unwrap_or_else(|| arguments.file.with_extension("errors.csv"))
}

/// The errors file must not be written over what is being read, an earlier errors file that was corrected above all.
fn spare_inputs(arguments: &Arguments) -> anyhow::Result<()> {
    let errors = errors_path(arguments);
    let Ok(real) = errors.canonicalize() else { return Ok(()) };
    for input in [Some(&arguments.file), arguments.map.as_ref()].into_iter().flatten() {
        if input.canonicalize().is_ok_and(|input| input == real) {
            bail!(
                "the errors file {} is also read by this import, and would be lost: name another place by --errors",
                errors.display()
            );
        }
    }
    Ok(())
}

/// Opens file and mapping; the mapping's text, or the noun where the file is an export.
fn open(arguments: &Arguments) -> anyhow::Result<(RowStream, String)> {
    let limits = Limits::default();
    let Some(path) = &arguments.map else {
        let file = std::fs::File::open(&arguments.file)
            .with_context(|| format!("{} cannot be opened", arguments.file.display()))?;
        let stream = exchange::open_export(Box::new(file), arguments.noun, &limits)?;
        return Ok((stream, arguments.noun.name().to_owned()));
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mapping = Mapping::parse(&text).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the mapping {} cannot be used:\n{}", path.display(), lines.join("\n"))
    })?;
    if mapping.noun != arguments.noun {
        bail!("the mapping is for {}: use --as {0}, or another mapping", mapping.noun.name());
    }
    Ok((exchange::open_path(&arguments.file, &mapping, &limits)?, text))
}

fn suggest(arguments: &Arguments, out: &PathBuf) -> anyhow::Result<()> {
    let file = std::fs::File::open(&arguments.file)
        .with_context(|| format!("{} cannot be opened", arguments.file.display()))?;
    let draft = exchange::suggest::draft_for(Box::new(file), arguments.noun, &Limits::default())?;
    std::fs::write(out, draft).with_context(|| format!("{} cannot be written", out.display()))?;
    println!("{} is written: read its comments, then import with --map {0}", out.display());
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
            (self.duplicates, "in the duplicates queue"),
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
        println!("{}", serde_json::json!(report));
        return;
    }
    for warning in &tally.warnings {
        eprintln!("note: {warning}");
    }
    let would = if arguments.dry_run { "would be " } else { "" };
    println!("{} rows: {would}{}", report.rows, report.in_words());
    if let Some(errors) = &tally.errors {
        println!(
            "rows refused or in conflict, with their reasons, are in {}: correct and import that file",
            errors.display()
        );
    }
}
