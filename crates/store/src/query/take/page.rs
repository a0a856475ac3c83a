//! One page of a file: the rows, what stands beside them, and what of it may leave.

use super::{PAGE, Taking, What, beside::Beside};
use crate::{
    access_log::Unlogged,
    engine::{DbError, Tx},
    query::{
        QueryError,
        cursor::Cursor,
        record::{Columns, Trace, subject, written},
        target::{Known, known},
        view::Field,
    },
    rows,
    store::Store,
    table::Table,
    value::{Row, Value},
};
use domain::access::{Action, Decision, FieldGroup, FieldSet};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Values of one record, by field.
type Fields = BTreeMap<&'static str, serde_json::Value>;

/// One row of a file: the fields of its records that may leave, and under `refs` what other records are called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    parts: BTreeMap<&'static str, Fields>,
}

impl Taken {
    /// The value of a field of a part: `case`, `person`, `address`, `contact`, `exposure`, `follow_up`, `place`, `refs`.
    pub fn get(&self, part: &str, field: &str) -> Option<&serde_json::Value> {
        self.parts.get(part)?.get(field)
    }

    /// All values, for tests of what may not be among them.
    pub fn values(&self) -> impl Iterator<Item = &serde_json::Value> {
        self.parts.values().flat_map(BTreeMap::values)
    }

    fn refer(&mut self, name: &'static str, to: impl Into<serde_json::Value>) {
        self.parts.entry("refs").or_default().insert(name, to.into());
    }
}

/// Groups that a de-identified row may show: none that says who somebody is.
const DEIDENTIFIED: FieldSet = FieldSet::of(&[
    FieldGroup::Clinical,
    FieldGroup::Epidemiology,
    FieldGroup::SourceCaseLink,
    FieldGroup::Operational,
    FieldGroup::Statistics,
]);

/// Columns of those groups that hold words or codes by which somebody might be known all the same: a case's code stands in
/// bulletins beside age and street.
const TELLING: &[&str] =
    &["code", "number", "identifiers", "names", "symptoms", "facility_name", "service_number", "setting", "evidence"];

/// What a page stands on.
struct Around {
    known: Known,
    persons: Beside,
    addresses: Beside,
    households: Beside,
    places: Beside,
    bases: Beside,
    exposures: Beside,
    cases: Beside,
    contacts: Beside,
}

impl Taking {
    /// The next page; none after the last. Release it through the access log.
    pub async fn next(&mut self, store: &Store) -> Result<Option<Unlogged<Vec<Taken>>>, QueryError> {
        if self.ended {
            return Ok(None);
        }
        let shown = self.plan.scope.fields().intersection(self.plan.also[0].fields());
        let columns = Columns::of(self.plan.view, shown);
        let statement = self.plan.statement(&columns, &self.actor);
        let mut tx = store.read().await?;
        let mut rows = tx.rows(&statement.text, &statement.args, &columns.types).await?;
        self.ended = rows.len() <= PAGE as usize;
        rows.truncate(PAGE as usize);
        if let Some(row) = rows.last() {
            let (stream, entry) = (row[0].opt_int().unwrap_or(0), row[2].opt_int().unwrap_or(0));
            self.plan.after = Some(Cursor { list: self.plan.list, value: None, stream, id: row[1].uuid()?, entry });
        }
        let around = self.around(&mut tx, &columns, &rows).await?;
        tx.roll_back().await?;
        let (mut taken, mut trace) = (Vec::with_capacity(rows.len()), Trace::default());
        for row in &rows {
            let id = row[1].uuid()?;
            let list = around.known.judge(&self.actor, self.plan.action, id);
            let decision = list.both(around.known.judge(&self.actor, self.action, id));
            if !decision.allowed {
                continue;
            }
            trace.note(id, subject(self.plan.view, row), &decision);
            self.compose(&columns, row, &decision, &around, &mut taken)?;
        }
        if rows.is_empty() && self.rows > 0 {
            return Ok(None);
        }
        let from = self.rows + 1;
        self.rows += taken.len() as u64;
        let query = format!("{} rows {from}-{}", self.label, self.rows);
        let question = format!("{query} {:?}", self.take);
        Ok(Some(Unlogged::personal(taken, trace.entry(&self.actor, self.plan.action, query, question))))
    }

