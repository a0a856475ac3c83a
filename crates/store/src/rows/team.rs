//! Teams as queries read them.

use super::Rows;
use crate::{table, value::Value};
use domain::noun::{team::Team, term::Term};

table! {
    /// Teams.
    TEAM "team" Replayed 2 [] {
        stream Int, id Uuid, jurisdiction Uuid, name Text, disbanded_at Int opt,
    }
}

table! {
    /// Terms of the accounts in each team.
    TEAM_MEMBER "team_member" Replayed 3 [["account"]] {
        stream Int, team Uuid, n Int, account Uuid, valid_from Int, valid_to Int opt, recorded_at Int, end_recorded_at Int opt,
    }
}

table! {
    /// Terms of the areas that each team looks after.
    TEAM_AREA "team_area" Replayed 3 [["jurisdiction"]] {
        stream Int, team Uuid, n Int, jurisdiction Uuid, valid_from Int, valid_to Int opt, recorded_at Int,
        end_recorded_at Int opt,
    }
}

pub(super) fn rows(team: &Team, rows: &mut Rows<'_>) {
    rows.push(
        &TEAM,
        [
            Value::Uuid(team.id.0),
            Value::Uuid(team.jurisdiction.0),
            Value::from(&team.name),
            Value::or_null(team.disbanded_at),
        ],
    );
    for (n, member) in team.members.iter().enumerate() {
        rows.push(&TEAM_MEMBER, term(team, n, member.account.0, &member.term));
    }
    for (n, area) in team.areas.iter().enumerate() {
        rows.push(&TEAM_AREA, term(team, n, area.jurisdiction.0, &area.term));
    }
}

fn term(team: &Team, n: usize, of: uuid::Uuid, term: &Term) -> [Value; 7] {
    [
        Value::Uuid(team.id.0),
        Value::Int(n as i64),
        Value::Uuid(of),
        Value::Int(term.span.valid_from),
        Value::or_null(term.span.valid_to),
        Value::Int(term.recorded_at),
        Value::or_null(term.end_recorded_at),
    ]
}
