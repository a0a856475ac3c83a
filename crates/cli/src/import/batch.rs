//! The rows, group by group: each group is one commit with its own line of progress, so that a run that is killed goes
//! on where the last commit ended, under the same ids.

mod passed;

use super::{
    Arguments,
    ahead::{Ahead, Look},
    begin::Begun,
    errors::{ErrorsPlace, Refused},
    found,
};
use anyhow::{Context as _, bail};
use domain::{
    access,
    id::{self, CommandId},
    kernel::{Command, Envelope, Outcome, group::Submission},
    noun::import::{self, Counts},
    refusal::{Answer, Refusal},
};
use exchange::{
    MappedRecord, RowError, RowOutcome, RowStream,
    intake::{Fault, Intake, Known, RowPlan, Verdict, row_error},
    source::RawRow,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use passed::Passed;
use std::collections::{HashSet, VecDeque};
use store::{store::Store, writer::SubmitError};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Rows of one commit.
const ROWS: usize = 800;
/// Groups sent and not yet answered: one is being written, one is being decided, one is ready to be.
const IN_FLIGHT: usize = 2;
/// Most links kept in memory until the file's last row.
const DEFERRED: usize = 500_000;
/// Kinds of ids of one row: commands stand above the records.
const COMMANDS: u8 = 128;
/// … and above them those of links, which are planned after the last row.
const LINKS: u8 = COMMANDS + 64;

/// The rule of cells changed in the file and here.
const CHANGED_HERE: &str = "intake.changed_here";

/// What became of a file.
pub struct Tally {
    /// Rows.
    pub rows: i64,
    /// Under what they ended.
    pub counts: Counts,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Where refused rows are.
    pub errors: Refused,
}

/// A link that waits for the file's last row.
struct Deferred {
    row: RawRow,
    n: u32,
    records: Vec<MappedRecord>,
    prior: Option<Verdict>,
}

/// A row with its plan and the place of its commands in the group.
struct Planned {
    row: RawRow,
    verdict: Verdict,
    prior: Option<Verdict>,
    errors: Vec<RowError>,
    commands: std::ops::Range<usize>,
}

/// A group that was sent.
struct Sent {
    planned: Vec<Planned>,
    /// What each command asks, to tell what a declined one would have made.
    targets: Vec<Uuid>,
    outcomes: JoinHandle<Vec<Result<Outcome, SubmitError>>>,
}

/// An import under way.
pub struct Run<'a> {
    store: &'a Store,
    begun: Begun,
    stream: RowStream,
    intake: Intake,
    sight: found::Sight,
    columns: Vec<String>,
    counts: Counts,
    deferred: Vec<Deferred>,
    sent: VecDeque<Sent>,
    /// Records that a row was to make and that were declined.
    never_made: HashSet<Uuid>,
    passed: Passed,
    errors: ErrorsPlace,
    bar: ProgressBar,
    dry: bool,
}

