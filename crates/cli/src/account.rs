//! `account`: accounts, grants and command posts. Every act but the first account is judged by the access table, as the
//! account named by `--account`.

use crate::{born, place::Place, printing::{note, say}};
use anyhow::{Context as _, anyhow, bail};
use domain::{
    access::{Action, Actor, Role},
    id::{AccountId, JurisdictionId},
};
use std::{
    io::{IsTerminal as _, Read as _},
    sync::PoisonError,
};
use store::{
    accounts::{Account, AccountError, LinkPurpose, NewAccount, NewGrant, Secret},
    store::Store,
};
use uuid::Uuid;

/// A day, milliseconds.
pub const DAY_MS: i64 = 24 * 3_600_000;

/// What is to be done with accounts.
#[derive(clap::Args)]
pub struct Arguments {
    /// Prints one JSON object.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Makes the first account of a database; it administers accounts of an area.
    First {
        /// The login.
        login: String,
        /// The holder's name at work.
        name: String,
        /// The area it is for; without, a new id is made and printed.
        #[arg(long)]
        area: Option<Uuid>,
        /// Reads the password from the standard input instead of printing a link.
        #[arg(long)]
        password_stdin: bool,
        /// Where the server is reached, for the link.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
    },
    /// Lists the accounts that the acting account may know of, with their grants.
    List,
    /// Makes an account.
    Create {
        /// The login.
        login: String,
        /// The holder's name at work.
        name: String,
        /// The area whose administrator answers for it.
        #[arg(long)]
        area: Uuid,
    },
    /// Disables an account; its sessions and tokens end.
    Disable {
        /// The login.
        login: String,
    },
    /// Gives a post in an area.
    Grant {
        /// Who gets it.
        login: String,
        /// The post, such as `epidemiologist`.
        role: String,
        /// The area, with all its parts.
        #[arg(long)]
        area: Uuid,
        /// For how many days; without, until it is ended.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Ends a grant.
    EndGrant {
        /// Its id, as `list` prints it.
        grant: Uuid,
    },
    /// Sets a password, read from the standard input.
    Password {
        /// Whose.
        login: String,
    },
    /// Prints a link by which the holder sets a password, once, within a day.
    Link {
        /// Whose.
        login: String,
        /// Where the server is reached.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
    },
    /// Command posts: each has a stream of its own.
    #[command(subcommand)]
    Stream(StreamAct),
}

#[derive(clap::Subcommand)]
enum StreamAct {
    /// Makes a command post.
    Add {
        /// Its short code.
        code: String,
        /// Its name.
        name: String,
        /// The area it is in charge of.
        #[arg(long)]
        area: Option<Uuid>,
    },
    /// Lists the command posts.
    List,
}

/// A new id (UUIDv7) of the present instant.
pub fn new_id() -> Uuid {
    let mut random = [0; 10];
    (born::entropy().lock().unwrap_or_else(PoisonError::into_inner))(&mut random);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from((born::clock())()).unwrap_or(0), &random).into_uuid()
}

/// The refusal with the reason and the remedy of the access table.
pub fn explained(error: AccountError) -> anyhow::Error {
    let AccountError::Denied(decision) = &error else { return anyhow!(error) };
    let text = |text: &Option<_>| text.as_ref().map(|text| english(text)).unwrap_or_default();
    anyhow!("refused ({}): {} {}", decision.rule, text(&decision.reason), text(&decision.remedy))
}

fn english(text: &domain::access::Text) -> String {
    text.en.to_owned()
}

/// Does it.
pub async fn run(place: Place, arguments: Arguments) -> anyhow::Result<()> {
    let store = place.open().await?;
    let done = act(&place, &store, arguments).await;
    store.close().await;
    done
}

async fn act(place: &Place, store: &Store, arguments: Arguments) -> anyhow::Result<()> {
    let json = arguments.json;
    if let Act::First { login, name, area, password_stdin, url } = arguments.act {
        return first(
            store,
            NewAccount { id: AccountId(new_id()), login, name, jurisdiction: area.unwrap_or_else(new_id) },
            password_stdin,
            &url,
            json,
        )
        .await;
    }
    let by = place.actor(store).await?;
    let now = store.now();
    match arguments.act {
        Act::First { .. } => {}
        Act::List => list(store, &by, json).await?,
        Act::Create { login, name, area } => {
            let id = AccountId(new_id());
            store
                .create_account(&by, &NewAccount { id, login: login.clone(), name, jurisdiction: area }, now)
                .await
                .map_err(explained)?;
            tell(
                json,
                &format!("account {login} is made; `account link {login}` lets the holder set a password"),
                serde_json::json!({ "account": id }),
            );
        }
        Act::Disable { login } => {
            store.disable_account(&by, named(store, &login).await?.id, now).await.map_err(explained)?;
            tell(json, &format!("account {login} is disabled"), serde_json::json!({ "disabled": login }));
        }
        Act::Grant { login, role, area, days } => {
            let role =
                Role::from_name(&role).with_context(|| format!("{role} is no post; the posts are {}", posts()))?;
            let account = named(store, &login).await?.id;
            let valid_to = days.map(|days| now.saturating_add(i64::from(days).saturating_mul(DAY_MS)));
            let id = new_id();
            let new = NewGrant { id, account, role, jurisdiction: area, valid_from: now, valid_to };
            store.grant(&by, &new, now).await.map_err(explained)?;
            tell(
                json,
                &format!("{login} is {} of {area} by grant {id}", role.name()),
                serde_json::json!({ "grant": id }),
            );
        }
        Act::EndGrant { grant } => {
            store.end_grant(&by, grant, now).await.map_err(explained)?;
            tell(json, &format!("grant {grant} is ended"), serde_json::json!({ "ended": grant }));
        }
        Act::Password { login } => password(store, &by, &login, json).await?,
        Act::Link { login, url } => {
            let account = named(store, &login).await?.id;
            store.reset_credentials(&by, account, now).await.map_err(explained)?;
            link(store, account, &url, json).await?;
        }
        Act::Stream(act) => posts_of_command(store, &by, act, json).await?,
    }
    Ok(())
}

