//! Random jurisdictions with parallel hierarchies, random grants, teams and records: `allow` says what a plain reading of the
//! table over walked-up parents says, and `scope` says of every record what `allow` says.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Node n's parents are earlier nodes: several roots, and places in two hierarchies at once.
type Parents = Vec<Vec<usize>>;

fn parents() -> impl Strategy<Value = Parents> {
    vec(vec(any::<prop::sample::Index>(), 0..=2), 1..14).prop_map(|drawn| {
        drawn
            .into_iter()
            .enumerate()
            .map(
                |(node, of)| if node == 0 { vec![] } else { of.into_iter().map(|index| index.index(node)).collect() },
            )
            .collect()
    })
}

fn walk_up(parents: &Parents, node: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([node]);
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        waiting.extend(parents[node].iter().copied().filter(|&parent| reached.insert(parent)));
    }
    reached
}

fn id(node: usize) -> Uuid {
    Uuid::from_u128(1_000 + node as u128)
}

fn lineage(parents: &Parents, node: usize) -> Vec<Uuid> {
    let mut line = vec![id(node)];
    line.extend(walk_up(parents, node).into_iter().filter(|&other| other != node).map(id));
    line
}

fn expected_relation(parents: &Parents, grant: usize, record: Option<usize>) -> JurisdictionRelation {
    let Some(record) = record else { return JurisdictionRelation::None };
    let (up_from_grant, up_from_record) = (walk_up(parents, grant), walk_up(parents, record));
    match (up_from_record.contains(&grant), up_from_grant.contains(&record)) {
        (true, true) => JurisdictionRelation::Own,
        (true, false) => JurisdictionRelation::Below,
        (false, true) => JurisdictionRelation::Above,
        (false, false) if up_from_grant.is_disjoint(&up_from_record) => JurisdictionRelation::None,
        (false, false) => JurisdictionRelation::Beside,
    }
}

#[derive(Debug, Clone)]
struct World {
    parents: Parents,
    grants: Vec<(Role, usize, i64, Option<i64>)>,
    record: Option<usize>,
    offered: Option<usize>,
    actor: Actor,
    target: Target,
}

/// Few instants, so that ends and beginnings meet the instant of judgement.
fn span() -> impl Strategy<Value = (i64, Option<i64>)> {
    (0..5_i64, option::of(0..6_i64))
}

fn assignee() -> impl Strategy<Value = Assignee> {
    select(vec![Assignee::Account(ME), Assignee::Account(OTHER), Assignee::Team(TEAM), Assignee::Team(OTHER)])
}

fn world() -> impl Strategy<Value = World> {
    let grants = vec((select(Role::ALL), any::<prop::sample::Index>(), span()), 0..5);
    let assignments = vec((assignee(), select(Task::ALL), span()), 0..5);
    let actor = (
        vec((select(vec![TEAM, OTHER]), span()), 0..3),
        vec((select(Task::ALL), span()), 0..3),
        0..5_u32,
        58..62_u32,
    );
    let people = (option::of(select(vec![ME, OTHER])), option::of(assignee()));
    let places = (option::of(any::<prop::sample::Index>()), option::of(any::<prop::sample::Index>()));
    (parents(), grants, places, assignments, actor, people).prop_map(
        |(
            parents,
            grants,
            (record, offered),
            assignments,
            (teams, open, uses, matches),
            (requested_by, recipient),
        )| {
            let size = parents.len();
            let grants: Vec<_> =
                grants.into_iter().map(|(role, at, (from, to))| (role, at.index(size), from, to)).collect();
            let record = record.map(|index| index.index(size));
            let offered = offered.map(|index| index.index(size));
            let actor = Actor {
                account: ME,
                at: 3,
                grants: grants
                    .iter()
                    .map(|&(role, node, valid_from, valid_to)| Grant {
                        role,
                        lineage: lineage(&parents, node),
                        valid_from,
                        valid_to,
                    })
                    .collect(),
                teams: teams
                    .into_iter()
                    .map(|(team, (valid_from, valid_to))| Membership { team, valid_from, valid_to })
                    .collect(),
                open_tasks: open
                    .into_iter()
                    .map(|(task, (valid_from, valid_to))| OpenTask { id: OTHER, task, valid_from, valid_to })
                    .collect(),
                uses: Uses { matches, break_glass: uses, identified_exports: uses },
            };
            let target = Target {
                lineage: record.map(|node| lineage(&parents, node)).unwrap_or_default(),
                offered: offered.map(|node| lineage(&parents, node)).unwrap_or_default(),
                assignments: assignments
                    .into_iter()
                    .map(|(assignee, task, (valid_from, valid_to))| Assigned { assignee, task, valid_from, valid_to })
                    .collect(),
                requested_by,
                recipient,
            };
            World { parents, grants, record, offered, actor, target }
        },
    )
}