    /// Ids in a column of the page.
    fn ids(&self, columns: &Columns, rows: &[Row], name: &str) -> BTreeSet<Uuid> {
        let at = columns.fields.iter().position(|field| field.name == name);
        let value = |row: &Row| at.and_then(|at| row.get(at + 4)).and_then(Value::opt_uuid);
        rows.iter().filter_map(value).collect()
    }

    async fn around(&mut self, tx: &mut Tx, columns: &Columns, rows: &[Row]) -> Result<Around, DbError> {
        let what = self.take.what;
        let own: BTreeSet<Uuid> = rows.iter().filter_map(|row| row[1].opt_uuid()).collect();
        let mut people: BTreeSet<Uuid> = match what {
            What::Followups | What::Places => BTreeSet::new(),
            _ => rows.iter().filter_map(|row| row[3].opt_uuid()).collect(),
        };
        let of = |wanted: bool, ids: BTreeSet<Uuid>| if wanted { ids } else { BTreeSet::new() };
        let bases = Beside::load(tx, &rows::CONTACT_BASIS, "contact_id", of(what == What::Contacts, own.clone())).await?;
        let exposures = Beside::load(tx, &rows::EXPOSURE, "id", bases.column("exposure_id")).await?;
        let sources = |name: &str| &self.ids(columns, rows, name) | &bases.column(name);
        let cases = Beside::load(tx, &rows::CASE_RECORD, "id", sources("source_case")).await?;
        let mut about = sources("source_contact");
        about.extend(of(what == What::Followups, own.clone()));
        let contacts = Beside::load(tx, &rows::CONTACT, "id", about).await?;
        let mut persons = Beside::load(tx, &rows::PERSON, "id", people.clone()).await?;
        let merged = persons.column("merged_into");
        people.extend(merged.iter().copied());
        persons.take_in(Beside::load(tx, &rows::PERSON, "id", merged).await?);
        let addresses = Beside::load(tx, &rows::PERSON_ADDRESS, "person_id", people.clone()).await?;
        let households = Beside::load(tx, &rows::HOUSEHOLD, "id", persons.column("household")).await?;
        let mut at = &sources("source_place") | &self.ids(columns, rows, "facility");
        at.extend(addresses.column("place"));
        at.extend(self.ids(columns, rows, "inside"));
        let places = Beside::load(tx, &rows::PLACE, "id", at).await?;
        let areas = self.ids(columns, rows, "jurisdiction");
        let areas = areas.into_iter().chain(persons.column("jurisdiction")).chain(addresses.column("jurisdiction"));
        self.areas.meet(tx, areas).await?;
        let mut judged = own;
        if !self.names.are_pseudonyms() {
            judged.extend(people);
            judged.extend(cases.ids());
            judged.extend(contacts.ids());
        }
        let known = known(tx, &judged.into_iter().collect::<Vec<_>>()).await?;
        Ok(Around { known, persons, addresses, households, places, bases, exposures, cases, contacts })
    }

    /// What of another record may leave with a row: what its own reading and the export both show. Beside a de-identified
    /// row nothing but groups that tell of nobody, as the row's own record shows them.
    fn beside(&self, around: &Around, read: Action, id: Uuid, row: &Decision) -> FieldSet {
        if self.names.are_pseudonyms() {
            return row.fields.intersection(DEIDENTIFIED);
        }
        let decision = around.known.judge(&self.actor, read, id).both(around.known.judge(&self.actor, self.action, id));
        if decision.allowed { decision.fields } else { FieldSet::EMPTY }
    }

