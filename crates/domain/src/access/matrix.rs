//! Every cell of the matrix, judged by [`allow`] itself, and its printed form: the golden file that a person reviews, and the
//! list that the tests of the server walk through.

use std::fmt::Write;

use uuid::Uuid;

use super::action::{Action, Noun};
use super::actor::{Actor, Assigned, Assignee, Grant, OpenTask, Target, Uses};
use super::allow::{Decision, allow};
use super::field::{FieldGroup, FieldSet};
use super::relation::JurisdictionRelation;
use super::role::{Role, Task};
use super::rule::{Recipient, Rule};
use super::rules;

/// How the record is assigned to the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Never was.
    Not,
    /// By every task of the role, all ended.
    Ended,
    /// By this task, now.
    By(Task),
    /// Never was, and the record is offered to the granted jurisdiction: a hand-over that waits for its answer.
    Offered,
}

impl Held {
    /// Its name in the matrices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Not => "not_assigned",
            Self::Ended => "ended",
            Self::By(task) => task.name(),
            Self::Offered => "offered",
        }
    }
}

/// One cell. Facts about people are the favourable ones: somebody else asked, the recipient is whom the rule wants, the role's
/// tasks are open, no limit is used up.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub role: Role,
    pub action: Action,
    pub relation: JurisdictionRelation,
    pub held: Held,
    pub decision: Decision,
}

/// The jurisdictions of the printed matrix: the grant is for the district.
#[derive(Clone, Copy)]
enum Site {
    Province,
    City,
    District,
    Street,
    OtherDistrict,
    Abroad,
}

impl Site {
    fn lineage(self) -> Vec<Uuid> {
        let path: &[Self] = match self {
            Self::Province => &[Self::Province],
            Self::City => &[Self::City, Self::Province],
            Self::District => &[Self::District, Self::City, Self::Province],
            Self::Street => &[Self::Street, Self::District, Self::City, Self::Province],
            Self::OtherDistrict => &[Self::OtherDistrict, Self::City, Self::Province],
            Self::Abroad => &[Self::Abroad],
        };
        path.iter().map(|site| Uuid::from_u128(*site as u128 + 1)).collect()
    }

    const fn of(relation: JurisdictionRelation) -> Self {
        match relation {
            JurisdictionRelation::Own => Self::District,
            JurisdictionRelation::Below => Self::Street,
            JurisdictionRelation::Above => Self::City,
            JurisdictionRelation::Beside => Self::OtherDistrict,
            JurisdictionRelation::None => Self::Abroad,
        }
    }
}

const ACTOR: Uuid = Uuid::from_u128(0xA);
const SOMEBODY_ELSE: Uuid = Uuid::from_u128(0xB);
const NOW: i64 = 1_000;

fn actor(role: Role) -> Actor {
    let open = |task| OpenTask { id: Uuid::from_u128(task as u128), task, valid_from: 0, valid_to: None };
    Actor {
        account: ACTOR,
        at: NOW,
        grants: vec![Grant { role, lineage: Site::District.lineage(), valid_from: 0, valid_to: None }],
        teams: Vec::new(),
        open_tasks: role.tasks().iter().map(open).collect(),
        uses: Uses::default(),
    }
}

fn target(role: Role, action: Action, relation: JurisdictionRelation, held: Held) -> Target {
    let assigned = |task, valid_to| Assigned { assignee: Assignee::Account(ACTOR), task, valid_from: 0, valid_to };
    let for_oneself = rules_of(action).any(|rule| rule.recipient == Recipient::Oneself);
    Target {
        lineage: Site::of(relation).lineage(),
        offered: if held == Held::Offered { Site::District.lineage() } else { Vec::new() },
        assignments: match held {
            Held::Not | Held::Offered => Vec::new(),
            Held::Ended => role.tasks().iter().map(|task| assigned(task, Some(NOW))).collect(),
            Held::By(task) => vec![assigned(task, None)],
        },
        requested_by: Some(SOMEBODY_ELSE),
        recipient: Some(Assignee::Account(if for_oneself { ACTOR } else { SOMEBODY_ELSE })),
    }
}

fn rules_of(action: Action) -> impl Iterator<Item = &'static Rule> {
    rules::table(action.noun()).iter().filter(move |rule| rule.actions.contains(&action))
}

/// Whether records of a noun, or what hangs on them, can be offered to another area.
const fn can_be_offered(noun: Noun) -> bool {
    matches!(noun, Noun::Contact | Noun::FollowUp)
}

fn holdings(role: Role, action: Action) -> Vec<Held> {
    let mut holdings = vec![Held::Not];
    if !role.tasks().is_empty() {
        holdings.push(Held::Ended);
    }
    holdings.extend(role.tasks().iter().map(Held::By));
    holdings.extend(can_be_offered(action.noun()).then_some(Held::Offered));
    holdings
}

fn cells_of(role: Role, action: Action, held: Held) -> Vec<Cell> {
    let judge = |&relation: &JurisdictionRelation| {
        let decision = allow(&actor(role), action, &target(role, action, relation, held));
        Cell { role, action, relation, held, decision }
    };
    JurisdictionRelation::ALL.iter().map(judge).collect()
}

/// Every cell: action × role × assignment × relation, in that order.
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for &action in Action::ALL {
        for &role in Role::ALL {
            for held in holdings(role, action) {
                cells.extend(cells_of(role, action, held));
            }
        }
    }
    cells
}

