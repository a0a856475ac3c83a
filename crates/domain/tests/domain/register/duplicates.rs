use crate::desk::*;
use domain::{
    access::Role,
    id::{DuplicateId, PersonId},
    kernel::{Outcome, Relation},
    noun::{
        duplicate::{Command, Duplicate, Likeness, Standing},
        person::{self, Person},
    },
    refusal::Answer,
};

fn suspect(left: PersonId, right: PersonId) -> Command {
    Command::Suspect {
        left,
        right,
        score_thousandths: 930,
        likeness: vec![Likeness::SimilarName, Likeness::SamePhone],
    }
}

fn pair(left: u64, right: u64) -> DuplicateId {
    DuplicateId::of(person_id(left), person_id(right))
}

#[test]
fn a_pair_is_one_record_whichever_is_named_first() {
    let mut desk = Desk::new();
    let (one, two) = (desk.register(1), desk.register(2));
    assert_eq!(DuplicateId::of(one, two), DuplicateId::of(two, one));
    desk.accept(suspect(two, one));
    assert_eq!(desk.refused(suspect(one, two)), "nothing_changes");
    let standing = desk.get::<Duplicate>(pair(1, 2));
    assert_eq!((standing.left, standing.right), (one, two));
    assert_eq!(standing.likeness, vec![Likeness::SamePhone, Likeness::SimilarName], "in a fixed order");
    for person in [one, two] {
        let links = desk.memory.get(pair(1, 2).0).expect("it is there").aggregate.links();
        assert!(links.iter().any(|link| (link.target, link.relation) == (person.0, Relation::DuplicateOfPerson)));
    }
}

#[test]
fn a_dismissed_pair_is_never_suspected_again() {
    let mut desk = Desk::new();
    let (one, two) = (desk.register(1), desk.register(2));
    desk.accept(suspect(one, two));
    desk.accept(Command::Dismiss { id: pair(1, 2) });
    let before = desk.get::<Duplicate>(pair(1, 2)).clone();
    assert_eq!(before.standing(), Standing::Dismissed);
    for _ in 0..3 {
        assert_eq!(desk.refused(suspect(one, two)), "pair_dismissed");
        assert_eq!(desk.refused(suspect(two, one)), "pair_dismissed");
    }
    desk.accept(Command::Merge { id: pair(1, 2), kept: one });
    desk.accept(Command::Unmerge { id: pair(1, 2) });
    assert_eq!(desk.get::<Duplicate>(pair(1, 2)), &before, "a merge by a person who knew better, taken back");
    assert_eq!(desk.refused(suspect(one, two)), "pair_dismissed");
}

#[test]
fn merge_then_unmerge_restores_pair_and_people() {
    let mut desk = Desk::new();
    let (one, two) = (desk.register(1), desk.register_in(THERE, 2));
    desk.accept(suspect(one, two));
    let states = |desk: &Desk| {
        (desk.get::<Duplicate>(pair(1, 2)).clone(), desk.get::<Person>(one).clone(), desk.get::<Person>(two).clone())
    };
    let before = states(&desk);
    desk.accept(Command::Merge { id: pair(1, 2), kept: one });
    assert_eq!(desk.get::<Person>(two).merged_into, Some(one), "in its own stream");
    assert_eq!(desk.get::<Duplicate>(pair(1, 2)).standing(), Standing::Merged);
    assert_eq!(desk.refused(Command::Dismiss { id: pair(1, 2) }), "pair_merged");
    assert_eq!(desk.refused(Command::Merge { id: pair(1, 2), kept: two }), "pair_merged");
    desk.accept(Command::Unmerge { id: pair(1, 2) });
    assert_eq!(states(&desk), before);
    assert_eq!(desk.refused(Command::Unmerge { id: pair(1, 2) }), "nothing_changes");
    desk.assert_replays();
}

