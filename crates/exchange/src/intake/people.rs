//! People: found by an exact identifier, suspected by likeness, else registered.

use super::{
    Intake, Lookup, Planned, Verdict,
    changes::{Merge, joined, merge, settle},
    known::own_id,
    read::{self, AddressSaid, PersonSaid},
};
use crate::MappedRecord;
use domain::{
    date::KnownDate,
    fields::{Kept as _, Seen},
    id::{HouseholdId, JurisdictionId, PersonId, PlaceId},
    kernel::{Aggregate, Relation},
    noun::{
        MatchKey, duplicate,
        duplicate::Likeness,
        household::{self, Household},
        jurisdiction::Jurisdiction,
        person::{self, Address, AddressGiven, Identifier, Person, fold_name, similarity},
        place::Place,
    },
    seal::{Location, Reading},
};

/// Thousandths from which two names are suspected to be one person's.
const ALIKE: i64 = 850;
/// The same where phone and birth date agree: one wrong character of a two-character name.
const ALIKE_WITH_PHONE_AND_BIRTH: i64 = 500;

/// Keys under which these identifiers are found.
pub(super) fn identifier_keys(scheme: &str, identifiers: &[Identifier]) -> Vec<MatchKey> {
    identifiers
        .iter()
        .map(|identifier| MatchKey::new(scheme, &[&identifier.kind, &fold_name(&identifier.number)]))
        .collect()
}

/// Keys of what was said of a person, as the person's own record will have them.
fn keys(said: &PersonSaid) -> Vec<MatchKey> {
    use domain::noun::Noun as _;
    let fields = person::Given { identifiers: Some(said.identifiers.clone()), ..said.given.clone() }.kept();
    let sketch = Person {
        id: PersonId(uuid::Uuid::nil()),
        jurisdiction: JurisdictionId(uuid::Uuid::nil()),
        fields,
        age_band: None,
        addresses: Vec::new(),
        household: None,
        merged_into: None,
    };
    sketch.match_keys(&Reading::permit())
}

impl Intake {
    pub(super) fn look_for_person(&self, record: &MappedRecord, lookup: &mut Lookup) {
        let said = read::person(record, &self.settings);
        lookup.keys.extend(keys(&said));
        if said.identifiers.is_empty() {
            lookup.ids.extend(self.made_before(lookup.row));
        }
        if let Some(code) = &said.household {
            lookup.keys.insert(MatchKey::new("household", &[&code.to_lowercase()]));
        }
        if let Some(address) = &said.address {
            if let Some(area) = &address.jurisdiction {
                lookup.keys.insert(MatchKey::new("jurisdiction", &[&area.to_lowercase()]));
            }
            if let Some(place) = &address.place {
                lookup.keys.insert(MatchKey::new("place", &[&place.to_lowercase()]));
            }
        }
        if let Some(area) = &said.jurisdiction {
            lookup.keys.insert(MatchKey::new("jurisdiction", &[&area.to_lowercase()]));
        }
        lookup.relations.insert(Relation::CaseOfPerson);
    }

    pub(super) fn person_record(&mut self, record: &MappedRecord) -> Planned {
        let said = read::person(record, &self.settings);
        Ok(self.person(said, None).1)
    }

    /// Finds or makes the person. `by` is the person another record already names.
    pub(super) fn person(&mut self, said: PersonSaid, by: Option<PersonId>) -> (PersonId, Verdict) {
        let found = by.and_then(|id| self.known.kept(id)).or_else(|| self.identified(&said.identifiers));
        match found.cloned().or_else(|| self.made_by_this_row(&said)) {
            Some(person) => (person.id, self.update(&person, said)),
            None => self.register(said),
        }
    }

