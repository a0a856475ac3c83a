use super::*;

const REVIEWED: &str = include_str!("../golden/matrix.txt");

#[test]
fn the_matrix_is_the_reviewed_one() {
    let now = render();
    let (mut reviewed, mut judged) = (REVIEWED.lines(), now.lines());
    for line in 1.. {
        let (was, is) = (reviewed.next(), judged.next());
        assert!(
            was == is,
            "rights differ from the reviewed matrix at src/access/golden/matrix.txt:{line}\n  reviewed: {}\n  now:      {}\n\
             If the change is meant, run\n  \
             cargo run -p domain --example access_matrix > crates/domain/src/access/golden/matrix.txt\n\
             and have the difference reviewed.",
            was.unwrap_or("(end)"),
            is.unwrap_or("(end)"),
        );
        if was.is_none() {
            break;
        }
    }
}

#[test]
fn the_printed_matrix_has_every_cell() {
    let cells = cells();
    let rows: usize =
        Role::ALL.iter().map(|role| if role.tasks().is_empty() { 1 } else { 2 + role.tasks().len() as usize }).sum();
    let offered = Action::ALL.iter().filter(|action| matches!(action.noun(), Noun::Contact | Noun::FollowUp)).count();
    let lines = rows * Action::ALL.len() + Role::ALL.len() * offered;
    assert_eq!(cells.len(), lines * JurisdictionRelation::ALL.len());
    let text = render();
    for action in Action::ALL {
        let heading = format!("{action} ({})", action.kind());
        let printed = text.lines().filter(|line| line.split(", ").any(|name| name == heading)).count();
        assert_eq!(printed, 1, "{action} is printed {printed} times");
    }
}
