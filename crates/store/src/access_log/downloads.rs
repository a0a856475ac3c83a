//! Files that were taken away, told from the log: each page of a file is a row whose query begins with the export's label.

use super::readers::{among, may_tell, records_of};
use crate::{
    accounts::AccountError,
    engine::{DbError, Tx},
    store::Store,
    value::ColumnType,
};
use domain::{
    access::Actor,
    id::{AccountId, PersonId},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A file that held records of a person.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Download {
    /// The export's id.
    pub export: String,
    /// When its first page left, milliseconds UTC.
    pub at: i64,
    /// Who took it.
    pub account: AccountId,
    /// Their name at work.
    pub name: Option<String>,
    /// What the rows are: `linelist`, `people` and so on.
    pub what: String,
    /// Kind of file.
    pub format: String,
    /// Whether it has names.
    pub identified: bool,
    /// Rows that left.
    pub rows: i64,
    /// How many of the person's records were among them.
    pub of_the_person: usize,
}

/// The first words of the log's rows about one export.
pub(crate) fn export_label(id: Uuid, what: &str, format: &str, identified: bool) -> String {
    format!("export {id} {what} {format} {}", if identified { IDENTIFIED } else { "de-identified" })
}

const IDENTIFIED: &str = "identified";
const SQL: &str = "SELECT access_log.at, access_log.account, account.name, access_log.query, access_log.ids \
     FROM access_log LEFT JOIN account ON account.id = access_log.account \
     WHERE access_log.query LIKE 'export %' ORDER BY access_log.at, access_log.stream, access_log.seq";
const TYPES: [ColumnType; 5] =
    [ColumnType::Int, ColumnType::Uuid, ColumnType::Text, ColumnType::Text, ColumnType::Bytes];

/// When a file with names last held each of these records, milliseconds UTC; those that none held are missing. Such a
/// file may come back (DESIGN §13.13).
pub(crate) async fn taken_at(tx: &mut Tx, records: &BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, i64>, DbError> {
    let mut taken = BTreeMap::new();
    tx.each(SQL, &[], &TYPES, |row| {
        let identified = row[3].text().is_ok_and(|query| query.split(' ').nth(4) == Some(IDENTIFIED));
        if let (true, Some(at), Ok(packed)) = (identified, row[0].opt_int(), row[4].bytes()) {
            taken.extend(among(packed, records).into_iter().map(|id| (id, at)));
        }
    })
    .await?;
    Ok(taken)
}

impl Store {
    /// Files that held records of this person, oldest first, by who took them. For whoever may tell the person
    /// (`AccessLogForPerson`); for others there is no such person.
    pub async fn downloads_of(&self, by: &Actor, person: PersonId) -> Result<Vec<Download>, AccountError> {
        let mut tx = self.read().await?;
        may_tell(&mut tx, by, person).await?;
        let records = records_of(&mut tx, person.0).await?;
        let mut files: BTreeMap<String, Download> = BTreeMap::new();
        tx.each(SQL, &[], &TYPES, |row| {
            let Ok(query) = row[3].text() else { return };
            let words: Vec<&str> = query.split(' ').collect();
            let (Some(&export), Some(&what), Some(&format), Some(&how)) =
                (words.get(1), words.get(2), words.get(3), words.get(4))
            else {
                return;
            };
            let file = files.entry(export.to_owned()).or_insert_with(|| Download {
                export: export.to_owned(),
                at: row[0].opt_int().unwrap_or(0),
                account: AccountId(row[1].opt_uuid().unwrap_or_default()),
                name: row[2].opt_text().map(str::to_owned),
                what: what.to_owned(),
                format: format.to_owned(),
                identified: how == IDENTIFIED,
                rows: 0,
                of_the_person: 0,
            });
            let last = words.get(6).and_then(|range| range.rsplit('-').next()).and_then(|last| last.parse().ok());
            file.rows = file.rows.max(last.unwrap_or(0));
            file.of_the_person += row[4].bytes().map_or(0, |packed| among(packed, &records).len());
        })
        .await?;
        tx.roll_back().await?;
        let mut held: Vec<Download> = files.into_values().filter(|file| file.of_the_person > 0).collect();
        held.sort_by_key(|file| (file.at, file.export.clone()));
        Ok(held)
    }
}