    /// The person who has one of these identifiers.
    pub(super) fn identified(&self, identifiers: &[Identifier]) -> Option<&Person> {
        let keys = identifier_keys("identifier", identifiers);
        let by_key = keys.into_iter().find_map(|key| self.known.one::<Person>(key));
        let own = || {
            let ours = identifiers.iter().filter(|identifier| identifier.kind == self.settings.source);
            ours.filter_map(|identifier| own_id(&identifier.number)).find_map(|id| self.known.get::<Person>(id))
        };
        by_key.or_else(own).and_then(|person| self.known.kept(person.id))
    }

    /// The person whom this row made when the same file was imported before, where the row itself names nobody by an id.
    /// One called otherwise since is not taken for the same.
    fn made_by_this_row(&mut self, said: &PersonSaid) -> Option<Person> {
        if !said.identifiers.is_empty() {
            return None;
        }
        let name = said.given.full_name.as_deref().map(fold_name);
        let permit = Reading::permit();
        let same = |person: &Person| {
            name == person.fields.full_name.as_ref().and_then(|name| name.shown(&permit)).map(|name| fold_name(name))
        };
        let before = self.made_before(self.row).filter(|id| !self.found_again.contains(id));
        let (id, person) = before
            .filter_map(|id| Some((id, self.known.get::<Person>(id)?)))
            .find_map(|(id, made)| Some((id, self.known.kept(made.id).filter(|_| same(made))?.clone())))?;
        self.found_again.push(id);
        Some(person)
    }

    fn register(&mut self, said: PersonSaid) -> (PersonId, Verdict) {
        let id = PersonId(self.fresh());
        let suspect = self.most_alike(&said);
        let household = said.household.as_deref().map(|code| self.household(code));
        let address = said.address.as_ref().map(|address| self.address(address));
        let in_charge = said.jurisdiction.as_deref().and_then(|area| self.area(area));
        let living = address.as_ref().map(|address| address.jurisdiction);
        let jurisdiction = living.or(in_charge).unwrap_or(self.settings.jurisdiction);
        let mut fields = said.given;
        if !said.identifiers.is_empty() {
            fields.identifiers = Some(said.identifiers);
        }
        let made = Person {
            id,
            jurisdiction,
            fields: fields.clone().kept(),
            age_band: None,
            addresses: address.iter().map(recorded).collect(),
            household,
            merged_into: None,
        };
        self.then(person::Command::Register { id, jurisdiction, fields, address, household });
        self.known.put(id.0, Aggregate::Person(made));
        let Some((other, score, likeness)) = suspect else { return (id, Verdict::Created) };
        self.then(duplicate::Command::Suspect { left: other, right: id, score_thousandths: score, likeness });
        (id, Verdict::Duplicate)
    }

    /// The record most like this person, if any is alike enough.
    fn most_alike(&self, said: &PersonSaid) -> Option<(PersonId, i64, Vec<Likeness>)> {
        let name = fold_name(said.given.full_name.as_deref()?);
        let mut best: Option<(PersonId, i64, Vec<Likeness>)> = None;
        let candidates: std::collections::BTreeSet<_> =
            keys(said).into_iter().flat_map(|key| self.known.by_key(key)).collect();
        for id in candidates {
            let Some(other) = self.known.get::<Person>(id).filter(|person| person.merged_into.is_none()) else {
                continue;
            };
            if self.told_apart(said, other) {
                continue;
            }
            let Some((score, likeness)) = likeness(&name, said, other) else { continue };
            if best.as_ref().is_none_or(|(_, most, _)| score > *most) {
                best = Some((other.id, score, likeness));
            }
        }
        best
    }

    /// Whether a document of one kind with two numbers says that these are two people. The file's own ids say nothing.
    fn told_apart(&self, said: &PersonSaid, other: &Person) -> bool {
        let permit = Reading::permit();
        let theirs = other.fields.identifiers.iter().filter_map(|list| list.shown(&permit)).flatten();
        let documents = |identifier: &&Identifier| identifier.kind != self.settings.source;
        theirs.filter(documents).any(|theirs| {
            said.identifiers
                .iter()
                .any(|ours| ours.kind == theirs.kind && fold_name(&ours.number) != fold_name(&theirs.number))
        })
    }

