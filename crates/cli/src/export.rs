//! `firebreak export`: records into a file, as a named account. The file appears under its name when it is whole.

mod file;

use crate::{account::new_id, born, place::Place, printing::{self, note, say}};
use anyhow::{Context as _, anyhow, bail};
use domain::{
    access::Purpose,
    id::OutbreakId,
    kernel::Aggregate,
};
use exchange::{
    Noun,
    export::{Fields, Language, Layout, Lists},
    source::Format,
    write::{WriteOptions, Writer},
};
use file::Target;
use std::{io::IsTerminal as _, path::PathBuf, sync::PoisonError};
use store::{
    access_log::AccessLog,
    query::{QueryError, Take, Taken, Taking, What, Widths},
    store::Store,
};

/// What `export` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file; the standard output where none is named.
    pub file: Option<PathBuf>,
    /// What its rows are: linelist (cases), contacts, exposures, followups, people or places.
    #[arg(long, alias = "as", value_parser = what)]
    pub what: What,
    /// csv, xlsx or json; by the file's ending where nothing is said.
    #[arg(long, value_parser = format)]
    pub format: Option<Format>,
    /// Id or name of the outbreak; the only one where there is one.
    #[arg(long)]
    pub outbreak: Option<String>,
    /// With names and numbers, in columns that an import reads back. Otherwise pseudonyms and age bands.
    #[arg(long)]
    pub identified: bool,
    /// What the names are for, such as `trace`: the purpose of your post.
    #[arg(long, requires = "identified", value_parser = purpose)]
    pub purpose: Option<Purpose>,
    /// Words at the head of columns: zh or en; otherwise the fields' own names. A file with names in other words comes with
    /// a mapping beside it.
    #[arg(long, value_parser = language)]
    pub language: Option<Language>,
    /// As recorded by this instant, such as 2026-03-01T08:00:00Z; for line lists.
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<jiff::Timestamp>,
    /// The system whose ids name the records, where they have one.
    #[arg(long, default_value = "import")]
    pub source: String,
    /// Puts the file in the place of one that is there.
    #[arg(long)]
    pub overwrite: bool,
    /// One JSON object instead of words.
    #[arg(long)]
    pub json: bool,
}

fn what(name: &str) -> Result<What, String> {
    let name = if name == "cases" { What::Linelist.name() } else { name };
    What::ALL.into_iter().find(|what| what.name() == name).ok_or_else(|| {
        let names: Vec<&str> = What::ALL.iter().map(|what| what.name()).collect();
        format!("write one of {}", names.join(", "))
    })
}

fn format(name: &str) -> Result<Format, String> {
    named_format(name).ok_or_else(|| "write csv, xlsx or json".to_owned())
}

fn named_format(name: &str) -> Option<Format> {
    match name.to_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "xlsx" => Some(Format::Xlsx),
        "json" => Some(Format::Json),
        _ => None,
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
        Format::Json => "json",
    }
}

fn purpose(name: &str) -> Result<Purpose, String> {
    Purpose::from_name(name).ok_or_else(|| {
        format!("write one of {}", Purpose::ALL.iter().map(|purpose| purpose.name()).collect::<Vec<_>>().join(", "))
    })
}

fn language(name: &str) -> Result<Language, String> {
    match name {
        "zh" => Ok(Language::Chinese),
        "en" => Ok(Language::English),
        _ => Err("write zh or en".to_owned()),
    }
}

fn noun(what: What) -> Noun {
    match what {
        What::Linelist => Noun::Linelist,
        What::Contacts => Noun::Contacts,
        What::Exposures => Noun::Exposures,
        What::Followups => Noun::Followups,
        What::People => Noun::People,
        What::Places => Noun::Places,
    }
}

/// What was said; else what the file's ending says; CSV on the standard output.
fn format_of(arguments: &Arguments) -> anyhow::Result<Format> {
    let Some(file) = &arguments.file else { return Ok(arguments.format.unwrap_or(Format::Csv)) };
    let by_ending = file.extension().and_then(|ending| named_format(&ending.to_string_lossy()));
    arguments.format.or(by_ending).with_context(|| {
        format!("the ending of {} names no format: end it in .csv, .xlsx or .json, or say --format", file.display())
    })
}

/// Runs it.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let started = std::time::Instant::now();
    let format = format_of(&arguments)?;
    let mut targets = Target::open(&arguments)?;
    let store = place.open().await?;
    let done = tokio::select! {
        done = write(&place, &store, &arguments, format, &mut targets) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("stopped: no file was written; pages read so far are in the access log")),
    };
    store.close().await;
    let rows = done?;
    targets.appear()?;
    report(&arguments, format, rows, started.elapsed().as_secs_f64());
    Ok(())
}

