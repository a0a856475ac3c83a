//! The outbreak: repeatable, closed (nobody infects from nowhere), and its records agree with each other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use twin::outbreak::mixing::{Measures, Meeting, Mixing};
use twin::outbreak::{Classification, ContactEnd, FollowUpOutcome, Outcome, Ring, SampleReason, Setting, Severity};
use twin::{Outbreak, OutbreakSpec, Spec, SpecError, World};

fn world(seed: u64) -> World {
    World::generate(Spec::new(20_000, seed, date(2022, 3, 13))).expect("a specification in range")
}

fn usual() -> OutbreakSpec {
    OutbreakSpec::for_population(20_000)
}

fn run(world: &World, spec: OutbreakSpec) -> Outbreak {
    Outbreak::run(world, spec).expect("days in range")
}

#[test]
fn the_same_world_gives_the_same_outbreak() {
    let city = world(3);
    let once = run(&city, usual()).digest();
    assert_eq!(once, run(&world(3), usual()).digest());
    let threaded = World::generate_on(city.spec().clone(), 3).expect("in range");
    assert_eq!(once, run(&threaded, usual()).digest());
    assert_ne!(once, run(&world(4), usual()).digest());
}

/// Frozen for the same reason as the city of seed one.
#[test]
fn the_outbreak_of_seed_three_is_frozen() {
    assert_eq!(run(&world(3), usual()).digest(), "6966d0c64a9f8426e0c531a8634e881e4862431e5c0935ea953624647538a0e8");
}

#[test]
fn fourteen_days_give_a_few_hundred_cases() {
    for seed in 1..=8 {
        let outbreak = run(&world(seed), usual());
        assert!((100..=600).contains(&outbreak.cases.len()), "seed {seed}: {} cases", outbreak.cases.len());
        assert!(outbreak.contacts.len() > 3 * outbreak.cases.len());
    }
}

#[test]
fn everybody_is_infected_once_by_somebody_they_met() {
    let city = world(3);
    let spec = OutbreakSpec { closures: false, ..usual() };
    let outbreak = run(&city, spec);
    let mixing = Mixing::new(&city);
    let mut seen = BTreeSet::new();
    let mut met = Vec::new();
    let mut imported = 0;
    for (index, infection) in outbreak.infections.iter().enumerate() {
        assert!(seen.insert(infection.person));
        assert!(infection.course.infectious_from > infection.day());
        let Some(infector) = infection.infector else {
            assert_eq!(infection.setting, Setting::Imported);
            imported += 1;
            continue;
        };
        assert!((infector as usize) < index);
        let source = &outbreak.infections[infector as usize];
        // A household's evening runs past midnight: the meeting may have begun the day before.
        let meeting = [infection.day(), infection.day() - 1].into_iter().find_map(|day| {
            mixing.meetings(source.person, day, Measures::NONE, &mut met);
            met.iter().copied().find(|meeting| {
                meeting.other == infection.person
                    && meeting.setting == infection.setting
                    && (meeting.start..meeting.start + meeting.minutes).contains(&infection.infected_minute)
            })
        });
        let meeting = meeting.expect("a meeting of the two");
        assert!(source.course.infectiousness(meeting.start.div_euclid(1_440)) > 0);
    }
    assert_eq!(imported, 20);
}

#[test]
fn a_meeting_is_the_same_from_both_sides() {
    let city = world(5);
    let mixing = Mixing::new(&city);
    let (mut mine, mut theirs) = (Vec::new(), Vec::new());
    let mut kinds = BTreeSet::new();
    for person in (0..20_000).step_by(37) {
        for day in 0..7 {
            mixing.meetings(person, day, Measures::NONE, &mut mine);
            for meeting in &mine {
                assert_ne!(meeting.other, person);
                kinds.insert(meeting.setting);
                mixing.meetings(meeting.other, day, Measures::NONE, &mut theirs);
                assert!(theirs.contains(&Meeting { other: person, ..*meeting }), "{person} {day} {meeting:?}");
            }
        }
    }
    assert_eq!(kinds.len(), Setting::ALL.len() - 1, "every setting but imported: {kinds:?}");
}

#[test]
fn nobody_infects_after_isolation_and_nobody_is_infected_under_control() {
    let city = world(3);
    let outbreak = run(&city, usual());
    let clock = city.clock();
    let isolated: BTreeMap<u32, i64> = outbreak.cases.iter().map(|case| (case.person, case.isolated_at)).collect();
    let quarantined: BTreeMap<u32, i64> = outbreak
        .contacts
        .iter()
        .filter_map(|contact| contact.quarantined_at.map(|at| (contact.person, at)))
        .collect();
    let mut compared = 0;
    for infection in &outbreak.infections {
        let at = infection.infected_at(clock);
        let source = infection.infector.map(|index| outbreak.infections[index as usize].person);
        let ends = [
            source.and_then(|person| isolated.get(&person)),
            source.and_then(|person| quarantined.get(&person)),
            quarantined.get(&infection.person),
        ];
        for end in ends.into_iter().flatten() {
            compared += 1;
            assert!(at < *end, "{infection:?}");
        }
    }
    assert!(compared > 200);
}