#[test]
fn a_merge_keeps_one_of_the_two_and_no_record_that_is_closed() {
    let mut desk = Desk::new();
    let people: Vec<PersonId> = (1..=3).map(|n| desk.register(n)).collect();
    desk.accept(suspect(people[0], people[1]));
    desk.accept(suspect(people[1], people[2]));
    assert_eq!(desk.refused(Command::Merge { id: pair(1, 2), kept: people[2] }), "not_in_pair");
    desk.accept(Command::Merge { id: pair(1, 2), kept: people[0] });
    assert_eq!(desk.refused(Command::Merge { id: pair(2, 3), kept: people[2] }), "merged_record");
    assert_eq!(desk.refused(suspect(people[1], people[2])), "nothing_changes");
    assert_eq!(desk.refused(suspect(people[0], people[0])), "same_person_twice");
    assert_eq!(desk.waits(suspect(people[0], person_id(9))), vec![person_id(9).0]);
}

/// The pair's stream must not say merged where the person's stream will refuse.
#[test]
fn a_merge_looks_at_records_of_other_streams_before_it_is_accepted() {
    let mut desk = Desk::new();
    let (one, two, three) = (desk.register(1), desk.register_in(THERE, 2), desk.register_in(THERE, 3));
    desk.accept(suspect(one, two));
    desk.accept_in(THERE, person::Command::MergeInto { id: two, kept: three });
    assert_eq!(desk.refused(Command::Merge { id: pair(1, 2), kept: one }), "merged_record");
    assert_eq!(desk.get::<Duplicate>(pair(1, 2)).standing(), Standing::Suspected);
}

#[test]
fn no_record_is_merged_into_one_that_is_closed() {
    let mut desk = Desk::new();
    let (one, two) = (desk.register(1), desk.register(2));
    desk.accept(person::Command::MergeInto { id: one, kept: two });
    assert_eq!(desk.refused(person::Command::MergeInto { id: two, kept: one }), "merged_record");
    assert_eq!(desk.refused(person::Command::MergeInto { id: two, kept: two }), "same_person_twice");
}

#[test]
fn unmerging_a_pair_leaves_a_later_merge_of_the_record_alone() {
    let mut desk = Desk::new();
    let people: Vec<PersonId> = (1..=3).map(|n| desk.register(n)).collect();
    desk.accept(suspect(people[0], people[1]));
    desk.accept(Command::Merge { id: pair(1, 2), kept: people[0] });
    desk.accept(person::Command::Unmerge { id: people[1] });
    desk.accept(person::Command::MergeInto { id: people[1], kept: people[2] });
    desk.accept(Command::Unmerge { id: pair(1, 2) });
    assert_eq!(desk.get::<Person>(people[1]).merged_into, Some(people[2]));
}

#[test]
fn scores_and_reasons_must_make_sense() {
    let mut desk = Desk::new();
    let (left, right) = (desk.register(1), desk.register(2));
    for (score_thousandths, likeness, rule) in [
        (1001, vec![Likeness::SamePhone], "impossible_number"),
        (-1, vec![Likeness::SamePhone], "impossible_number"),
        (500, vec![], "no_likeness"),
        (500, vec![Likeness::Told; 101], "too_many"),
    ] {
        assert_eq!(desk.refused(Command::Suspect { left, right, score_thousandths, likeness }), rule);
    }
}

/// Both records must be in reach; one that is not is answered as if it were not there.
#[test]
fn a_pair_is_for_who_may_see_both() {
    let mut desk = Desk::new();
    let (one, two) = (desk.register(1), desk.register(2));
    let abroad = desk.register_in(THERE, 3);
    let here = holder(BOB, Role::Epidemiologist);
    assert!(desk.ask(&here, suspect(one, two)).is_accepted());
    let Outcome::Declined(hidden) = desk.ask(&here, suspect(one, abroad)) else { panic!("half a pair is none") };
    assert_eq!((hidden.answer, hidden.ids), (Answer::Waiting, vec![abroad.0]));
    desk.accept(suspect(one, abroad));
    let Outcome::Declined(hidden) = desk.ask(&here, Command::Dismiss { id: pair(1, 3) }) else { panic!("nor half") };
    assert_eq!((hidden.answer, hidden.ids), (Answer::Waiting, vec![pair(1, 3).0]));
    assert!(desk.ask(&here, Command::Dismiss { id: pair(1, 2) }).is_accepted());
    let tracer = holder(BOB, Role::Tracer);
    assert_eq!(rule_of(&desk.ask(&tracer, suspect(one, two))), "access.role");
}
