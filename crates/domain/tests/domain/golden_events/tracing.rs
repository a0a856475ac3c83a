use crate::desk::*;
use domain::{
    date::KnownDate,
    fields::Set,
    id::{CaseId, ContactId, ExposureId, OutbreakId, PlaceId, SampleId, StreamId},
    kernel::Event,
    noun::{contact, exposure, person::Identifier, sample},
    pack::{ContactDates, ExposureKind, PackRef, Ring, TestKind},
    when::When,
};
use jiff::civil::date;

fn outbreak() -> OutbreakId {
    OutbreakId(uuid(7, 1))
}

fn identifiers() -> Option<Vec<Identifier>> {
    Some(vec![Identifier { kind: "tube".to_owned(), number: "T7".to_owned() }])
}

fn day(day: i8) -> KnownDate {
    KnownDate::day(date(2022, 3, day))
}

pub fn samples() -> Vec<Event> {
    let sets = [taken(), exposed(), followed()];
    sets.into_iter().flatten().collect()
}

fn taken() -> Vec<Event> {
    let fields = sample::Given {
        sampled: Some(When::At(START)),
        specimen: Some(sample::Specimen::OropharyngealSwab),
        identifiers: identifiers(),
        note: Some("备注".to_owned()),
    };
    let result = sample::ResultGiven {
        test: Some(TestKind::Pcr),
        result: Some(sample::Verdict::Positive),
        tested: Some(When::At(START)),
        reported: Some(When::On(day(15))),
        laboratory: Some(PlaceId(uuid(2, 2))),
        laboratory_name: Some("实验室".to_owned()),
        verified: Some(true),
    };
    let events = [
        sample::Event::Collected(sample::Collected {
            id: SampleId(uuid(12, 1)),
            person: person_id(1),
            case: Some(CaseId(uuid(4, 1))),
            outbreak: outbreak(),
            jurisdiction: DISTRICT,
            fields: fields.clone().patch(),
            sampled_on: day(14),
        }),
        sample::Event::Corrected(sample::Corrected {
            changes: sample::Patch { specimen: Set::Clear, ..fields.patch() },
            sampled_on: KnownDate::Unknown,
        }),
        sample::Event::LinkedToCase(sample::LinkedToCase { case: CaseId(uuid(4, 1)) }),
        sample::Event::ResultRecorded(sample::ResultRecorded { fields: result.clone().patch() }),
        sample::Event::ResultCorrected(sample::ResultCorrected {
            n: 3,
            changes: sample::ResultPatch { reported: Set::Clear, ..result.patch() },
        }),
        sample::Event::EnteredInError(sample::EnteredInError {}),
    ];
    events.into_iter().map(Event::Sample).collect()
}

fn exposed() -> Vec<Event> {
    let fields = exposure::Given {
        first: Some(When::On(day(10))),
        last: Some(When::At(START)),
        minutes: Some(30),
        minutes_after_case_left: Some(0),
        kind: Some(ExposureKind::Household),
        certainty: Some(exposure::Certainty::Probable),
        evidence: Some(vec![exposure::Evidence::SourceInterview, exposure::Evidence::Ticket]),
        place: Some(PlaceId(uuid(2, 3))),
        setting: Some("家中".to_owned()),
        note: Some("备注".to_owned()),
    };
    let days = exposure::Days { first: day(10), last: day(14) };
    let recorded = |n, source| {
        exposure::Event::Recorded(exposure::Recorded {
            id: ExposureId(uuid(13, n)),
            source,
            person: person_id(2),
            outbreak: outbreak(),
            jurisdiction: DISTRICT,
            fields: fields.clone().patch(),
            days,
        })
    };
    let events = [
        recorded(1, exposure::Source::Case(CaseId(uuid(4, 1)))),
        recorded(2, exposure::Source::Contact(ContactId(uuid(14, 1)))),
        recorded(3, exposure::Source::Place(PlaceId(uuid(2, 1)))),
        exposure::Event::Corrected(exposure::Corrected {
            changes: exposure::Patch { place: Set::Clear, ..fields.patch() },
            days,
        }),
        exposure::Event::EnteredInError(exposure::EnteredInError {}),
    ];
    events.into_iter().map(Event::Exposure).collect()
}

fn judgement(ring: Ring) -> contact::Judgement {
    contact::Judgement {
        ring,
        meets_definition: Some(true),
        in_window: Some(false),
        plan: Some(contact::Plan {
            dates: ContactDates {
                first_exposure: Some(date(2022, 3, 10)),
                last_exposure: Some(date(2022, 3, 14)),
                entry: Some(date(2022, 3, 15)),
                detected: date(2022, 3, 16),
                reset: None,
            },
            start: date(2022, 3, 14),
            first_day: 2,
            last_day: 21,
            due_minutes: vec![540, 1020],
        }),
    }
}

fn followed() -> Vec<Event> {
    let fields = contact::Given {
        identifiers: identifiers(),
        listed_on: Some(day(16)),
        entered_site_on: Some(day(15)),
        note: Some("备注".to_owned()),
    };
    let entry = contact::EntryGiven {
        on: Some(date(2022, 3, 17)),
        slot: Some(2),
        mode: Some(contact::Mode::Visit),
        state: Some(contact::Seen::SeenIll),
        temperature_tenths: Some(385),
        symptoms: Some(vec!["cough".to_owned()]),
        seen_by: Some(ALICE),
        note: Some("备注".to_owned()),
    };
    let basis =
        contact::Basis { exposure: ExposureId(uuid(13, 1)), source: exposure::Source::Case(CaseId(uuid(4, 1))) };
    let on = date(2022, 3, 17);
    let moves = [
        contact::Status::Followed,
        contact::Status::Lost,
        contact::Status::Completed,
        contact::Status::Promoted(CaseId(uuid(4, 2))),
        contact::Status::Dropped(contact::DropReason::EnteredInError),
    ];
    let events = [
        contact::Event::Listed(contact::Listed {
            id: ContactId(uuid(14, 1)),
            person: person_id(2),
            outbreak: outbreak(),
            jurisdiction: DISTRICT,
            pack: PackRef { pack_id: "cn-covid-8".to_owned(), version: 1 },
            fields: fields.clone().patch(),
            bases: vec![basis],
            on,
            judgement: judgement(Ring::Ring2),
        }),
        contact::Event::Corrected(contact::Corrected {
            changes: contact::Patch { listed_on: Set::Clear, ..fields.patch() },
        }),
        contact::Event::ExposureAdded(contact::ExposureAdded { basis, on, judgement: judgement(Ring::Ring1) }),
        contact::Event::Rejudged(contact::Rejudged { judgement: judgement(Ring::General) }),
        contact::Event::FollowedUp(contact::FollowedUp { fields: entry.clone().patch() }),
        contact::Event::FollowUpCorrected(contact::FollowUpCorrected {
            n: 4,
            changes: contact::EntryPatch { slot: Set::Clear, ..entry.patch() },
        }),
        contact::Event::HandOverOffered(contact::HandOverOffered { to: StreamId(2), jurisdiction: OTHER_DISTRICT }),
        contact::Event::HandOverAcknowledged(contact::HandOverAcknowledged {
            to: StreamId(2),
            jurisdiction: OTHER_DISTRICT,
        }),
        contact::Event::HandOverWithdrawn(contact::HandOverWithdrawn {}),
    ];
    let moved = moves.into_iter().map(|to| contact::Event::Moved(contact::Moved { to, on }));
    events.into_iter().chain(moved).map(Event::Contact).collect()
}