#[test]
fn without_transmission_there_are_only_arrivals() {
    let outbreak = run(&world(3), OutbreakSpec { transmissibility_percent: 0, ..usual() });
    assert_eq!(outbreak.infections.len(), 20);
    assert!(outbreak.infections.iter().all(|infection| infection.setting == Setting::Imported));
}

#[test]
fn more_transmissible_means_more_infections() {
    let city = world(3);
    let total = |percent| run(&city, OutbreakSpec { transmissibility_percent: percent, ..usual() }).infections.len();
    let totals = [50, 100, 200].map(total);
    assert!(totals[0] < totals[1] && totals[1] < totals[2], "{totals:?}");
}

#[test]
fn each_measure_changes_the_run_and_only_after_the_first_report() {
    let city = world(3);
    let usual_run = run(&city, usual());
    let alert = usual_run.alert_at.expect("a report");
    let early = |outbreak: &Outbreak| {
        let known =
            outbreak.infections.iter().filter(|infection| infection.infected_at(city.clock()) < alert - 86_400_000);
        known.cloned().collect::<Vec<_>>()
    };
    for spec in [
        OutbreakSpec { tracing: false, ..usual() },
        OutbreakSpec { screening: false, ..usual() },
        OutbreakSpec { closures: false, ..usual() },
    ] {
        let other = run(&city, spec);
        assert_eq!(early(&usual_run), early(&other));
        assert_ne!(usual_run.infections, other.infections, "{:?}", other.spec);
    }
    let untraced = run(&city, OutbreakSpec { tracing: false, ..usual() });
    assert!(untraced.contacts.is_empty() && untraced.exposures.is_empty() && untraced.follow_up.is_empty());
    assert!(untraced.infections.len() > usual_run.infections.len());
    let unscreened = run(&city, OutbreakSpec { screening: false, ..usual() });
    assert!(unscreened.cases.iter().all(|case| case.sample_reason != SampleReason::Screening));
    assert!(usual_run.cases.iter().any(|case| case.sample_reason == SampleReason::Screening));
}

#[test]
fn cases_are_in_order_of_time() {
    let city = world(3);
    let outbreak = run(&city, usual());
    let mut last = 0;
    let mut people = BTreeSet::new();
    for case in &outbreak.cases {
        assert!(people.insert(case.person), "a person is a case once");
        assert!(case.true_infected_at < case.sampled_at);
        assert!(case.sampled_at < case.reported_at && case.reported_at < case.isolated_at);
        assert!(last <= case.reported_at && case.reported_at < outbreak.ends_at);
        last = case.reported_at;
        let onset = case.onset.map(|day| i64::from(twin::calendar::epoch_day(day)) * 86_400_000 - 480 * 60_000);
        assert_eq!(case.converted_at.is_some(), onset.is_some_and(|onset| onset > case.reported_at));
        if case.converted_at.is_some() || onset.is_none() {
            assert_eq!(case.classification, Classification::Asymptomatic);
        } else {
            assert_eq!(case.classification, Classification::Confirmed);
        }
        assert_eq!(case.severity == Severity::Asymptomatic, onset.is_none());
        assert_eq!(case.symptoms.is_empty(), onset.is_none());
        assert_eq!(case.outcome_at.is_none(), case.outcome == Outcome::InCare);
        assert!(case.outcome_at.is_none_or(|at| at > case.isolated_at && at < outbreak.ends_at));
        assert!((150..=400).contains(&case.ct_tenths));
    }
    assert!(outbreak.cases.iter().any(|case| case.converted_at.is_some()));
    assert!(outbreak.cases.len() < outbreak.infections.len(), "some infections are not yet found");
}

#[test]
fn exposures_lie_in_the_window_of_their_case_and_link_cases_truly() {
    let city = world(3);
    let outbreak = run(&city, usual());
    let mut pairs = BTreeSet::new();
    for row in &outbreak.exposures {
        let case = &outbreak.cases[row.case as usize];
        assert!(pairs.insert((row.case, row.person)), "one exposure record for two people");
        assert_ne!(row.person, case.person);
        assert!(row.first_exposure_at < row.last_exposure_at && row.last_exposure_at <= case.reported_at);
        assert!(row.named_at > case.reported_at && row.named_at < outbreak.ends_at);
        assert!(row.minutes > 0 && row.meetings > 0);
        // Four days before onset or swab, whichever is first, and the day itself: onset is at most eight days before the report.
        assert!(row.first_exposure_at >= case.reported_at - 16 * 86_400_000);
        if let Some(contact) = row.contact {
            let contact = &outbreak.contacts[contact as usize];
            assert_eq!(contact.person, row.person);
            assert!(contact.named_at <= row.named_at && contact.last_exposure_at >= row.last_exposure_at);
        } else {
            assert!(outbreak.cases.iter().any(|case| case.person == row.person && case.reported_at <= row.named_at));
        }
    }
    let settings: BTreeSet<_> = outbreak.exposures.iter().map(|row| row.setting).collect();
    assert_eq!(settings.len(), Setting::ALL.len() - 1);
    let mut linked = 0;
    for case in &outbreak.cases {
        if let Some((source, _)) = case.source {
            linked += 1;
            assert_eq!(case.true_infector, Some(outbreak.cases[source as usize].person));
            assert!(pairs.contains(&(source, case.person)));
        }
    }
    assert!(linked * 2 > outbreak.cases.len(), "{linked} links");
}

