//! What an account may do now: loaded from grants, teams, open work and the counts of limited acts; held in memory
//! while nothing has changed.

use super::{AccountError, Secret, Session, TokenRecord, args, epoch, grants, session, tasks, token};
use crate::{
    access_log,
    engine::{DbError, Tx},
    store::Store,
    value::ColumnType,
};
use domain::{
    access::{Action, Actor, Membership, OpenTask},
    id::AccountId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Who makes a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The session, where it is one.
    pub session: Option<Session>,
    /// The token, where it is one.
    pub token: Option<TokenRecord>,
    /// What the account may do.
    pub rights: Arc<Actor>,
}

impl Caller {
    /// Whether the request may ask for the action at all: a token asks only for what it was made for. What the account
    /// may do is judged by `access` besides.
    pub fn carries(&self, action: Action) -> bool {
        self.token.as_ref().is_none_or(|token| token.actions.contains(&action))
    }
}

/// Memberships of the account, ended ones included, by the rows of the noun `team`.
async fn memberships(tx: &mut Tx, account: Uuid) -> Result<Vec<Membership>, DbError> {
    let sql = "SELECT team, valid_from, valid_to FROM team_member WHERE account = $1";
    let types = [ColumnType::Uuid, ColumnType::Int, ColumnType::Int];
    let rows = tx.rows(sql, &args([account.into()]), &types).await?;
    rows.iter()
        .map(|row| Ok(Membership { team: row[0].uuid()?, valid_from: row[1].int()?, valid_to: row[2].opt_int() }))
        .collect()
}

async fn load(tx: &mut Tx, account: Uuid, at: i64) -> Result<Option<Actor>, DbError> {
    let sql = "SELECT id FROM account WHERE id = $1 AND disabled_at IS NULL";
    if tx.row(sql, &args([account.into()]), &[ColumnType::Uuid]).await?.is_none() {
        return Ok(None);
    }
    let records = grants::of_account(tx, account).await?;
    let open = tasks::of_account(tx, account, at).await?;
    Ok(Some(Actor {
        account,
        at,
        grants: grants::with_lineages(tx, &records).await?,
        teams: memberships(tx, account).await?,
        open_tasks: open
            .into_iter()
            .map(|open| OpenTask {
                id: open.id,
                task: open.task,
                valid_from: open.valid_from,
                valid_to: open.valid_to,
            })
            .collect(),
        uses: access_log::uses(tx, account, at).await?,
    }))
}

impl Store {
    /// What an account may do at `at`; `None` where there is no such account or it is disabled.
    pub async fn rights(&self, account: AccountId, at: i64) -> Result<Option<Arc<Actor>>, DbError> {
        let mut tx = self.read().await?;
        let actor = load(&mut tx, account.0, at).await?;
        tx.roll_back().await?;
        Ok(actor.map(Arc::new))
    }
}

/// Longest that counts of limited acts are held, milliseconds: uses leave their window unnoticed by the epoch.
const HOLD: i64 = 30_000;
/// Most accounts held.
const HELD: usize = 10_000;

#[derive(Default)]
struct Held {
    epoch: i64,
    accounts: BTreeMap<Uuid, Actor>,
}

/// Rights in memory. Each request reads the epoch, and the session or token, in one transaction; so what was revoked on
/// any server is refused with the next request on this one. Cheap to clone.
#[derive(Clone)]
pub struct Rights {
    store: Store,
    held: Arc<Mutex<Held>>,
}

impl Rights {
    /// Rights of the accounts of a database.
    pub fn new(store: Store) -> Self {
        Self { store, held: Arc::default() }
    }

    /// The caller behind a session's token; `None` where it does not hold (any more).
    pub async fn by_session(&self, secret: &Secret, at: i64) -> Result<Option<Caller>, DbError> {
        let mut tx = self.store.read().await?;
        let caller = match session::find(&mut tx, secret, at).await? {
            None => None,
            Some(session) => self.actor(&mut tx, session.account.0, at).await?.map(|rights| Caller {
                account: session.account,
                session: Some(session),
                token: None,
                rights,
            }),
        };
        tx.roll_back().await?;
        Ok(caller)
    }

    /// The caller behind an API token; `None` where it does not hold (any more).
    pub async fn by_token(&self, secret: &Secret, at: i64) -> Result<Option<Caller>, DbError> {
        let mut tx = self.store.read().await?;
        let caller = match token::find(&mut tx, secret, at).await? {
            None => None,
            Some(token) => self.actor(&mut tx, token.account.0, at).await?.map(|rights| Caller {
                account: token.account,
                session: None,
                token: Some(token),
                rights,
            }),
        };
        tx.roll_back().await?;
        Ok(caller)
    }

    /// Rights of an account, by memory where nothing changed.
    pub async fn of(&self, account: AccountId, at: i64) -> Result<Option<Arc<Actor>>, DbError> {
        let mut tx = self.store.read().await?;
        let actor = self.actor(&mut tx, account.0, at).await?;
        tx.roll_back().await?;
        Ok(actor)
    }

    async fn actor(&self, tx: &mut Tx, account: Uuid, at: i64) -> Result<Option<Arc<Actor>>, DbError> {
        let epoch = epoch(tx).await?;
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.epoch < epoch {
                *held = Held { epoch, accounts: BTreeMap::new() };
            }
            // A transaction older than what is held answers from the database.
            let fits = held.epoch == epoch;
            let found = held.accounts.get(&account).filter(|actor| fits && (0..HOLD).contains(&(at - actor.at)));
            if let Some(actor) = found {
                return Ok(Some(Arc::new(Actor { at, ..actor.clone() })));
            }
        }
        let Some(actor) = load(tx, account, at).await? else { return Ok(None) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.epoch == epoch {
            if held.accounts.len() >= HELD {
                held.accounts.clear();
            }
            held.accounts.insert(account, actor.clone());
        }
        Ok(Some(Arc::new(actor)))
    }
}

/// Actions that a token may be made for, of what its holder asked: those this program knows.
pub fn actions_named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<BTreeSet<Action>, AccountError> {
    names
        .into_iter()
        .map(|name| {
            let remedy = "name actions as the access matrix does";
            Action::from_name(name).ok_or(AccountError::rule("unknown_action", "actions", remedy))
        })
        .collect()
}