const LETTERS: [(char, FieldGroup); 10] = [
    ('I', FieldGroup::Identity),
    ('C', FieldGroup::ContactDetails),
    ('L', FieldGroup::Location),
    ('D', FieldGroup::Clinical),
    ('E', FieldGroup::Epidemiology),
    ('K', FieldGroup::SourceCaseLink),
    ('S', FieldGroup::SourceCaseIdentity),
    ('O', FieldGroup::Operational),
    ('F', FieldGroup::FreeText),
    ('T', FieldGroup::Statistics),
];

/// The groups by their letters, a dot for each that is not shown.
pub fn mask(fields: FieldSet) -> String {
    LETTERS.iter().map(|&(letter, group)| if fields.contains(group) { letter } else { '.' }).collect()
}

fn short(decision: &Decision) -> String {
    if decision.allowed { mask(decision.fields) } else { decision.rule.trim_start_matches("access.").to_owned() }
}

/// The whole matrix as text: stable, one block for the actions of a noun that are alike, one line for the assignments that are.
pub fn render() -> String {
    let mut out = String::from(LEGEND);
    for (letter, group) in LETTERS {
        let _ = writeln!(out, "#   {letter} {group}");
    }
    for &noun in Noun::ALL {
        let _ = write!(out, "\n== {noun}\n");
        for (names, body) in blocks(noun) {
            let _ = write!(out, "\n{}\n{body}", names.join(", "));
        }
    }
    // Columns are padded: what the padding leaves at the end of a line is not part of the matrix.
    out.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

const LEGEND: &str = "\
# Who may do what to whose record, and which fields they see: role x action x assignment x relation of jurisdictions.
# Columns: where the record lies, seen from the jurisdiction of the grant. Rows: by which task the record is assigned
# to the actor (not_assigned: never; ended: by each task of the role, no longer; offered: never, but the record is
# offered to the jurisdiction of the grant; any: all of these are alike).
# A cell is the fields shown (dots alone: may act, is shown nothing) or the rule that refuses.
# Judged with the role's tasks open, no limit used up, another person as requester, and the recipient that the rule wants;
# lines marked ! say what else a rule asks.
";

/// The actions of a noun, those with the same cells and conditions together.
fn blocks(noun: Noun) -> Vec<(Vec<String>, String)> {
    let mut blocks: Vec<(Vec<String>, String)> = Vec::new();
    for &action in Action::ALL.iter().filter(|action| action.noun() == noun) {
        let name = format!("{action} ({})", action.kind());
        let mut body = String::new();
        render_action(&mut body, action);
        match blocks.iter_mut().find(|(_, before)| *before == body) {
            Some((names, _)) => names.push(name),
            None => blocks.push((vec![name], body)),
        }
    }
    blocks
}

fn render_action(out: &mut String, action: Action) {
    for rule in rules_of(action) {
        let conditions = conditions(rule);
        if !conditions.is_empty() {
            let _ = writeln!(out, "  ! {}: {}", rule.id, conditions.join("; "));
        }
    }
    let _ = write!(out, "  {:<4}", "");
    for relation in JurisdictionRelation::ALL {
        let _ = write!(out, "{relation:<18}");
    }
    out.push('\n');
    let mut never = Vec::new();
    for &role in Role::ALL {
        if rules_of(action).any(|rule| rule.roles.contains(&role)) {
            render_role(out, action, role);
        } else {
            never.push(role.name());
        }
    }
    if !never.is_empty() {
        let _ = writeln!(out, "  refused by role: {}", never.join(", "));
    }
}

fn render_role(out: &mut String, action: Action, role: Role) {
    let mut lines: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for held in holdings(role, action) {
        let line: Vec<String> = cells_of(role, action, held).iter().map(|cell| short(&cell.decision)).collect();
        match lines.iter_mut().find(|(_, before)| *before == line) {
            Some((names, _)) => names.push(held.name()),
            None => lines.push((vec![held.name()], line)),
        }
    }
    let _ = writeln!(out, "  {role}");
    let all_alike = lines.len() == 1;
    for (names, line) in lines {
        let cells: String = line.iter().map(|cell| format!("{cell:<18}")).collect();
        let _ = writeln!(out, "      {cells}[{}]", if all_alike { "any".to_owned() } else { names.join(", ") });
    }
}

fn conditions(rule: &Rule) -> Vec<String> {
    let mut conditions = Vec::new();
    if !rule.open_task.is_empty() {
        conditions.push(format!("while one of these is open: {}", rule.open_task));
    }
    match rule.recipient {
        Recipient::Anyone => {}
        Recipient::Others => conditions.push("not for oneself or one's own team".to_owned()),
        Recipient::Oneself => conditions.push("for oneself only".to_owned()),
    }
    if rule.two_person {
        conditions.push("not what one asked for or did oneself".to_owned());
    }
    if let Some(limit) = rule.limit {
        let told = if limit.tell_supervisor { ", told to a supervisor" } else { "" };
        let reviewed = limit.review_within_ms.map(|ms| format!(", reviewed by another within {} h", ms / 3_600_000));
        conditions.push(format!(
            "at most {} in {} h{told}{}",
            limit.most,
            limit.per_ms / 3_600_000,
            reviewed.unwrap_or_default()
        ));
    }
    conditions
}
