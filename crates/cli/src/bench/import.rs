//! `bench import`: a generated line list by the `import` command itself, as its user runs it: a process that reads the
//! file, and a register that is there already.

use crate::{
    demo,
    import::Report,
    place::{DEFAULT, Place},
    printing::say,
};
use anyhow::{Context as _, bail};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use twin::{
    Spec, World,
    linelist::{Accounting, LineList, LineListSpec, MAPPING},
};

/// What `bench import` takes.
#[derive(Args)]
pub struct Arguments {
    /// Rows of the list: 3 % near-duplicates, 1 % bad, 2 % of people in the register.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// People in the register before.
    #[arg(long, default_value_t = 20_000)]
    population: u32,
    /// The same seed makes the same list.
    #[arg(long, default_value_t = 3)]
    seed: u64,
    /// Kills the first run after so many milliseconds and runs it again.
    #[arg(long, value_name = "MILLISECONDS")]
    kill_after: Option<u64>,
    /// Where the files lie; a temporary folder where nothing is said.
    #[arg(long)]
    keep: Option<PathBuf>,
}

const HOUR_MILLIS: i64 = 3_600_000;

/// Runs the bench.
pub async fn run(mut place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir().context("a temporary folder cannot be made")?;
    let folder = arguments.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    if place.database == DEFAULT {
        place.database = format!("sqlite:{}", folder.join("firebreak/firebreak.sqlite").display());
    }
    place.account = Some("epidemiologist".to_owned());
    let now = Timestamp::now();
    let today = TimeZone::get("Asia/Shanghai")?.to_datetime(now).date();
    let world = World::generate(Spec::new(arguments.population, arguments.seed, today))?;
    demo::make_healthy(&place, &world, now.as_millisecond() - HOUR_MILLIS).await?;
    let spec = LineListSpec::new(arguments.rows, today.yesterday()?, arguments.population);
    let file = folder.join("linelist.csv");
    let accounting = LineList::new(&world, spec)?.write(std::io::BufWriter::new(std::fs::File::create(&file)?))?;
    std::fs::write(folder.join("linelist.toml"), MAPPING)?;
    say!("{} people in the register; {} rows, {} MB", arguments.population, accounting.rows, std::fs::metadata(&file)?.len() / 1_000_000);
    if let Some(after) = arguments.kill_after {
        kill(&place, &folder, Duration::from_millis(after))?;
    }
    let first = import(&place, &folder)?;
    tell("first", &first, &accounting)?;
    let again = import(&place, &folder)?;
    tell("again", &again, &accounting)?;
    if (again.created, again.updated, again.duplicates) != (0, 0, 0) {
        bail!("the same file again made or changed something");
    }
    // A server's database is no file here.
    if let Ok(file) = std::fs::metadata(place.database.trim_start_matches("sqlite:")) {
        say!("database {} MB", file.len() / 1_000_000);
    }
    let words: Vec<String> = at(&place).iter().map(|word| word.to_string_lossy().into_owned()).collect();
    say!("next: firebreak verify {}", words.join(" "));
    Ok(())
}

/// Where it all lies, as options of any command.
fn at(place: &Place) -> Vec<OsString> {
    let mut options: Vec<OsString> = vec!["--database".into(), place.database.clone().into()];
    options.extend(place.keys.iter().flat_map(|keys| [OsString::from("--keys"), keys.into()]));
    for (option, path) in [("--folder", &place.folder), ("--master-key", &place.master_key)] {
        options.extend(path.iter().flat_map(|path| [OsString::from(option), path.into()]));
    }
    options
}

/// The command as its user would type it.
fn command(place: &Place, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["import", "--as", "linelist", "--json", "--account", "epidemiologist"]).args(at(place));
    command.arg("--map").arg(folder.join("linelist.toml")).arg(folder.join("linelist.csv"));
    Ok(command)
}

fn import(place: &Place, folder: &Path) -> anyhow::Result<Report> {
    let output = command(place, folder)?.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the import ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Starts the import and kills it.
fn kill(place: &Place, folder: &Path, after: Duration) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut child = command(place, folder)?.stdout(Stdio::null()).spawn()?;
    while started.elapsed() < after {
        if let Some(status) = child.try_wait()? {
            bail!("the import was over ({status}) before it could be killed");
        }
        std::thread::yield_now();
    }
    child.kill()?;
    child.wait()?;
    say!("killed after {after:?}");
    Ok(())
}

/// Prints a run and checks that each row is accounted for, the bad ones by what is wrong with them.
fn tell(run: &str, report: &Report, accounting: &Accounting) -> anyhow::Result<()> {
    say!(
        "{run}: {:.1} s, {:.0} rows/s, peak {} MB; {}, of {} bad",
        report.seconds,
        report.rows as f64 / report.seconds,
        report.peak_resident_bytes.unwrap_or(0) / 1_000_000,
        report.in_words(),
        accounting.bad(),
    );
    let ended: i64 = report.ended().iter().map(|(rows, _)| rows).sum();
    if ended != report.rows || report.rows != i64::from(accounting.rows) {
        bail!("rows in are not rows accounted for");
    }
    Ok(())
}
