//! The cells that no later change of the table may move, asserted by name on what came over HTTP.

use super::{golden::Printed, status, world::World};
use crate::staff::account_id;
use domain::access::{Held, Role, Task};
use serde_json::json;

/// Holds the whole matrix to them.
pub fn hold(printed: &Printed) {
    no_name_with_a_diagnosis(printed);
    no_identities_by_default(printed);
    nothing_personal_for_the_account_administrator(printed);
    no_source_case_for_who_serves_a_contact(printed);
}

/// Laboratory and courier know a token, never who it is.
fn no_name_with_a_diagnosis(printed: &Printed) {
    let mut shown = 0;
    for cell in printed.cells().filter(|cell| matches!(cell.role, Role::Laboratory | Role::Courier)) {
        assert!(!cell.shows("ICS"), "a name for the {}: {} {}", cell.role, cell.block, cell.text);
        shown += usize::from(cell.is_about("samples") && cell.shows("O"));
    }
    assert!(shown > 0, "they see the samples assigned to them");
}

/// Commander, inspector and analyst decide on rows without persons; only by breaking the glass does a commander see one.
fn no_identities_by_default(printed: &Printed) {
    let deciding = [Role::Commander, Role::Inspector, Role::DataAnalyst];
    let mut shown = 0;
    for cell in printed.cells().filter(|cell| deciding.contains(&cell.role)) {
        let by_default = !cell.is_about("break-glass");
        assert!(!(by_default && cell.shows("ICSF")), "identities for {}: {} {}", cell.role, cell.block, cell.text);
        shown += usize::from(cell.is_about("cases") && cell.shows("O"));
    }
    assert!(shown > 0, "they see the cases");
}

/// Who gives rights reads nobody's data.
fn nothing_personal_for_the_account_administrator(printed: &Printed) {
    let mut listed = 0;
    for cell in printed.cells().filter(|cell| cell.role == Role::AccountAdministrator) {
        assert!(!cell.shows("ICLDEKSF"), "personal data for the administrator: {} {}", cell.block, cell.text);
        let personal = ["persons", "cases", "contacts", "exposures", "samples", "households", "duplicates"];
        let reads = cell.block.starts_with("GET") && personal.iter().any(|noun| cell.is_about(noun));
        let refused = ["404", "403 role", "absent"].contains(&cell.text);
        assert!(refused || !reads, "the administrator reads: {} {}", cell.block, cell.text);
        listed += usize::from(cell.is_about("accounts") && cell.text == "listed");
    }
    assert!(listed > 0, "they see the accounts of their area");
}

/// Whoever follows, supplies, samples or carries a contact learns neither who the source case is nor by what link.
fn no_source_case_for_who_serves_a_contact(printed: &Printed) {
    let serving = [
        Held::By(Task::FollowContact),
        Held::By(Task::SupplyHousehold),
        Held::By(Task::CollectSample),
        Held::By(Task::DispatchTransport),
        Held::Offered,
    ];
    let mut shown = 0;
    for cell in printed.cells().filter(|cell| serving.contains(&cell.held)) {
        // Some are epidemiologists, commanders or analysts as well, and see by area what they see without the task.
        let served = matches!(cell.role, Role::Tracer | Role::CommunityWorker | Role::Sampler | Role::Dispatcher);
        assert!(!(served && cell.shows("KS")), "the source case: {} {} {}", cell.role, cell.block, cell.text);
        let case = cell.block.starts_with("GET /api/v1/cases");
        assert!(!(served && case && cell.shows("ICLDEOFT")), "the case: {} {}", cell.role, cell.text);
        shown += usize::from(served && cell.is_about("contacts") && cell.shows("O"));
    }
    assert!(shown > 0, "they see the contacts they serve");
}

/// Nobody gives rights to themselves, whichever role and wherever.
pub async fn nobody_grants_to_oneself(world: &mut World) {
    for (n, asker) in world.askers.iter().enumerate() {
        let own = account_id(n as u128 + 1).0;
        let new = json!({"id": uuid::Uuid::from_u128(0x6e_0000 + n as u128), "role": "epidemiologist",
            "jurisdiction": testkit::scene::DISTRICT.0});
        let answer = asker.client.post(&format!("/api/v1/accounts/{own}/grants"), &new).await;
        let met = status(&answer);
        if asker.role == Role::AccountAdministrator {
            assert_eq!(met, "403 for_oneself", "{}", asker.name());
        } else {
            assert!(["403 role", "404"].contains(&met.as_str()), "{}: {met}", asker.name());
        }
    }
}