    /// What a record is called where `read` shows its identifiers.
    fn called(&self, around: &Around, of: &Beside, read: Action, id: Uuid, row: &Decision) -> String {
        let may = self.beside(around, read, id, row).contains(FieldGroup::Identity);
        let identifiers = of.last(id).filter(|_| may).and_then(|found| of.text(found, "identifiers"));
        self.names.of(id, identifiers)
    }

    /// The field as it may leave: ids of a de-identified row as pseudonyms, words by which one is known not at all.
    fn leaving(&self, field: &Field, value: &Value) -> Option<serde_json::Value> {
        if !self.names.are_pseudonyms() {
            return written(value, field.form);
        }
        match value {
            Value::Text(name) if field.name == "facility_name" => {
                Some(self.names.pseudonym(name.to_lowercase().as_bytes()).into())
            }
            _ if TELLING.contains(&field.name) => None,
            Value::Uuid(id) => Some(self.names.pseudonym(id.as_bytes()).into()),
            other => written(other, field.form),
        }
    }

    /// The fields of a row of `table` that `shown` has.
    fn part(&self, table: &Table, fields: &'static [Field], row: &Row, shown: FieldSet) -> Fields {
        let value = |field: &Field| table.position(field.name).and_then(|at| row.get(at));
        let shown = fields.iter().filter(|field| shown.contains(field.group));
        shown.filter_map(|field| Some((field.name, self.leaving(field, value(field)?)?))).collect()
    }

    fn compose(
        &self,
        columns: &Columns,
        row: &Row,
        decision: &Decision,
        around: &Around,
        out: &mut Vec<Taken>,
    ) -> Result<(), DbError> {
        let view = self.plan.view;
        let id = row[1].uuid()?;
        let deidentified = self.names.are_pseudonyms();
        let shown = if deidentified { decision.fields.intersection(DEIDENTIFIED) } else { decision.fields };
        let visible = columns.fields.iter().zip(&row[4..]).filter(|(field, _)| shown.contains(field.group));
        let mut taken = Taken::default();
        let raw: BTreeMap<&str, &Value> = visible.clone().map(|(field, value)| (field.name, value)).collect();
        let mut own: Fields =
            visible.filter_map(|(field, value)| Some((field.name, self.leaving(field, value)?))).collect();
        let uuid = |name: &str| raw.get(name).and_then(|value| value.opt_uuid());
        let text = |name: &str| raw.get(name).and_then(|value| value.opt_text());
        match self.take.what {
            What::Followups => taken.refer("contact", self.called(around, &around.contacts, Action::ContactRead, id, decision)),
            What::Places => {
                taken.refer("place", self.place(around, id, text("code")));
                if deidentified && text("kind") != Some("dwelling") {
                    // That a school or hospital exists is known to all; a dwelling's name is somebody's address.
                    let public = view.fields.iter().filter(|field| ["code", "names"].contains(&field.name));
                    own.extend(public.filter_map(|field| Some((field.name, written(raw.get(field.name)?, field.form)?))));
                }
                if let Some(inside) = uuid("inside") {
                    taken.refer("inside", self.place(around, inside, None));
                }
            }
            _ => taken.refer(view.kind, self.names.of(id, text("identifiers"))),
        }
        if let Some(area) = uuid("jurisdiction") {
            self.area(&mut taken, "area", area);
        }
        if let Some(facility) = uuid("facility") {
            taken.refer("facility", self.place(around, facility, None));
        }
        taken.parts.insert(view.noun.name(), own);
        if self.take.what.person().is_some() {
            self.person(&mut taken, row[3].uuid()?, decision, around);
        }
        match self.take.what {
            What::Contacts => self.per_basis(taken, id, decision, around, out),
            What::Exposures => {
                self.source(&mut taken, [uuid("source_case"), uuid("source_contact"), uuid("source_place")], decision, around);
                out.push(taken);
            }
            _ => out.push(taken),
        }
        Ok(())
    }

    fn area(&self, taken: &mut Taken, name: &'static str, area: Uuid) {
        if !self.names.are_pseudonyms() {
            taken.refer(name, self.areas.called(area));
        } else if let Some(called) = self.areas.called_at_large(area) {
            taken.refer(name, called);
        }
    }

