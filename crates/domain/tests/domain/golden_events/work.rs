use crate::desk::*;
use domain::{
    access::{Assignee, Task},
    id::{AssignmentId, ImportId, PlaceId, TeamId},
    kernel::Event,
    noun::{assignment, import, team, term::Span},
};

pub fn samples() -> Vec<Event> {
    let span = Span { valid_from: START, valid_to: Some(START + MINUTE) };
    let teams = [
        team::Event::Formed(team::Formed {
            id: TeamId(uuid(4, 1)),
            jurisdiction: DISTRICT,
            name: "流调一队".to_owned(),
        }),
        team::Event::Renamed(team::Renamed { name: "流调二队".to_owned() }),
        team::Event::MemberAdded(team::MemberAdded { account: BOB, span }),
        team::Event::MemberEnded(team::MemberEnded { account: BOB, at: START }),
        team::Event::AreaAssigned(team::AreaAssigned { area: OTHER_DISTRICT, span }),
        team::Event::AreaEnded(team::AreaEnded { area: OTHER_DISTRICT, at: START }),
        team::Event::Disbanded(team::Disbanded {}),
    ];
    let assignments = [
        assignment::Event::Assigned(assignment::Assigned {
            id: AssignmentId(uuid(3, 1)),
            work: assignment::Work::Queue(PlaceId(uuid(2, 1))),
            to: Assignee::Team(uuid(4, 1)),
            task: Task::TestSample,
            jurisdiction: Some(DISTRICT),
            span,
        }),
        assignment::Event::Ended(assignment::Ended { at: START }),
    ];
    let counts =
        import::Counts { created: 1, updated: 2, unchanged: 3, duplicate: 4, conflict: 5, waiting: 6, refused: 7 };
    let imports = [
        import::Event::Started(import::Started {
            id: ImportId(uuid(5, 1)),
            jurisdiction: DISTRICT,
            as_noun: "person".to_owned(),
            file_name: "linelist.csv".to_owned(),
            file_blake3: "a0".repeat(32),
            mapping_blake3: "0b".repeat(32),
            rows: Some(28),
        }),
        import::Event::Progressed(import::Progressed { rows_done: 28, counts }),
        import::Event::Completed(import::Completed { rows: 28, counts }),
    ];
    let teams = teams.into_iter().map(Event::Team);
    teams
        .chain(assignments.into_iter().map(Event::Assignment))
        .chain(imports.into_iter().map(Event::Import))
        .collect()
}
