use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::{Kept as _, Set},
    id::{HouseholdId, PlaceId},
    kernel::Event,
    noun::{
        duplicate, erasure,
        person::{self, Identifier, Sex},
    },
    seal::{Class, FreeText, Location},
};

fn given() -> person::Given {
    person::Given {
        full_name: Some("王测试".to_owned()),
        family_name: Some("王".to_owned()),
        given_name: Some("测试".to_owned()),
        latin_name: Some("Wang Ceshi".to_owned()),
        sex: Some(Sex::Female),
        birth_date: KnownDate::parse("1984-02").ok(),
        age_years: Some(38),
        identifiers: Some(vec![Identifier { kind: "national_id".to_owned(), number: "TEST-1".to_owned() }]),
        phones: Some(vec!["11100000001".to_owned()]),
        languages: Some(vec!["zh".to_owned()]),
        occupation: Some("nurse".to_owned()),
        health_worker: Some(true),
        died_on: KnownDate::parse("2022-03-14").ok(),
        note: Some("备注".to_owned()),
    }
}

fn address() -> person::AddressTaken {
    person::AddressTaken {
        from: KnownDate::Unknown,
        jurisdiction: DISTRICT,
        place: Some(PlaceId(uuid(2, 1))),
        text: Some(Location::keep("测试路1号".to_owned())),
    }
}

pub fn samples() -> Vec<Event> {
    let household = Some(HouseholdId(uuid(6, 1)));
    let people = [
        person::Event::Registered(person::Registered {
            id: person_id(1),
            jurisdiction: DISTRICT,
            fields: given().patch(),
            age_band: Some(person::AgeBand::From18To49),
            address: Some(address()),
            household,
        }),
        person::Event::Corrected(person::Corrected {
            changes: person::Patch { note: Set::Clear, ..given().patch() },
            age_band: Some(person::AgeBand::From65),
        }),
        person::Event::MovedHouse(person::MovedHouse { address: address() }),
        person::Event::JoinedHousehold(person::JoinedHousehold { household }),
        person::Event::MergedInto(person::MergedInto { kept: person_id(2) }),
        person::Event::Unmerged(person::Unmerged {}),
    ];
    let pairs = [
        duplicate::Event::Suspected(duplicate::Suspected {
            left: person_id(1),
            right: person_id(2),
            score_thousandths: 930,
            likeness: vec![
                duplicate::Likeness::SameIdentifier,
                duplicate::Likeness::SamePhone,
                duplicate::Likeness::SameName,
                duplicate::Likeness::SimilarName,
                duplicate::Likeness::SameBirth,
                duplicate::Likeness::SameHousehold,
                duplicate::Likeness::Told,
            ],
        }),
        duplicate::Event::Dismissed(duplicate::Dismissed {}),
        duplicate::Event::Merged(duplicate::Merged { kept: person_id(1) }),
        duplicate::Event::Unmerged(duplicate::Unmerged { kept: person_id(1) }),
    ];
    let erasures = [
        erasure::Event::Requested(erasure::Requested {
            person: person_id(1),
            jurisdiction: DISTRICT,
            classes: Class::ALL.to_vec(),
            ground: erasure::Ground::RetentionOver,
            note: Some(FreeText::keep("来电".to_owned())),
        }),
        erasure::Event::Approved(erasure::Approved { classes: vec![Class::Identity] }),
        erasure::Event::Refused(erasure::Refused {}),
        erasure::Event::Cancelled(erasure::Cancelled {}),
        erasure::Event::HoldPlaced(erasure::HoldPlaced {
            person: person_id(1),
            jurisdiction: DISTRICT,
            ground: erasure::HoldGround::Inquiry,
        }),
        erasure::Event::HoldLifted(erasure::HoldLifted { hold: 1 }),
    ];
    let people = people.into_iter().map(Event::Person);
    people.chain(pairs.into_iter().map(Event::Duplicate)).chain(erasures.into_iter().map(Event::Erasure)).collect()
}
