//! `demo`: the exercise district, made by commands through the one door, served on loopback.

use crate::{born, place::Place, printing::say, serve};
use anyhow::{Context as _, bail};
use domain::{
    access::Role,
    id::{AccountId, CommandId, StreamId},
    kernel::{Actor, Envelope, Outcome, group::Submission},
    pack::Shelf,
};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};
use store::{
    accounts::{LinkPurpose, NewAccount, NewGrant},
    store::{Opening, Store},
};
use twin::{
    Outbreak, OutbreakSpec, Spec, World,
    script::{Line, Script},
};
use uuid::Uuid;

/// What the exercise is like. It has a database, keys and accounts of its own under --demo-folder: --database, --keys,
/// --master-key, --folder and --account are not looked at.
#[derive(clap::Args)]
pub struct Arguments {
    /// Residents of the district.
    #[arg(long, default_value_t = 20_000)]
    population: u32,
    /// The same seed makes the same district.
    #[arg(long, default_value_t = 3)]
    seed: u64,
    /// The port; the next free one where it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the exercise's files lie.
    #[arg(long, default_value = ".demo")]
    demo_folder: PathBuf,
}

const DAY_MILLIS: i64 = 86_400_000;
const BATCH: usize = 2_000;

/// Makes the district where it is not there yet, and serves it.
pub async fn run(mut place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let folder = arguments.demo_folder.join(format!("{}-{}", arguments.population, arguments.seed));
    place.database = format!("sqlite:{}", folder.join("firebreak.sqlite").display());
    (place.keys, place.master_key, place.folder) = (None, None, None);
    let made = folder.join("made");
    if !made.exists() {
        for old in [&folder, &place.secrets()?] {
            if old.exists() {
                std::fs::remove_dir_all(old).with_context(|| format!("{} cannot be removed", old.display()))?;
            }
        }
        make(&place, &arguments).await?;
        std::fs::write(&made, "")?;
    }
    let store = place.open().await?;
    let listener = serve::listen_near(arguments.port).await?;
    let address = listener.local_addr()?;
    say!("\nThe exercise district is served at http://{address}/\n");
    say!("One-time sign-in links, one for each post:");
    let mut links = Vec::new();
    for (n, role) in Role::ALL.iter().enumerate() {
        let mut secret = [0; 32];
        (born::entropy().lock().unwrap_or_else(std::sync::PoisonError::into_inner))(&mut secret);
        let now = store.now();
        store.make_link(&secret, account_of(n), LinkPurpose::SignIn, now + DAY_MILLIS, now).await?;
        let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        say!("  {:<22} http://{address}/sign-in/{token}", role.name());
        links.push(token);
    }
    print_walk(&address.to_string());
    serve::serve_exercise(&place, listener, store).await
}

fn print_walk(address: &str) {
    say!("\nFive things to try (Ctrl-C stops):");
    say!("  1. Open the epidemiologist's link in a browser and sign in.");
    say!("  2. Sign in from a shell with a link not used yet:  curl -c jar -o /dev/null -X POST -H 'X-Firebreak: 1' LINK");
    say!("  3. The line list:        curl -b jar http://{address}/api/v1/cases");
    say!("  4. Today's contacts:     curl -b jar http://{address}/api/v1/contacts");
    say!("  5. The same as another post: the tracer sees the street assigned to it, the laboratory no names, the account");
    say!("     administrator no people at all.\n");
}

fn account_of(n: usize) -> AccountId {
    AccountId(Uuid::from_u128(0xfeed_0000_0000_8000_8000_0000_0000_0000 + n as u128))
}

async fn make(place: &Place, arguments: &Arguments) -> anyhow::Result<()> {
    let started = Instant::now();
    let now = (born::clock())();
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai")?;
    let today = zone.to_datetime(jiff::Timestamp::from_millisecond(now)?).date();
    let spec = OutbreakSpec::for_population(arguments.population);
    let start = today.saturating_sub(jiff::Span::new().days(i64::from(spec.days)));
    let world = World::generate(Spec::new(arguments.population, arguments.seed, start))?;
    let days = i64::from(spec.days);
    let outbreak = Outbreak::run(&world, spec)?;
    let begins_at = now - (days + 1) * DAY_MILLIS;
    let script = Script::new(&world, &outbreak, begins_at);
    say!("Making the exercise: {} residents, {} cases, {} contacts …", arguments.population, outbreak.cases.len(), outbreak.contacts.len());
    let scenario = Arc::new(AtomicI64::new(begins_at));
    let (store, stream) = open(place, &script, scenario.clone()).await?;
    let mut player = Player { store: &store, stream, scenario: &scenario, sent: 0, declined: 0 };
    player.populate(&world, &script, begins_at).await?;
    // Who works by assignment sees nothing without one.
    let posts = (0..).zip(Role::ALL).flat_map(|(n, role)| role.tasks().iter().map(move |task| (account_of(n), task)));
    player.play(script.assignments(posts)).await?;
    let days = script.days().into_iter().filter(|(at, _)| *at <= now).collect();
    player.play(days).await?;
    let (sent, declined) = (player.sent, player.declined);
    store.close().await;
    say!("Made by {sent} commands in {:.1} s; {declined} were declined by the rules, as in life.", started.elapsed().as_secs_f64());
    Ok(())
}