#[test]
fn contacts_end_as_their_entries_and_cases_say() {
    let city = world(3);
    let outbreak = run(&city, usual());
    let mut of_contact: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for entry in &outbreak.follow_up {
        of_contact.entry(entry.contact).or_default().push(entry);
    }
    let mut ends = BTreeMap::new();
    for (index, contact) in (0_u32..).zip(&outbreak.contacts) {
        let entries = of_contact.get(&index).map_or(&[][..], Vec::as_slice);
        let slots: BTreeSet<_> = entries.iter().map(|entry| (entry.date, entry.slot)).collect();
        assert_eq!(slots.len(), entries.len(), "one entry for a slot");
        assert!(entries.windows(2).all(|pair| pair[0].at < pair[1].at));
        assert!(entries.iter().all(|entry| entry.at > contact.named_at && entry.date <= contact.monitor_until));
        assert_eq!(contact.ring == Ring::Close, contact.quarantined_at.is_some());
        let end = match contact.end {
            ContactEnd::UnderFollowUp => None,
            ContactEnd::Completed { at }
            | ContactEnd::BecameCase { at, .. }
            | ContactEnd::Dropped { at, .. }
            | ContactEnd::LostToFollowUp { at } => Some(at),
        };
        assert!(end.is_none_or(|end| entries.iter().all(|entry| entry.at <= end)));
        if let ContactEnd::BecameCase { case, at } = contact.end {
            let case = &outbreak.cases[case as usize];
            assert_eq!((case.person, case.contact, case.reported_at), (contact.person, Some(index), at));
        }
        if let ContactEnd::LostToFollowUp { .. } = contact.end {
            assert!(entries.len() >= 6);
            assert!(entries.iter().rev().take(6).all(|entry| entry.outcome == FollowUpOutcome::NotSeen));
        }
        let name = format!("{:?}", contact.end);
        *ends.entry(name.split(' ').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    let became = outbreak.cases.iter().filter(|case| case.contact.is_some()).count();
    assert_eq!(ends.get("BecameCase"), Some(&became));
    for end in ["BecameCase", "Dropped", "LostToFollowUp", "UnderFollowUp"] {
        assert!(ends.contains_key(end), "no contact ends as {end}: {ends:?}");
    }
}

#[test]
fn every_outcome_of_a_round_occurs_and_carries_what_it_must() {
    let outbreak = run(&world(3), usual());
    let mut outcomes = BTreeSet::new();
    for entry in &outbreak.follow_up {
        outcomes.insert(entry.outcome);
        let seen = matches!(entry.outcome, FollowUpOutcome::SeenWell | FollowUpOutcome::SeenIll);
        let nobody_came = matches!(entry.outcome, FollowUpOutcome::Missed | FollowUpOutcome::NotAttempted);
        assert_eq!(entry.temperature_tenths.is_some(), seen);
        assert_eq!(entry.seen_by.is_none(), nobody_came);
    }
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
    let one_a_day = run(&world(3), OutbreakSpec { slots_per_day: 1, ..usual() });
    assert!(one_a_day.follow_up.iter().all(|entry| entry.slot == 1));
    assert_eq!(one_a_day.cases, outbreak.cases, "rounds change nothing but the records");
}

#[test]
fn days_out_of_range_are_refused_and_tiny_cities_run() {
    let city = World::generate(Spec::new(1, 1, date(2022, 3, 13))).expect("in range");
    assert_eq!(Outbreak::run(&city, OutbreakSpec { days: 0, ..usual() }), Err(SpecError::Days(0)));
    assert_eq!(Outbreak::run(&city, OutbreakSpec { days: 61, ..usual() }), Err(SpecError::Days(61)));
    for population in [1, 2, 7, 150] {
        let city = World::generate(Spec::new(population, 1, date(2022, 3, 13))).expect("in range");
        let outbreak = run(&city, OutbreakSpec { days: 60, ..usual() });
        assert!(outbreak.infections.len() as u32 <= population);
    }
}