/// Writes all rows into the target; how many.
async fn write(
    place: &Place,
    store: &Store,
    arguments: &Arguments,
    format: Format,
    target: &mut Target,
) -> anyhow::Result<u64> {
    let actor = place.actor(store).await?;
    let as_of = arguments.as_of.map(jiff::Timestamp::as_millisecond);
    if as_of.is_some_and(|instant| instant > store.now()) {
        bail!("--as-of lies in the future: what will be recorded by then is not known; leave it out for what is known now");
    }
    let shared = born::entropy();
    let mut entropy = move |buffer: &mut [u8]| (shared.lock().unwrap_or_else(PoisonError::into_inner))(buffer);
    // The log's stream is the server's, so that limits are counted over both.
    let log = AccessLog::open(store.clone(), 1, &mut entropy).await?;
    let take = Take {
        id: new_id(),
        what: arguments.what,
        format: format_name(format).to_owned(),
        identified: arguments.identified,
        purpose: arguments.purpose,
        outbreak: outbreak(store, arguments).await?,
        system: arguments.source.clone(),
        as_of,
    };
    let begun = store.take(&actor, take, &mut entropy).await.map_err(explained)?;
    let mut taking: Taking = log.release(begun).await?;
    let language = arguments.language.unwrap_or_default();
    let layout = if arguments.identified {
        Layout::identified(noun(arguments.what), lists(taking.widths))
    } else {
        Layout::deidentified(noun(arguments.what))
    };
    let options = WriteOptions {
        sheet: arguments.what.name().to_owned(),
        scratch: target.folder(),
        // The same records give the same bytes, so the workbook tells no time; the log does.
        written_at: 0,
        ..WriteOptions::default()
    };
    let mut writer = Writer::create(format, target.sink()?, &layout.headers(language), &options)?;
    let quiet = arguments.json || !std::io::stderr().is_terminal();
    while let Some(page) = taking.next(store).await.map_err(explained)? {
        for row in log.release(page).await? {
            writer.row(&layout.cells(&Row(&row))?)?;
        }
        if !quiet {
            printing::err(format_args!("\r{} rows", writer.rows()));
        }
    }
    if !quiet {
        note!();
    }
    let rows = writer.rows();
    target.whole(writer.finish()?)?;
    if arguments.identified && language != Language::Fields {
        target.mapping(&layout.mapping(language))?;
    }
    Ok(rows)
}

fn lists(widths: Widths) -> Lists {
    Lists { documents: widths.documents, phones: widths.phones, languages: widths.languages }
}

/// A row of the store as the writer's columns read it.
struct Row<'t>(&'t Taken);

impl Fields for Row<'_> {
    fn value(&self, record: &str, field: &str) -> Option<&serde_json::Value> {
        self.0.get(record, field)
    }
}

async fn outbreak(store: &Store, arguments: &Arguments) -> anyhow::Result<Option<OutbreakId>> {
    let mut register = store.look_up().await?;
    let outbreaks = register.outbreaks().await?;
    register.end().await?;
    let all: Vec<_> = outbreaks
        .into_values()
        .filter_map(|located| match located.aggregate {
            Aggregate::Outbreak(outbreak) => Some(outbreak),
            _ => None,
        })
        .collect();
    if let Some(named) = &arguments.outbreak {
        let found = all.iter().find(|outbreak| outbreak.id.to_string() == *named || outbreak.name == *named);
        return Ok(Some(found.with_context(|| format!("there is no outbreak {named}: give its id or name"))?.id));
    }
    match all.as_slice() {
        [only] => Ok(Some(only.id)),
        _ if !arguments.what.is_of_an_outbreak() => Ok(None),
        [] => bail!("there is no outbreak yet, so there is nothing to export"),
        _ => bail!("there are several outbreaks: name one by --outbreak ID or name"),
    }
}

/// The refusal with the reason and the remedy of the access table.
fn explained(error: QueryError) -> anyhow::Error {
    match error {
        QueryError::Denied(decision) => {
            let text = |text: &Option<domain::access::Text>| text.as_ref().map_or("", |text| text.en).to_owned();
            anyhow!("refused ({}): {} {}", decision.rule, text(&decision.reason), text(&decision.remedy))
        }
        other => anyhow!(other),
    }
}

fn report(arguments: &Arguments, format: Format, rows: u64, seconds: f64) {
    let Some(file) = &arguments.file else { return };
    if arguments.json {
        let report = serde_json::json!({
            "rows": rows,
            "what": arguments.what.name(),
            "format": format_name(format),
            "identified": arguments.identified,
            "file": file.display().to_string(),
            "seconds": (seconds * 1000.0).round() / 1000.0,
        });
        say!("{report}");
        return;
    }
    let how = if arguments.identified { "with names: keep it as you would keep the records" } else { "de-identified" };
    say!("{rows} rows are in {} ({how})", file.display());
    if arguments.identified && arguments.language.is_some_and(|language| language != Language::Fields) {
        say!("its mapping is in {}: import with --map", file::mapping_of(file).display());
    }
}