    fn update(&mut self, person: &Person, said: PersonSaid) -> Verdict {
        let area_named = said.address.as_ref().is_some_and(|address| address.jurisdiction.is_some());
        let address = said.address.as_ref().map(|address| self.address(address));
        let household = match &said.household {
            Some(code) => Some(self.household(code)),
            None if said.leaves_household => None,
            None => person.household,
        };
        let differs = merged(person, &said, None).changed
            || address.as_ref().is_some_and(|to| moves(person, to, area_named))
            || household != person.household;
        if !differs {
            return Verdict::Unchanged;
        }
        let (mut after, mut known) = (person.clone(), self.known.outside::<Person>(person.id.0));
        let merge = merged(person, &said, known.as_ref());
        let correct = |changes| person::Command::Correct { id: person.id, changes };
        let outside = known.as_mut().map(|known| &mut known.fields);
        let mut verdict = settle!(self, person.id.0, &mut after.fields, outside, merge, correct);
        // Files that name the place where they knew the person to live say nothing new, even where that changed here.
        let told = known.as_ref().is_some_and(|known| address.as_ref().is_some_and(|to| !moves(known, to, area_named)));
        if let Some(address) = address.filter(|to| !told && moves(person, to, area_named)) {
            let lives_at = known.as_ref().map(Person::lives_at);
            let put = self.put((person.id.0, "address"), person.lives_at(), lives_at, |stood| {
                let seen = Some(Seen { stood });
                person::Command::MoveHouse { id: person.id, address: address.clone(), seen }
            });
            for person in [Some(&mut after), known.as_mut()].into_iter().flatten().filter(|_| put == Verdict::Updated) {
                person.addresses.push(recorded(&address));
                person.jurisdiction = address.jurisdiction;
            }
            verdict = verdict.max(put);
        }
        let lived_in = known.as_ref().map(|known| known.household);
        if household != person.household && lived_in != Some(household) {
            let put = self.put((person.id.0, "household"), person.household, lived_in, |stood| {
                person::Command::JoinHousehold { id: person.id, household, seen: Some(Seen { stood }) }
            });
            for person in [Some(&mut after), known.as_mut()].into_iter().flatten().filter(|_| put == Verdict::Updated) {
                person.household = household;
            }
            verdict = verdict.max(put);
        }
        self.settled(person.id.0, Aggregate::Person(after), known.map(Aggregate::Person), verdict)
    }

    /// The household of a code, made where there is none.
    fn household(&mut self, code: &str) -> HouseholdId {
        if let Some(found) = self.known.called::<Household>(MatchKey::new("household", &[&code.to_lowercase()]), code) {
            return found.id;
        }
        let id = HouseholdId(self.fresh());
        let (jurisdiction, fields) = (self.settings.jurisdiction, household::Given { code: Some(code.to_owned()) });
        let made = Household { id, jurisdiction, dwelling: None, fields: fields.clone().kept(), dissolved_at: None };
        self.known.put(id.0, Aggregate::Household(made));
        self.then(household::Command::Establish { id, jurisdiction, dwelling: None, fields });
        id
    }

    /// The area of a code or name.
    pub(super) fn area(&self, name: &str) -> Option<JurisdictionId> {
        let key = MatchKey::new("jurisdiction", &[&name.to_lowercase()]);
        self.known.called::<Jurisdiction>(key, name).map(|area| area.id)
    }

    /// The place of a code or name.
    pub(super) fn place(&self, name: &str) -> Option<PlaceId> {
        self.known.called::<Place>(MatchKey::new("place", &[&name.to_lowercase()]), name).map(|place| place.id)
    }