impl<'a> Run<'a> {
    /// Prepares the run.
    pub fn new(
        store: &'a Store,
        begun: Begun,
        stream: RowStream,
        arguments: &Arguments,
        quiet: bool,
    ) -> anyhow::Result<Self> {
        let bar = match stream.expected_rows() {
            Some(rows) => ProgressBar::new(rows),
            None => ProgressBar::new_spinner(),
        };
        bar.set_draw_target(if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
        bar.set_style(ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} rows, {eta} left")?);
        Ok(Self {
            store,
            intake: Intake::new(begun.settings.clone()),
            sight: found::Sight::of(begun.actor.clone()),
            columns: stream.columns().to_vec(),
            counts: begun.counts,
            begun,
            stream,
            deferred: Vec::new(),
            sent: VecDeque::new(),
            never_made: HashSet::new(),
            passed: Passed::default(),
            errors: ErrorsPlace::of(arguments)?,
            bar,
            dry: arguments.dry_run,
        })
    }

    /// Reads, plans and commits to the last row. While one batch is planned, the next one's look at the register goes on
    /// beside it.
    pub async fn to_the_end(mut self) -> anyhow::Result<Tally> {
        let mut n: u32 = 0;
        let mut next = self.read(&mut n)?;
        self.look_ahead(&mut next, 0);
        while let Some(batch) = next {
            next = self.read(&mut n)?;
            let looked = match batch.look {
                Some(look) => Some((look.remembered, look.found().await?)),
                None => None,
            };
            self.look_ahead(&mut next, usize::from(looked.is_some()));
            let done = batch.first + u32::try_from(batch.rows.len())?;
            match looked {
                Some((remembered, found)) => {
                    self.intake.known.next_batch(remembered);
                    self.group(batch.rows, batch.first, found, i64::from(done)).await?;
                }
                None => {
                    self.pass_over(batch.rows, batch.first)?;
                    if i64::from(done) == self.begun.rows_done {
                        self.recount().await?;
                    }
                }
            }
            self.bar.set_position(u64::from(done));
        }
        let rows = i64::from(n);
        self.settle(0).await?;
        self.links(rows).await?;
        self.settle(0).await?;
        if !self.dry {
            let command = import::Command::Complete { id: self.intake.settings().import, rows, counts: self.counts };
            self.say(command).await?;
        }
        self.bar.finish_and_clear();
        let mut warnings: Vec<String> = self.stream.warnings().map(str::to_owned).collect();
        if !self.stream.unmapped().is_empty() {
            warnings.push(format!("columns not imported: {}", self.stream.unmapped().join(", ")));
        }
        warnings.extend(self.begun.before.take());
        let errors = self.errors.whole()?;
        Ok(Tally { rows, counts: self.counts, warnings, errors })
    }

    fn error(&self, row: &RawRow, fault: &Fault) -> RowError {
        row_error(row.number(), &self.columns, |at| row.cell(at).to_owned(), fault)
    }

    /// Reads a batch; one ends where an earlier run did, whatever its batches were.
    fn read(&mut self, n: &mut u32) -> anyhow::Result<Option<Ahead>> {
        let left = usize::try_from(self.begun.rows_done - i64::from(*n)).unwrap_or(0);
        Ahead::read(&mut self.stream, if left == 0 { ROWS } else { left.min(ROWS) }, n)
    }

    /// Begins the look at the register for the batch that comes next, `planning` batches being planned meanwhile; none for
    /// rows of an earlier run.
    fn look_ahead(&self, next: &mut Option<Ahead>, planning: usize) {
        let Some(next) = next else { return };
        if i64::from(next.first) + next.rows.len() as i64 > self.begun.rows_done {
            next.look = Some(self.look(readable(next.first, &next.rows), planning));
        }
    }

    /// Begins a look at the register. What was sent and not answered yet, and what is planned meanwhile, is not in it: the
    /// planner remembers it. A dry run sends nothing.
    fn look<'r>(&self, rows: impl Iterator<Item = (u32, &'r [MappedRecord])>, planning: usize) -> Look {
        let remembered = if self.dry { usize::MAX } else { self.sent.len() + planning };
        Look::begin(self.store.clone(), self.sight.clone(), self.intake.lookups(rows), remembered)
    }

    fn defer(&mut self, link: Deferred) -> anyhow::Result<()> {
        if self.deferred.len() >= DEFERRED {
            bail!("more than {DEFERRED} links name records not yet known: import the line list first, then the links");
        }
        self.deferred.push(link);
        Ok(())
    }

    async fn group(
        &mut self,
        batch: Vec<RowOutcome>,
        first: u32,
        found: Known,
        rows_done: i64,
    ) -> anyhow::Result<()> {
        tracing::trace!(first, "planning");
        let rows: Vec<(u32, &[MappedRecord])> = readable(first, &batch).collect();
        let mut plans = self.plan(&rows, found, false).await?.into_iter();
        let (mut commands, mut planned) = (Vec::new(), Vec::with_capacity(batch.len()));
        for (n, RowOutcome { row, records }) in (first..).zip(batch) {
            let plan = match records {
                Ok(_) => plans.next().unwrap_or_default(),
                Err(errors) => {
                    let at = commands.len()..commands.len();
                    planned.push(Planned { row, verdict: Verdict::Refused, prior: None, errors, commands: at });
                    continue;
                }
            };
            let links = plan.deferred.clone();
            let mut done = self.planned(row, n, plan, None, &mut commands);
            if !links.is_empty() {
                let nothing_else = done.verdict == Verdict::Unchanged && done.commands.is_empty();
                if nothing_else {
                    done.verdict = Verdict::Waiting;
                }
                self.defer(Deferred { row: done.row.clone(), n, records: links, prior: Some(done.verdict) })?;
            }
            planned.push(done);
        }
        self.commit(commands, planned, rows_done).await
    }

    /// Plans the rows of one group, in their order. Where they would change what was changed here, they are planned again
    /// knowing what files knew of it.
    async fn plan(
        &mut self,
        rows: &[(u32, &[MappedRecord])],
        mut found: Known,
        last: bool,
    ) -> anyhow::Result<Vec<RowPlan>> {
        loop {
            self.intake.known.take(found);
            let plans = rows.iter().map(|(n, records)| self.intake.row(*n, records, last)).collect();
            if !found::load_origins(self.store, &mut self.intake).await? {
                return Ok(plans);
            }
            found = self.look(rows.iter().copied(), 0).found().await?;
        }
    }

    fn planned(
        &self,
        row: RawRow,
        n: u32,
        plan: RowPlan,
        prior: Option<Verdict>,
        commands: &mut Vec<(u32, u8, Command)>,
    ) -> Planned {
        let from = commands.len();
        let base = if prior.is_some() { LINKS } else { COMMANDS };
        commands.extend((base..).zip(plan.commands).map(|(kind, command)| (n, kind, command)));
        let mut errors: Vec<RowError> = plan.faults.iter().map(|fault| self.error(&row, fault)).collect();
        if !plan.conflicts.is_empty() {
            errors.push(conflict(&row, &plan.conflicts));
        }
        let verdict = plan.verdict.unwrap_or(Verdict::Unchanged);
        Planned { row, verdict, prior, errors, commands: from..commands.len() }
    }

    /// Links whose ends may have come with later rows.
    async fn links(&mut self, rows: i64) -> anyhow::Result<()> {
        let mut links = std::mem::take(&mut self.deferred).into_iter();
        loop {
            let some: Vec<Deferred> = links.by_ref().take(ROWS).collect();
            if some.is_empty() {
                return Ok(());
            }
            let linked: Vec<(u32, &[MappedRecord])> = some.iter().map(|link| (link.n, link.records.as_slice())).collect();
            let look = self.look(linked.iter().copied(), 0);
            self.intake.known.next_batch(look.remembered);
            let plans = self.plan(&linked, look.found().await?, true).await?;
            let (mut commands, mut planned) = (Vec::new(), Vec::with_capacity(some.len()));
            for (link, plan) in some.into_iter().zip(plans) {
                // A link of an earlier run that stands already was counted then.
                let prior = link.prior.or(match plan.verdict {
                    Some(Verdict::Unchanged) | None => None,
                    Some(_) if self.counts.waiting > 0 => Some(Verdict::Waiting),
                    Some(_) if self.counts.created > 0 => Some(Verdict::Created),
                    Some(_) => Some(Verdict::Unchanged),
                });
                let Some(prior) = prior else { continue };
                planned.push(self.planned(link.row, link.n, plan, Some(prior), &mut commands));
            }
            self.commit(commands, planned, rows).await?;
        }
    }

    /// Sends a group with its line of progress: one commit.
    async fn commit(
        &mut self,
        commands: Vec<(u32, u8, Command)>,
        mut planned: Vec<Planned>,
        rows_done: i64,
    ) -> anyhow::Result<()> {
        if self.dry {
            self.foresee(&commands, &mut planned);
            return self.conclude(planned);
        }
        tracing::trace!("planned");
        self.settle(IN_FLIGHT - 1).await?;
        tracing::trace!("settled");
        let settings = self.intake.settings();
        let (import, started) = (settings.import, settings.started_at());
        let mut counts = self.counts;
        for row in self.sent.iter().flat_map(|sent| &sent.planned).chain(&planned) {
            count(row, &mut counts);
        }
        let envelope = |n, kind, command| {
            Envelope::new(CommandId(id::sequenced(import.0, n, kind, started)), self.begun.stream, command)
        };
        let targets = commands.iter().map(|(_, _, command)| command.target()).collect();
        let mut submissions: Vec<Submission> = commands
            .into_iter()
            .map(|(n, kind, command)| Submission::by(self.begun.actor.clone(), envelope(n, kind, command)))
            .collect();
        // The id of the line of progress is that of what it says: sent again with other counts it is another.
        let said = blake3::hash(format!("{rows_done} {counts:?}").as_bytes());
        let progress = import::Command::Progress { id: import, rows_done, counts };
        let n = u32::from_be_bytes([said.as_bytes()[0], said.as_bytes()[1], said.as_bytes()[2], said.as_bytes()[3]]);
        submissions.push(Submission::by(self.begun.actor.clone(), envelope(n, u8::MAX, progress.into())));
        // Queued before the next group is, so that rows are decided in the file's order.
        let outcomes = tokio::spawn(self.store.door().submit(submissions));
        self.sent.push_back(Sent { planned, targets, outcomes });
        Ok(())
    }

    /// Waits until at most so many groups are without their answers.
    async fn settle(&mut self, left: usize) -> anyhow::Result<()> {
        while self.sent.len() > left {
            let Some(mut sent) = self.sent.pop_front() else { break };
            let outcomes = answers(sent.outcomes.await.context("the writer broke off")?)?;
            for row in &mut sent.planned {
                for n in row.commands.clone() {
                    if let Some(Outcome::Declined(refusal)) = outcomes.get(n)
                        && !said_already(refusal)
                    {
                        decline(row, refusal, &self.never_made);
                        self.never_made.extend(sent.targets.get(n));
                    }
                }
            }
            self.conclude(sent.planned)?;
        }
        Ok(())
    }

    /// What the access table would refuse whatever the record. What lies out of sight was not looked at: a plan for it
    /// makes a new record, as the import would.
    fn foresee(&self, commands: &[(u32, u8, Command)], planned: &mut [Planned]) {
        for row in planned {
            for (_, _, command) in commands.get(row.commands.clone()).unwrap_or_default() {
                let Some(action) = domain::kernel::action(command) else { continue };
                let decision = access::may_ask(&self.begun.actor, action);
                if !decision.allowed {
                    decline(row, &Refusal::rule(decision.rule), &self.never_made);
                }
            }
        }
    }

    /// Counts rows and writes out those refused and those in conflict.
    fn conclude(&mut self, planned: Vec<Planned>) -> anyhow::Result<()> {
        for row in planned {
            count(&row, &mut self.counts);
            if matches!(row.verdict, Verdict::Refused | Verdict::Conflict) && !row.errors.is_empty() {
                self.refuse(&row.row, &row.errors)?;
            }
        }
        Ok(())
    }

    fn refuse(&mut self, row: &RawRow, errors: &[RowError]) -> anyhow::Result<()> {
        self.errors.refuse(row, errors, &self.columns)
    }

    /// A command about the import itself.
    async fn say(&mut self, command: import::Command) -> anyhow::Result<()> {
        let import = self.intake.settings().import;
        let said = blake3::hash(format!("{command:?}").as_bytes());
        let mut cause = [0; 16];
        cause.copy_from_slice(&said.as_bytes()[..16]);
        let id = CommandId(id::derived(uuid::Uuid::from_bytes(cause), 1, exchange::intake::started_at(import)));
        let envelope = Envelope::new(id, self.begun.stream, command.into());
        let submission = Submission::by(self.begun.actor.clone(), envelope);
        for outcome in answers(self.store.submit(vec![submission]).await)? {
            if let Outcome::Declined(refusal) = outcome {
                bail!("the import's own record was refused: {refusal}");
            }
        }
        Ok(())
    }
}