/// The instant 3 lies in `[from, to)`.
fn holds(from: i64, to: Option<i64>) -> bool {
    from <= 3 && (to.is_none() || to > Some(3))
}

fn mine(world: &World, assignee: Assignee) -> bool {
    match assignee {
        Assignee::Account(account) => account == ME,
        Assignee::Team(team) => {
            world.actor.teams.iter().any(|of| of.team == team && holds(of.valid_from, of.valid_to))
        }
    }
}

/// The plain reading of the table. The flag leaves out what depends on requester and recipient.
fn expected(world: &World, action: Action, people_matter: bool) -> Option<FieldSet> {
    let mut shown = None;
    for &(role, node, from, to) in &world.grants {
        for rule in table(action.noun()) {
            let place = if rule.offered { world.offered } else { world.record };
            let relation = expected_relation(&world.parents, node, place);
            let assigned = world.target.assignments.iter().any(|assigned| {
                mine(world, assigned.assignee)
                    && holds(assigned.valid_from, assigned.valid_to)
                    && rule.tasks.contains(assigned.task)
            });
            let open = world
                .actor
                .open_tasks
                .iter()
                .any(|open| holds(open.valid_from, open.valid_to) && rule.open_task.contains(open.task));
            let spent = rule.limit.is_some_and(|limit| match limit.kind {
                LimitKind::Match => world.actor.uses.matches >= limit.most,
                LimitKind::BreakGlass => world.actor.uses.break_glass >= limit.most,
                LimitKind::IdentifiedExport => world.actor.uses.identified_exports >= limit.most,
            });
            let people = match (rule.recipient, world.target.recipient) {
                (Recipient::Anyone, _) => true,
                (Recipient::Others, recipient) => recipient.is_some_and(|recipient| !mine(world, recipient)),
                (Recipient::Oneself, recipient) => recipient == Some(Assignee::Account(ME)),
            } && (!rule.two_person || world.target.requested_by == Some(OTHER));
            let gives = holds(from, to)
                && rule.roles.contains(&role)
                && rule.actions.contains(&action)
                && rule.reach.contains(relation)
                && (rule.tasks.is_empty() || assigned)
                && (rule.open_task.is_empty() || open)
                && !spent
                && (people || !people_matter);
            if gives {
                shown = Some(rule.fields.union(shown.unwrap_or_default()));
            }
        }
    }
    shown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scope_permits_what_allow_allows(world in world()) {
        for &action in Action::ALL {
            let decision = allow(&world.actor, action, &world.target);
            let allowed = decision.allowed.then_some(decision.fields);
            prop_assert_eq!(allowed, expected(&world, action, true), "allow {}", action);
            let tasks = world.actor.tasks_on(&world.target);
            let permitted = scope(&world.actor, action).permits(Lying::of(&world.target), tasks);
            prop_assert_eq!(permitted, expected(&world, action, false), "scope {}", action);
            if matches!(action.kind(), Kind::List | Kind::Read) {
                prop_assert_eq!(permitted, allowed, "scope is not allow for {}", action);
            }
            if permitted.is_some() && permitted == allowed {
                let scope = scope(&world.actor, action);
                let mut arms = scope.arms.iter().filter(|arm| arm.permits(Lying::of(&world.target), tasks));
                prop_assert!(arms.any(|arm| arm.purpose == decision.purpose), "no arm of {} has the purpose of allow", action);
            }
            prop_assert_eq!(may_ask(&world.actor, action).allowed, !scope(&world.actor, action).is_empty());
        }
    }

    #[test]
    fn relation_is_what_walking_up_finds(parents in parents(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (a, b) = (a.index(parents.len()), b.index(parents.len()));
        prop_assert_eq!(relation(&lineage(&parents, a), &lineage(&parents, b)), expected_relation(&parents, a, Some(b)));
    }

    #[test]
    fn who_may_not_read_a_record_learns_nothing_of_it(world in world()) {
        for &action in Action::ALL.iter().filter(|action| action.kind() != Kind::Create) {
            let told = answer(&world.actor, action, Some(&world.target));
            let reads = action.noun().read_action().is_some_and(|read| allow(&world.actor, read, &world.target).allowed);
            prop_assert!(told.allowed || reads || told == Decision::denied(Denial::NotFound), "{} tells {}", action, told.rule);
        }
    }
}