/// Makes the exercise's database with its one command post.
async fn open(place: &Place, script: &Script<'_>, scenario: Arc<AtomicI64>) -> anyhow::Result<(Store, StreamId)> {
    place.prepare_folders()?;
    let store = Store::open(Opening {
        url: place.database.clone(),
        keys_url: place.keys_url()?,
        master: place.master_keys()?,
        keys_kept: store::store::KEYS_KEPT,
        clock: Arc::new(move || scenario.load(Ordering::Relaxed)),
        entropy: born::entropy(),
        create: true,
        exercise: true,
    })
    .await?;
    let stream = store.add_stream("EX", "Exercise command post 演练指挥部", Some(script.city())).await?;
    Ok((store, stream))
}

/// Makes an exercise district in which nobody was ever ill: areas, households, people, a declared outbreak and an account
/// for each post.
pub async fn make_healthy(place: &Place, world: &World, begins_at: i64) -> anyhow::Result<()> {
    let spec = OutbreakSpec { days: 1, imported: 0, ..OutbreakSpec::for_population(world.spec().population) };
    let nobody = Outbreak::run(world, spec)?;
    let script = Script::new(world, &nobody, begins_at);
    let scenario = Arc::new(AtomicI64::new(begins_at));
    let (store, stream) = open(place, &script, scenario.clone()).await?;
    let mut player = Player { store: &store, stream, scenario: &scenario, sent: 0, declined: 0 };
    player.populate(world, &script, begins_at).await?;
    store.close().await;
    Ok(())
}

struct Player<'a> {
    store: &'a Store,
    stream: StreamId,
    scenario: &'a AtomicI64,
    sent: u64,
    declined: u64,
}

impl Player<'_> {
    /// Everything that stands before the first case.
    async fn populate(&mut self, world: &World, script: &Script<'_>, begins_at: i64) -> anyhow::Result<()> {
        let pack = Shelf::shipped().packs().map(|pack| pack.reference()).find(|pack| pack.pack_id == "cn-covid-8");
        let mut lines = script.register();
        let people = lines.split_off(world.jurisdictions().len());
        self.play(lines).await?;
        self.play(script.households()).await?;
        self.play(people).await?;
        self.play(vec![script.declaration(pack.context("the pack is shipped")?)]).await?;
        accounts(self.store, script.city().0, begins_at).await
    }

    /// Sends lines in order; the scenario's clock stands at the last one of each batch's day part.
    async fn play(&mut self, lines: Vec<Line>) -> anyhow::Result<()> {
        let mut lines = lines.into_iter().peekable();
        while let Some((at, command)) = lines.next() {
            self.scenario.fetch_max(at, Ordering::Relaxed);
            let mut batch = vec![self.submission(command)];
            while batch.len() < BATCH && lines.peek().is_some_and(|(next, _)| *next == at) {
                if let Some((_, command)) = lines.next() {
                    batch.push(self.submission(command));
                }
            }
            for outcome in self.store.submit(batch).await {
                match outcome? {
                    Outcome::Accepted { .. } => {}
                    Outcome::Declined(refusal) => {
                        self.declined += 1;
                        tracing::debug!(rule = %refusal.rule, "declined");
                        if self.declined * 10 > self.sent.max(1_000) {
                            bail!("the exercise's commands are declined ({refusal}); this is a defect of the program");
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn submission(&mut self, command: domain::kernel::Command) -> Submission {
        self.sent += 1;
        let at = self.scenario.load(Ordering::Relaxed);
        let id = domain::id::derived(Uuid::from_u128(0xde30), u32::try_from(self.sent).unwrap_or(u32::MAX), at);
        let envelope = Envelope::new(CommandId(id), self.stream, command);
        Submission::caused(Actor { account: account_of(0) }, envelope)
    }
}

/// One account for each post of the district.
async fn accounts(store: &Store, city: Uuid, at: i64) -> anyhow::Result<()> {
    let admin = Role::ALL.iter().position(|role| *role == Role::AccountAdministrator).context("the post exists")?;
    let of = |n: usize| NewAccount {
        id: account_of(n),
        login: Role::ALL[n].name().to_owned(),
        name: Role::ALL[n].name().replace('_', " "),
        jurisdiction: city,
    };
    store.create_first_account(&of(admin), Uuid::from_u128(0xadad), at).await?;
    let by = store.rights(account_of(admin), at).await?.context("the administrator has rights")?;
    for (n, role) in Role::ALL.iter().enumerate().filter(|(n, _)| *n != admin) {
        store.create_account(&by, &of(n), at).await?;
        let grant = NewGrant {
            id: Uuid::from_u128(0x6000 + n as u128),
            account: account_of(n),
            role: *role,
            jurisdiction: city,
            valid_from: at,
            valid_to: None,
        };
        store.grant(&by, &grant, at).await?;
    }
    Ok(())
}