/// Rows that could be read, with their numbers in the file.
fn readable(first: u32, rows: &[RowOutcome]) -> impl Iterator<Item = (u32, &[MappedRecord])> {
    (first..).zip(rows).filter_map(|(n, outcome)| Some((n, outcome.records.as_ref().ok()?.as_slice())))
}

/// The outcomes, or why the import has to stop here.
fn answers(outcomes: Vec<Result<Outcome, SubmitError>>) -> anyhow::Result<Vec<Outcome>> {
    outcomes
        .into_iter()
        .collect::<Result<Vec<Outcome>, SubmitError>>()
        .context("the import stopped; what was done is kept, and the same command goes on from there")
}

/// Counts a row, or moves it where it was counted before.
fn count(row: &Planned, counts: &mut Counts) {
    match row.prior {
        None => row.verdict.count(counts, 1),
        // A link made for a row counted already: the row keeps the greater of the two.
        Some(prior) => {
            let now = if prior == Verdict::Waiting { row.verdict } else { prior.max(row.verdict) };
            prior.count(counts, -1);
            now.count(counts, 1);
        }
    }
}

/// True already, or said by a person to be two: nothing is left to do.
fn said_already(refusal: &Refusal) -> bool {
    matches!(refusal.rule.as_ref(), "nothing_changes" | "pair_dismissed")
}