    /// A place goes by its code, else by its id.
    fn place(&self, around: &Around, id: Uuid, code: Option<&str>) -> String {
        if self.names.are_pseudonyms() {
            return self.names.pseudonym(id.as_bytes());
        }
        let code = code.or_else(|| around.places.last(id).and_then(|row| around.places.text(row, "code")));
        code.map_or_else(|| id.to_string(), str::to_owned)
    }

    /// The person beside a row, merges followed, with the last address.
    fn person(&self, taken: &mut Taken, id: Uuid, decision: &Decision, around: &Around) {
        let persons = &around.persons;
        let mut kept = id;
        let mut row = persons.last(id);
        if let Some(into) = row.and_then(|row| persons.uuid(row, "merged_into")) {
            (kept, row) = (into, persons.last(into));
        }
        let shown = self.beside(around, Action::PersonRead, kept, decision);
        taken.refer("person", self.called(around, persons, Action::PersonRead, kept, decision));
        let Some(row) = row else { return };
        let fields = self.part(&rows::PERSON, crate::query::person::PERSON.fields, row, shown);
        taken.parts.insert("person", fields);
        if shown.contains(FieldGroup::Identity) {
            let documents = self.names.documents(persons.text(row, "identifiers"));
            taken.refer("documents", serde_json::json!(documents));
        }
        if !shown.contains(FieldGroup::Location) {
            return;
        }
        if let Some(household) = persons.uuid(row, "household") {
            let code = around.households.last(household).and_then(|found| around.households.text(found, "code"));
            taken.refer("household", code.map_or_else(|| household.to_string(), str::to_owned));
        }
        let Some(address) = around.addresses.last(kept) else {
            if let Some(area) = persons.uuid(row, "jurisdiction") {
                self.area(taken, "person_area", area);
            }
            return;
        };
        let of = crate::query::person::PERSON.children[0].fields;
        taken.parts.insert("address", self.part(&rows::PERSON_ADDRESS, of, address, shown));
        if let Some(area) = around.addresses.uuid(address, "jurisdiction") {
            self.area(taken, "address_area", area);
        }
        if let Some(place) = around.addresses.uuid(address, "place") {
            taken.refer("address_place", self.place(around, place, None));
        }
    }

    /// A contact's row for each exposure it rests on; one without where it rests on none.
    fn per_basis(&self, taken: Taken, id: Uuid, decision: &Decision, around: &Around, out: &mut Vec<Taken>) {
        let bases = around.bases.all(id);
        if bases.is_empty() {
            out.push(taken);
            return;
        }
        for basis in bases {
            let mut row = taken.clone();
            let exposure = around.bases.uuid(basis, "exposure_id");
            let source = ["source_case", "source_contact", "source_place"].map(|name| around.bases.uuid(basis, name));
            let shown = decision.fields.contains(FieldGroup::SourceCaseLink);
            self.source(&mut row, if shown { source } else { [None; 3] }, decision, around);
            if let Some(found) = exposure.and_then(|id| around.exposures.last(id)) {
                let groups = if self.names.are_pseudonyms() { DEIDENTIFIED } else { FieldSet::PERSONAL };
                let shown = decision.fields.intersection(groups);
                let fields = self.part(&rows::EXPOSURE, crate::query::exposure::EXPOSURE.fields, found, shown);
                row.parts.insert("exposure", fields);
            }
            out.push(row);
        }
    }

    fn source(&self, taken: &mut Taken, [case, contact, place]: [Option<Uuid>; 3], row: &Decision, around: &Around) {
        if let Some(case) = case {
            taken.refer("source_case", self.called(around, &around.cases, Action::CaseRead, case, row));
        }
        if let Some(contact) = contact {
            taken.refer("source_contact", self.called(around, &around.contacts, Action::ContactRead, contact, row));
        }
        if let Some(place) = place {
            taken.refer("source_place", self.place(around, place, None));
        }
    }
}