/// Command posts: makes one, or lists them.
async fn posts_of_command(store: &Store, by: &Actor, act: StreamAct, json: bool) -> anyhow::Result<()> {
    match act {
        StreamAct::Add { code, name, area } => {
            let own = store.own_account(AccountId(by.account)).await?.context("the acting account is gone")?;
            let judged = area.unwrap_or(own.jurisdiction);
            store.judge_area(by, Action::AccountCreate, judged).await.map_err(explained)?;
            let stream = store.add_stream(&code, &name, area.map(JurisdictionId)).await?;
            tell(
                json,
                &format!("command post {code} has stream {}", stream.0),
                serde_json::json!({ "stream": stream }),
            );
        }
        StreamAct::List => {
            let streams = store.streams().await?;
            if json {
                say!("{}", serde_json::json!({ "streams": streams }));
            } else {
                for post in streams {
                    let area = post.jurisdiction.map_or_else(|| "no area".to_owned(), |area| area.to_string());
                    say!("{}\t{}\t{}\t{area}", post.stream.0, post.code, post.name);
                }
            }
        }
    }
    Ok(())
}

fn tell(json: bool, text: &str, object: serde_json::Value) {
    if json { say!("{object}") } else { say!("{text}") }
}

fn posts() -> String {
    Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
}

async fn named(store: &Store, login: &str) -> anyhow::Result<Account> {
    store
        .account_by_login(login)
        .await?
        .with_context(|| format!("there is no account {login}; `account list` shows those there are"))
}

async fn first(store: &Store, new: NewAccount, password_stdin: bool, url: &str, json: bool) -> anyhow::Result<()> {
    // Read before anything is made, so that a refused password leaves no account behind.
    let hash = if password_stdin { Some(password_hash()?) } else { None };
    store.create_first_account(&new, new_id(), store.now()).await.map_err(explained)?;
    match hash {
        Some(hash) => {
            store.set_password_hash(new.id, &hash, None, store.now()).await?;
            let text = format!("account {} administers accounts of area {}", new.login, new.jurisdiction);
            tell(json, &text, serde_json::json!({ "account": new.id, "area": new.jurisdiction }));
            Ok(())
        }
        None => {
            if !json {
                say!("account {} administers accounts of area {}", new.login, new.jurisdiction);
            }
            link(store, new.id, url, json).await
        }
    }
}

async fn list(store: &Store, by: &Actor, json: bool) -> anyhow::Result<()> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.accounts(by, after.as_deref(), 200).await.map_err(explained)?;
        let Some(last) = page.last() else { break };
        after = Some(last.login.to_lowercase());
        for account in page {
            let grants = store.grants(by, account.id).await.map_err(explained)?;
            all.push((account, grants));
        }
    }
    if json {
        let accounts: Vec<_> =
            all.iter().map(|(account, grants)| serde_json::json!({ "account": account, "grants": grants })).collect();
        say!("{}", serde_json::json!({ "accounts": accounts }));
        return Ok(());
    }
    for (account, grants) in all {
        let state = if account.disabled_at.is_some() { "disabled" } else { "open" };
        say!("{}\t{}\t{state}\t{}", account.login, account.name, account.jurisdiction);
        for grant in grants {
            say!("  grant {}\t{}\t{}", grant.id, grant.role.name(), grant.jurisdiction);
        }
    }
    Ok(())
}

async fn password(store: &Store, by: &Actor, login: &str, json: bool) -> anyhow::Result<()> {
    let account = named(store, login).await?.id;
    let hash = password_hash()?;
    if account.0 != by.account {
        store.reset_credentials(by, account, store.now()).await.map_err(explained)?;
    }
    store.set_password_hash(account, &hash, None, store.now()).await?;
    tell(
        json,
        &format!("the password of {login} is set; other sessions are ended"),
        serde_json::json!({ "set": login }),
    );
    Ok(())
}

async fn link(store: &Store, account: AccountId, url: &str, json: bool) -> anyhow::Result<()> {
    let mut secret: Secret = [0; 32];
    (born::entropy().lock().unwrap_or_else(PoisonError::into_inner))(&mut secret);
    let expires_at = store.now().saturating_add(DAY_MS);
    store.make_link(&secret, account, LinkPurpose::SetPassword, expires_at, store.now()).await.map_err(explained)?;
    let link = format!("{}/set-password/{}", url.trim_end_matches('/'), blake3::Hash::from_bytes(secret).to_hex());
    let text = format!("works once, within a day, to set a password:\n{link}");
    tell(json, &text, serde_json::json!({ "account": account, "link": link, "expires_at": expires_at }));
    Ok(())
}

/// The first line of the standard input, hashed under a new salt.
fn password_hash() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        note!("type the password and end the line (it is shown; a pipe hides it):");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return hashed(&line);
    }
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text).context("the standard input cannot be read as UTF-8")?;
    hashed(&text)
}

fn hashed(text: &str) -> anyhow::Result<String> {
    let password = text.lines().next().unwrap_or("");
    let mut salt = [0; 16];
    (born::entropy().lock().unwrap_or_else(PoisonError::into_inner))(&mut salt);
    match server::hash_password(password, salt) {
        Some(hash) => Ok(hash),
        None => bail!(
            "a password has {} to {} characters; give a longer or shorter one on the standard input",
            server::MIN_PASSWORD_CHARS,
            server::MAX_PASSWORD_CHARS
        ),
    }
}