/// What a declined command makes of its row. One that waits for a record that an earlier row was to make, and was
/// declined, would wait for ever: it is refused.
fn decline(row: &mut Planned, refusal: &Refusal, never_made: &HashSet<Uuid>) {
    let orphan = refusal.answer == Answer::Waiting && refusal.ids.iter().any(|id| never_made.contains(id));
    let answer = if orphan { Answer::Refused } else { refusal.answer };
    row.verdict = row.verdict.max(match answer {
        Answer::Refused => Verdict::Refused,
        Answer::Waiting => Verdict::Waiting,
        Answer::Conflict => Verdict::Conflict,
    });
    if answer == Answer::Waiting {
        return;
    }
    if answer == Answer::Conflict && row.errors.iter().any(|error| error.rule == CHANGED_HERE) {
        return;
    }
    row.errors.push(if orphan {
        let remedy = "An earlier row was to make the record that this row adds to, and it was refused: correct both.";
        RowError::new(row.row.number(), &refusal.pointers.join(" "), "", "intake.earlier_row", remedy.to_owned())
    } else {
        declined(&row.row, refusal)
    });
}

/// What the door answered, as the errors file says it.
fn declined(row: &RawRow, refusal: &Refusal) -> RowError {
    let text = refusal.words();
    let remedy = format!("{} {}", text.en_reason, text.en_remedy);
    RowError::new(row.number(), &refusal.pointers.join(" "), "", text.rule, remedy)
}

/// What a person should know of cells changed in the file and here.
fn conflict(row: &RawRow, fields: &[&'static str]) -> RowError {
    RowError {
        row: row.number(),
        column: fields.join(" "),
        value: String::new(),
        rule: CHANGED_HERE,
        remedy: "Changed here too since files knew it. The value here stands; the file's is in the conflict queue, with the \
            one known before: `firebreak conflict list` shows both, `conflict take` does what the file says."
            .to_owned(),
    }
}
