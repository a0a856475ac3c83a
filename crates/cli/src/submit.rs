//! `firebreak submit`: commands from a JSON file through the one door, as a named account. How areas, command posts' outbreaks
//! and whatever has no command of its own here are set up.

use crate::{place::Place, printing::{note, say}};
use anyhow::{Context as _, bail};
use domain::{
    id::{self, CommandId},
    kernel::{Command, Envelope, Outcome, group::Submission},
    refusal::Answer,
};
use serde::Deserialize as _;
use std::{io::Read as _, path::PathBuf};
use uuid::Uuid;

/// What `submit` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// A JSON array of commands, or one command; `-` reads the standard input.
    file: PathBuf,
    /// Number of the command post; the only one where there is one.
    #[arg(long)]
    stream: Option<i64>,
    /// One JSON object per command instead of words.
    #[arg(long)]
    json: bool,
}

/// More is for `import`.
const MOST_BYTES: u64 = 16 << 20;

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Body {
    Many(Vec<serde_json::Value>),
    One(serde_json::Value),
}

/// Submits the file's commands in order; an error where one was not accepted.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let text = read(&arguments.file)?;
    let commands = match serde_json::from_str(&text).context("this is no JSON")? {
        Body::Many(commands) => commands,
        Body::One(command) => vec![command],
    };
    if commands.is_empty() {
        bail!("there is no command in it: nothing was done");
    }
    let store = place.open().await?;
    let actor = place.actor(&store).await?;
    let posts = store.streams().await?;
    let stream = match (arguments.stream, posts.as_slice()) {
        (Some(named), _) => {
            let found = posts.iter().find(|post| post.stream.0 == named);
            found.with_context(|| format!("there is no command post number {named}"))?.stream
        }
        (None, [only]) => only.stream,
        (None, []) => bail!("there is no command post yet: make one by `firebreak account stream add`"),
        (None, _) => bail!("there are several command posts: name one by --stream NUMBER"),
    };
    // The same file again is the same commands: each is answered as it was.
    let hash = blake3::hash([text.as_bytes(), actor.account.as_bytes()].concat().as_slice());
    let mut cause = [0; 16];
    cause.copy_from_slice(&hash.as_bytes()[..16]);
    let mut submissions = Vec::with_capacity(commands.len());
    for (n, command) in (0u32..).zip(commands) {
        // By the reader of the HTTP door: what it refuses is refused here.
        let command = Command::deserialize(server::Strict(command));
        let command = command.with_context(|| format!("command {} cannot be read", n + 1))?;
        let id = CommandId(id::derived(Uuid::from_bytes(cause), n, 0));
        submissions.push(Submission::by(actor.clone(), Envelope::new(id, stream, command)));
    }
    let mut undone = 0;
    for (n, outcome) in (1..).zip(store.submit(submissions).await) {
        let outcome = outcome?;
        if arguments.json {
            say!("{}", serde_json::to_string(&outcome)?);
        }
        match outcome {
            Outcome::Accepted { events, .. } if !arguments.json => say!("command {n}: accepted, {events} events"),
            Outcome::Accepted { .. } => {}
            Outcome::Declined(refusal) => {
                undone += 1;
                let word = match refusal.answer {
                    Answer::Refused => "refused",
                    Answer::Waiting => "waiting",
                    Answer::Conflict => "in conflict",
                };
                note!("command {n}: {word}: {refusal}");
            }
        }
    }
    store.close().await;
    if undone > 0 {
        bail!("{undone} of the commands were not accepted");
    }
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    let mut text = String::new();
    let size = if file.as_os_str() == "-" {
        std::io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text)?
    } else {
        let source = std::fs::File::open(file).with_context(|| format!("{} cannot be opened", file.display()))?;
        let size = source.take(MOST_BYTES + 1).read_to_string(&mut text);
        size.with_context(|| format!("{} is not text in UTF-8", file.display()))?
    };
    if size as u64 > MOST_BYTES {
        bail!("{} is larger than 16 MiB: large numbers of records come in by `firebreak import`", file.display());
    }
    Ok(text)
}
