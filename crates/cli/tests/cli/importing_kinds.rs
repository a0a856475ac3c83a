//! Every kind of record by the real binary, cells that empty a field, drafted mappings, and what an account may not see.

use crate::importing::{AREA, Desk, shared};
use domain::{
    access::Role,
    id::{AccountId, CommandId, JurisdictionId},
    kernel::{Actor, Envelope, group::Submission},
    noun::jurisdiction,
};
use store::accounts::{NewAccount, NewGrant};
use uuid::Uuid;

const NORTH: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd2));
const SOUTH: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd3));
/// 2026-01-01T00:00:00Z.
const NOW: i64 = 1_767_225_600_000;

impl Desk {
    /// Imports a file whose columns are fields: its text, as what.
    fn take(&self, noun: &str, text: &str) -> [i64; 8] {
        let file = self.write("file.csv", text).display().to_string();
        self.counts(&["import", &file, "--as", noun, "--errors", "errors.csv", "--json"])
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("errors.csv")).expect("there is an errors file")
    }

    /// Two areas within the whole, and an epidemiologist of the northern one called `north`.
    fn divide(&self) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(async {
            let store = self.open(false).await;
            let stream = store.streams().await.expect("streams are read")[0].stream;
            let define = |n, id, code: &str| {
                let command = jurisdiction::Command::Define {
                    id,
                    hierarchy: "administrative".to_owned(),
                    level: "street".to_owned(),
                    parent: Some(AREA),
                    fields: jurisdiction::Given { code: Some(code.to_owned()), ..Default::default() },
                };
                let envelope = Envelope::new(CommandId(Uuid::from_u128(n)), stream, command.into());
                Submission::caused(Actor { account: AccountId(Uuid::from_u128(1)) }, envelope)
            };
            for outcome in store.submit(vec![define(11, NORTH, "north"), define(12, SOUTH, "south")]).await {
                assert!(outcome.expect("areas are defined").is_accepted());
            }
            let admin = store.rights(AccountId(Uuid::from_u128(0xa1)), NOW).await.expect("rights are read");
            let admin = admin.expect("the account is there");
            let account = NewAccount {
                id: AccountId(Uuid::from_u128(0xa3)),
                login: "north".to_owned(),
                name: "north".to_owned(),
                jurisdiction: NORTH.0,
            };
            store.create_account(&admin, &account, NOW).await.expect("an account is made");
            let grant = NewGrant {
                id: Uuid::from_u128(0xb3),
                account: account.id,
                role: Role::Epidemiologist,
                jurisdiction: NORTH.0,
                valid_from: 0,
                valid_to: None,
            };
            store.grant(&admin, &grant, NOW).await.expect("a grant is made");
            store.close().await;
        });
    }
}

const CASES: &str = "case.external_id,person.external_id,person.full_name,case.onset\n\
                     C1,P1,Anna Maier,2025-12-20\n";
const CONTACTS: &str = "contact.external_id,person.external_id,person.full_name,contact.listed,exposure.source.external_id,exposure.last,exposure.type\n\
                        K1,P2,Karl Roth,2025-12-22,C1,2025-12-21,household\n\
                        K2,P3,Ida Kern,2025-12-22,C9,2025-12-21,household\n";