    /// An area or dwelling not on record stays in the address as written.
    fn address(&self, said: &AddressSaid) -> AddressGiven {
        let area = said.jurisdiction.as_deref().and_then(|name| self.area(name));
        let place = said.place.as_deref().and_then(|name| self.place(name));
        let unknown_area = said.jurisdiction.clone().filter(|_| area.is_none());
        let unknown_place = said.place.clone().filter(|_| place.is_none());
        let words: Vec<String> = [unknown_area, said.written(), unknown_place].into_iter().flatten().collect();
        AddressGiven {
            from: said.from.unwrap_or(KnownDate::NotAsked),
            jurisdiction: area.unwrap_or(self.settings.jurisdiction),
            place,
            text: Some(words.join(" ")).filter(|text| !text.is_empty()),
        }
    }
}

/// What a row says of a person's fields, merged with what stands and with what is known outside.
fn merged(person: &Person, said: &PersonSaid, outside: Option<&Person>) -> Merge<person::Changes> {
    let given = beside(person, said);
    let known = outside.map(|known| (&known.fields, beside(known, said)));
    merge!(person::Changes, person.fields, given, known, said.clears;
        full_name, family_name, given_name, latin_name, sex, birth_date, age_years, identifiers, phones,
        languages, occupation, health_worker, died_on, note)
}

/// What a row gives, its lists with what stood in the record after them.
fn beside(person: &Person, said: &PersonSaid) -> person::Given {
    let permit = Reading::permit();
    let (mut given, own) = (said.given.clone(), person.id.to_string());
    let shown = |list: &Option<domain::seal::ContactDetail<Vec<String>>>| {
        list.as_ref().and_then(|list| list.shown(&permit)).cloned()
    };
    given.phones = given.phones.map(|phones| joined(shown(&person.fields.phones).as_ref(), phones));
    given.languages = given.languages.map(|tags| joined(shown(&person.fields.languages).as_ref(), tags));
    let identifiers: Vec<Identifier> =
        said.identifiers.iter().filter(|identifier| identifier.number != own).cloned().collect();
    if !identifiers.is_empty() {
        let stands = person.fields.identifiers.as_ref().and_then(|list| list.shown(&permit));
        given.identifiers = Some(joined(stands, identifiers));
    }
    given
}

fn recorded(address: &AddressGiven) -> Address {
    Address {
        from: address.from,
        jurisdiction: address.jurisdiction,
        place: address.place,
        text: address.text.clone().map(Location::keep),
        recorded_at: 0,
        superseded_at: None,
    }
}

/// Whether the address differs from the last one. A file that names no area says nothing about it.
fn moves(person: &Person, to: &AddressGiven, area_named: bool) -> bool {
    let Some(last) = person.addresses.last() else { return true };
    let text = last.text.as_ref().and_then(|text| text.shown(&Reading::permit()));
    text != to.text.as_ref()
        || (area_named && last.jurisdiction != to.jurisdiction)
        || to.place.is_some_and(|place| last.place != Some(place))
        || (to.from != KnownDate::NotAsked && to.from != last.from)
}

/// How alike two people are, and in what; `None` where that is not enough.
fn likeness(name: &str, said: &PersonSaid, other: &Person) -> Option<(i64, Vec<Likeness>)> {
    let permit = Reading::permit();
    let theirs = fold_name(other.fields.full_name.as_ref()?.shown(&permit)?);
    let score = similarity(name, &theirs);
    let phones = other.fields.phones.as_ref().and_then(|list| list.shown(&permit));
    let same_phone = said.given.phones.iter().flatten().any(|phone| phones.is_some_and(|list| list.contains(phone)));
    let birth = other.fields.birth_date.as_ref().and_then(|date| date.shown(&permit)).copied();
    let same_birth = said.given.birth_date.is_some() && said.given.birth_date == birth;
    let enough = if same_phone && same_birth { ALIKE_WITH_PHONE_AND_BIRTH } else { ALIKE };
    if score < enough {
        return None;
    }
    let mut likeness = vec![if score == 1000 { Likeness::SameName } else { Likeness::SimilarName }];
    likeness.extend(same_phone.then_some(Likeness::SamePhone));
    likeness.extend(same_birth.then_some(Likeness::SameBirth));
    Some((score, likeness))
}