#[test]
fn contacts_and_their_follow_up_come_in_and_cells_empty_fields() {
    let desk = Desk::new("measles", "Europe/Berlin");
    assert_eq!(desk.take("linelist", CASES), [1, 1, 0, 0, 0, 0, 0, 0]);
    // The second names a case that nobody knows: without a source nobody is listed.
    assert_eq!(desk.take("contacts", CONTACTS), [2, 1, 0, 0, 0, 0, 0, 1]);
    assert!(desk.errors().contains("intake.reference_unknown"), "{}", desk.errors());
    assert_eq!(desk.take("contacts", CONTACTS), [2, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!((desk.count("contact"), desk.count("exposure")), (1, 1));
    let emptied = CONTACTS.replace("2025-12-22,C1", "(clear),C1");
    assert_eq!(desk.take("contacts", &emptied), [2, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(desk.take("contacts", &emptied), [2, 0, 0, 1, 0, 0, 0, 1]);

    let visit = |temperature: &str, note: &str| {
        format!(
            "followup.contact.external_id,followup.date,followup.status,followup.mode,followup.temperature_tenths,followup.note\n\
             K1,2025-12-23,seen_well,visit,{temperature},{note}\n\
             K7,2025-12-23,seen_well,visit,36.6,\n"
        )
    };
    assert_eq!(desk.take("followups", &visit("36.6", "tired")), [2, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(desk.take("followups", &visit("36.6", "tired")), [2, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!(desk.take("followups", &visit("37.9", "tired")), [2, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(desk.take("followups", &visit("(clear)", "(clear)")), [2, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(desk.take("followups", &visit("(clear)", "(clear)")), [2, 0, 0, 1, 0, 0, 0, 1]);
    desk.verified();
}

#[test]
fn results_and_places_come_in() {
    let desk = Desk::new("measles", "Europe/Berlin");
    desk.take("linelist", CASES);
    let results = "sample.number,case.external_id,sample.collected,sample.test,sample.laboratory,sample.result\n\
                   S1,C1,2025-12-21,PCR,State laboratory,positive\n\
                   S2,C8,2025-12-21,PCR,State laboratory,positive\n";
    assert_eq!(desk.take("results", results), [2, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(desk.take("results", results), [2, 0, 0, 1, 0, 0, 0, 1]);
    // The same tube, tested once more with another end.
    assert_eq!(desk.take("results", &results.replace("positive", "negative")), [2, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(desk.count("sample"), 1);
    let places = "place.code,place.name,place.kind,place.capacity,place.parent\nH1,Hospital,facility,40,\nW1,Ward 1,ward,12,H1\n";
    assert_eq!(desk.take("places", places), [2, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(desk.take("places", places), [2, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(desk.take("places", &places.replace(",40,", ",(clear),")), [2, 0, 1, 1, 0, 0, 0, 0]);
    desk.verified();
}

#[test]
fn the_errors_file_is_never_written_over_what_is_read() {
    let desk = Desk::new("measles", "Europe/Berlin");
    let text = "person.external_id,person.full_name,person.birth_date\n1,Anna Maier,31/31/2000\n";
    let file = desk.write("people.errors.csv", text).display().to_string();
    let output = desk.run(&["import", &file, "--as", "people", "--errors", "people.errors.csv"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--errors"), "{output:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file is there"), text);
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"]), [1, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(std::fs::read_to_string(&file).expect("the file is there"), text);
}

#[test]
fn somebody_elsewhere_is_not_revealed_by_a_match() {
    let desk = Desk::new("measles", "Europe/Berlin");
    desk.divide();
    let text = "person.external_id,person.full_name,person.identifier.number\n1,Anna Maier,X123456\n";
    let file = desk.write("people.csv", text).display().to_string();
    let into = |account: &str, area: JurisdictionId, more: &[&str]| {
        let area = area.0.to_string();
        let arguments = [&["import", &file, "--as", "people", "--json", "--jurisdiction", &area], more].concat();
        desk.command_as(account, &arguments).output().expect("the binary runs")
    };
    assert_eq!(Desk::read_counts(&into("epi", SOUTH, &[])), [1, 1, 0, 0, 0, 0, 0, 0]);
    // To the north she is new, as she would be if nobody had her; and its own record is found again.
    assert_eq!(Desk::read_counts(&into("north", NORTH, &["--dry-run"])), [1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Desk::read_counts(&into("north", NORTH, &[])), [1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Desk::read_counts(&into("north", NORTH, &[])), [1, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(desk.count("person"), 2);
    // Into the south it may neither import nor look.
    for more in [&["--dry-run"][..], &[]] {
        let refused = into("north", SOUTH, more);
        assert!(!refused.status.success(), "{more:?}: {refused:?}");
    }
    assert_eq!(desk.count("person"), 2);
}

#[test]
fn a_row_refused_by_access_says_why_in_words() {
    let desk = Desk::new("measles", "Europe/Berlin");
    desk.divide();
    let text = "place.code,place.name,place.kind,place.jurisdiction\nH1,Hospital,facility,south\n";
    let file = desk.write("places.csv", text).display().to_string();
    let north = NORTH.0.to_string();
    let arguments = ["import", &file, "--as", "places", "--jurisdiction", &north, "--errors", "errors.csv", "--json"];
    let output = desk.command_as("north", &arguments).output().expect("the binary runs");
    assert_eq!(Desk::read_counts(&output), [1, 0, 0, 0, 0, 0, 0, 1]);
    let errors = desk.errors();
    assert!(errors.contains("access.") && !errors.contains("Ask the post in charge"), "{errors}");
    assert!(!errors.contains("access.refused"), "{errors}");
}

#[test]
fn a_drafted_mapping_works_at_once_on_the_public_data() {
    for (file, noun, pack) in [
        ("measles_hagelloch_1861.csv", "linelist", "measles"),
        ("ebola_sim_clean_linelist.csv", "linelist", "who-ebola"),
    ] {
        let Some(file) = shared(file) else { return };
        let desk = Desk::new(pack, "UTC");
        let path = file.display().to_string();
        let output = desk.run(&["import", &path, "--as", noun, "--suggest-map", "draft.toml"]);
        assert!(output.status.success(), "{output:?}");
        let counts = desk.counts(&[
            "import",
            &path,
            "--as",
            noun,
            "--map",
            "draft.toml",
            "--dry-run",
            "--errors",
            "errors.csv",
            "--json",
        ]);
        assert!(counts[0] > 100 && counts[1] == counts[0], "{path}: {counts:?}");
    }
}
