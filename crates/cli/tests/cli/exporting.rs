//! Files out by the real binary: what comes back the same, who may take what, what the log says, and what is never left behind.

use crate::importing::{AREA, Desk, NOW, map, shared};
use domain::{access::Role, id::{AccountId, PersonId}};
use std::process::{Output, Stdio};
use store::accounts::{NewAccount, NewGrant};
use uuid::Uuid;

const ADMIN: AccountId = AccountId(Uuid::from_u128(0xa1));

/// Exports with names as an account; the report.
fn taken_by(desk: &Desk, login: &str, file: &str, what: &str, more: &[&str]) -> serde_json::Value {
    let arguments = [&["export", file, "--what", what, "--identified", "--purpose", "trace", "--json"], more].concat();
    let output = as_account(desk, login, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object is printed")
}

fn taken(desk: &Desk, file: &str, what: &str, more: &[&str]) -> serde_json::Value {
    taken_by(desk, "epi", file, what, more)
}

fn bytes(desk: &Desk, file: &str) -> Vec<u8> {
    std::fs::read(desk.folder.path().join(file)).expect("the file is there")
}

fn text(desk: &Desk, file: &str) -> String {
    String::from_utf8(bytes(desk, file)).expect("it is UTF-8")
}

fn as_account(desk: &Desk, login: &str, arguments: &[&str]) -> Output {
    desk.command_as(login, arguments).output().expect("the binary runs")
}

/// Another account with a post.
fn staff(desk: &Desk, n: u128, login: &str, role: Role) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let store = desk.open(false).await;
        let admin = store.rights(ADMIN, NOW).await.expect("rights are read").expect("the account is there");
        let id = AccountId(Uuid::from_u128(0xc00 + n));
        let new = NewAccount { id, login: login.to_owned(), name: login.to_owned(), jurisdiction: AREA.0 };
        store.create_account(&admin, &new, NOW).await.expect("an account is made");
        let grant = NewGrant {
            id: Uuid::from_u128(0xd00 + n),
            account: id,
            role,
            jurisdiction: AREA.0,
            valid_from: 0,
            valid_to: None,
        };
        store.grant(&admin, &grant, NOW).await.expect("a grant is made");
        store.close().await;
    });
}

/// A line list of a village where the exporter's care is needed: formulas, a note of two lines, several phones and papers.
const VILLAGE: &str = "case.external_id,person.external_id,person.full_name,person.sex,person.birth_date,person.phone,\
    person.phone[2],person.identifier.kind,person.identifier.number,person.household,person.address.text,person.occupation,\
    person.health_worker,case.classification,case.onset,case.hospital_name,case.outcome,case.note\n\
    1,p1,\"'=HYPERLINK(\"\"http://evil\"\")\",female,1980-05-06,13800000001,13800000002,national_id,350503198005060011,h1,\
    中山路1号,nurse,yes,confirmed,2025-11-21,第一医院,recovered,\"first line\nsecond, with comma\"\n\
    2,p2,王小民,male,1979-05,+8613800000003,,,,h1,,farmer,no,suspect,2025-11-22~,,died,'+1\n\
    3,p3,Anna Maier,,,,,passport,C01X00T47,,,,,,unknown,,,\n";

fn village() -> Desk {
    let desk = Desk::new("cn-covid-9", "Asia/Shanghai");
    let file = desk.write("village.csv", VILLAGE).display().to_string();
    assert_eq!(desk.counts(&["import", &file, "--as", "linelist", "--json"])[7], 0);
    let links = "exposure.source.external_id,exposure.target.external_id,exposure.first,exposure.last,exposure.type,\
        exposure.certainty\n1,2,2025-11-20T08:00:00Z,2025-11-20T09:30:00Z,household,high\n1,3,,2025-11-19,shared_meal,\n";
    let file = desk.write("links.csv", links).display().to_string();
    assert_eq!(desk.counts(&["import", &file, "--as", "exposures", "--json"])[7], 0);
    desk
}

/// Exports each of `nouns` in the formats, imports them into an empty installation, exports again: the same bytes. The same
/// files back into the first installation change nothing.
fn fixed_point(first: &Desk, pack: &str, zone: &str, nouns: &[&str], formats: &[&str]) {
    for (n, format) in formats.iter().enumerate() {
        let second = Desk::new(pack, zone);
        // Three files with names a day are the limit of one account.
        let login = format!("epi-{format}");
        staff(first, n as u128, &login, Role::Epidemiologist);
        for what in nouns {
            let name = format!("{what}.{format}");
            let rows = taken_by(first, &login, &name, what, &[])["rows"].as_i64().expect("rows are counted");
            assert!(rows > 0, "{what} has rows");
            let path = first.folder.path().join(&name).display().to_string();
            let arguments = ["import", &path, "--as", what, "--errors", "errors.csv", "--json"];
            let counts = second.counts(&arguments);
            assert_eq!((counts[0], counts[5] + counts[6] + counts[7]), (rows, 0), "{name}: {counts:?}");
            taken(&second, &name, what, &[]);
            let (before, after) = (bytes(first, &name), bytes(&second, &name));
            assert!(before == after, "{name} comes back the same:\n{}", difference(&before, &after));
            assert_eq!(first.counts(&arguments), [rows, 0, 0, rows, 0, 0, 0, 0], "{name} says what is here already");
        }
        second.verified();
    }
    first.verified();
}

fn difference(before: &[u8], after: &[u8]) -> String {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let line = before.lines().zip(after.lines()).find(|(a, b)| a != b);
    line.map_or_else(|| "one is longer".to_owned(), |(a, b)| format!("{a}\n{b}"))
}

#[test]
fn what_is_exported_comes_back_the_same() {
    fixed_point(&village(), "cn-covid-9", "Asia/Shanghai", &["linelist", "exposures"], &["csv", "xlsx", "json"]);
}

#[test]
fn a_generated_register_comes_back_the_same() {
    let rows: String = (0..2_500)
        .map(|n| {
            let phone = if n % 3 == 0 { format!("13{n:09}") } else { String::new() };
            format!("{n},测试{n},19{:02}-0{}-1{},{phone},h{}\n", n % 90 + 10, n % 9 + 1, n % 10, n / 3)
        })
        .collect();
    let desk = Desk::new("measles", "UTC");
    let header = "person.external_id,person.full_name,person.birth_date,person.phone,person.household";
    let file = desk.write("register.csv", &format!("{header}\n{rows}")).display().to_string();
    desk.counts(&["import", &file, "--as", "people", "--json"]);
    // More than two pages.
    fixed_point(&desk, "measles", "UTC", &["people"], &["csv"]);
}

#[test]
fn hagelloch_comes_back_the_same() {
    let Some(file) = shared("measles_hagelloch_1861.csv") else { return };
    let desk = Desk::new("measles", "Europe/Berlin");
    desk.import(&file, "linelist", &map("hagelloch.toml"));
    fixed_point(&desk, "measles", "Europe/Berlin", &["linelist", "exposures"], &["csv", "xlsx", "json"]);
}

#[test]
fn the_ebola_outbreak_comes_back_the_same() {
    let (Some(cases), Some(links)) =
        (shared("ebola_sim_clean_linelist.csv"), shared("ebola_sim_clean_contacts.csv"))
    else {
        return;
    };
    let desk = Desk::new("who-ebola", "Africa/Freetown");
    desk.import(&cases, "linelist", &map("ebola-linelist.toml"));
    desk.import(&links, "exposures", &map("ebola-contacts.toml"));
    fixed_point(&desk, "who-ebola", "Africa/Freetown", &["linelist", "exposures"], &["csv", "xlsx", "json"]);
}

#[test]
fn contacts_and_places_come_back_the_same() {
    let desk = village();
    let places = "place.code,place.name,place.kind,place.address,place.longitude,place.latitude,place.held\n\
        S1,第一小学,school,学府路2号,118.600000,24.900000,\nF9,Funeral of 9 November,gathering,,,,2025-11-09\n";
    let file = desk.write("in-places.csv", places).display().to_string();
    assert_eq!(desk.counts(&["import", &file, "--as", "places", "--json"])[1], 2);
    let contacts = "contact.external_id,person.external_id,person.full_name,contact.ring,exposure.source.external_id,\
        exposure.place.code,exposure.last,exposure.type\nk1,p9,李四,ring_2,1,,2025-11-20,household\n\
        k1,p9,李四,ring_2,,S1,2025-11-21,school\n";
    let file = desk.write("in-contacts.csv", contacts).display().to_string();
    let counts = desk.counts(&["import", &file, "--as", "contacts", "--json"]);
    assert_eq!(counts[7], 0, "{counts:?}");
    fixed_point(&desk, "cn-covid-9", "Asia/Shanghai", &["places", "linelist", "contacts"], &["csv"]);
}

#[test]
fn a_file_with_chinese_headers_comes_back_by_its_own_mapping() {
    let desk = village();
    taken(&desk, "名单.csv", "linelist", &["--language", "zh"]);
    let header = text(&desk, "名单.csv");
    assert!(header.contains("病例编号") && header.contains("电话 2"), "{header}");
    let (file, map) = (desk.folder.path().join("名单.csv"), desk.folder.path().join("名单.csv.map.toml"));
    assert_eq!(desk.import(&file, "linelist", &map), [3, 0, 0, 3, 0, 0, 0, 0]);
}

#[test]
fn no_cell_runs_as_a_formula() {
    let desk = village();
    taken(&desk, "list.csv", "linelist", &[]);
    let list = text(&desk, "list.csv");
    assert!(list.contains("\"'=HYPERLINK("), "{list}");
    let cells = cells(list.trim_start_matches('\u{feff}'));
    assert!(cells.len() > 50);
    for cell in cells {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell}");
    }
}

/// The cells of a CSV text, in their order.
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => cells.push(String::new()),
            other => cells.last_mut().expect("there is one").push(other),
        }
    }
    cells
}

/// What stands in the village's line list and must not stand in a file without names.
const TELLING: &[&str] = &[
    "HYPERLINK", "王小民", "Anna", "13800000001", "350503198005060011", "C01X00T47", "中山路", "1980-05", "nurse",
    "第一医院", "first line", "h1", "A-000",
];

#[test]
fn an_analyst_gets_rows_without_persons_and_no_names() {
    let desk = village();
    staff(&desk, 1, "ana", Role::DataAnalyst);
    let output = as_account(&desk, "ana", &["export", "cases.csv", "--what", "linelist"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = text(&desk, "cases.csv");
    for telling in TELLING {
        assert!(!cases.contains(telling), "{telling} is in\n{cases}");
    }
    assert!(cases.contains("18-49") && cases.contains("2025-11-22~") && cases.contains("died"), "{cases}");
    // The same case has one pseudonym in every file of the outbreak: whom the links name, the list has.
    let output = as_account(&desk, "ana", &["export", "--what", "exposures", "--format", "json"]);
    let links: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON on the standard output");
    assert_eq!(links.len(), 2);
    for link in &links {
        for name in ["source_case", "person"] {
            let pseudonym = link[name].as_str().expect("a pseudonym");
            assert!(pseudonym.starts_with('p') && cases.contains(pseudonym), "{name} {pseudonym} is not in\n{cases}");
        }
    }
    let names = as_account(&desk, "ana", &["export", "names.csv", "--what", "linelist", "--identified", "--purpose", "statistics"]);
    refused(&names, "refused");
    // An analyst lists no people, and so takes none away.
    refused(&as_account(&desk, "ana", &["export", "people.csv", "--what", "people"]), "refused");
    staff(&desk, 2, "worker", Role::CommunityWorker);
    refused(&as_account(&desk, "worker", &["export", "cases2.csv", "--what", "linelist"]), "refused");
    refused(&as_account(&desk, "admin", &["export", "cases2.csv", "--what", "linelist"]), "refused");
    assert!(!desk.folder.path().join("names.csv").exists() && !desk.folder.path().join("cases2.csv").exists());
    // Whoever commands sees the disease, not who infected whom.
    staff(&desk, 3, "com", Role::Commander);
    let output = as_account(&desk, "com", &["export", "--what", "exposures", "--format", "json"]);
    let links: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON on the standard output");
    assert!(links.len() == 2 && links.iter().all(|link| link["source_case"] == ""), "{links:?}");
}

fn refused(output: &Output, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(part), "{part} is not in {said}");
}

#[test]
fn names_leave_with_a_purpose_and_three_times_a_day() {
    let desk = village();
    let plain = ["export", "list.csv", "--what", "linelist", "--identified"];
    refused(&desk.run(&plain), "purpose");
    refused(&desk.run(&[&plain[..], &["--purpose", "care"]].concat()), "trace");
    assert!(!desk.folder.path().join("list.csv").exists());
    for n in 0..3 {
        taken(&desk, &format!("{n}.csv"), "linelist", &[]);
    }
    refused(&desk.run(&[&plain[..], &["--purpose", "trace"]].concat()), "refused");
    // A file without names is no use of the limit.
    assert!(desk.run(&["export", "d.csv", "--what", "linelist"]).status.success());
    desk.verified();
}

#[test]
fn who_took_which_file_is_told_of_each_person() {
    let desk = village();
    staff(&desk, 1, "ana", Role::DataAnalyst);
    staff(&desk, 2, "inspector", Role::Inspector);
    taken(&desk, "list.xlsx", "linelist", &[]);
    assert!(as_account(&desk, "ana", &["export", "cases.csv", "--what", "linelist"]).status.success());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        let store = desk.open(false).await;
        let account = store.account_by_login("inspector").await.expect("accounts are read").expect("it is there");
        let by = store.rights(account.id, NOW).await.expect("rights are read").expect("it is there");
        let view = store::query::view(domain::access::Noun::Case).expect("cases can be queried");
        let epi = store.account_by_login("epi").await.expect("accounts are read").expect("it is there");
        let epi = store.rights(epi.id, NOW).await.expect("rights are read").expect("it is there");
        let log = store::access_log::AccessLog::open(store.clone(), 1, &mut |buffer: &mut [u8]| buffer.fill(7))
            .await
            .expect("the log opens");
        let page = store.list(&epi, view, &Default::default()).await.expect("cases are listed");
        let page = log.release(page).await.expect("it is logged");
        let person = page.records[0].fields["person_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let files = store.downloads_of(&by, PersonId(person)).await.expect("an inspector is told");
        let told: Vec<_> = files
            .iter()
            .map(|file| {
                let name = file.name.as_deref().unwrap_or_default();
                (name, file.what.as_str(), file.format.as_str(), file.identified, file.rows, file.of_the_person)
            })
            .collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&("epi", "linelist", "xlsx", true, 3, 2)), "{told:?}");
        assert!(told.contains(&("ana", "linelist", "csv", false, 3, 2)), "{told:?}");
        store.close().await;
    });
}

#[test]
fn a_file_that_is_there_stays() {
    let desk = village();
    desk.write("list.csv", "mine");
    refused(&desk.run(&["export", "list.csv", "--what", "linelist"]), "--overwrite");
    assert_eq!(text(&desk, "list.csv"), "mine");
    assert!(desk.run(&["export", "list.csv", "--what", "linelist", "--overwrite"]).status.success());
    assert!(text(&desk, "list.csv").contains("onset_on"));
    refused(&desk.run(&["export", "nowhere/list.csv", "--what", "linelist"]), "folder");
}

#[test]
fn a_killed_export_leaves_nothing_under_the_files_name() {
    let rows: String = (0..30_000).map(|n| format!("{n},Person {n}\n")).collect();
    let desk = Desk::new("measles", "UTC");
    let file = desk.write("people.csv", &format!("person.external_id,person.full_name\n{rows}")).display().to_string();
    desk.counts(&["import", &file, "--as", "people", "--json"]);
    let arguments = ["export", "out.csv", "--what", "people", "--identified", "--purpose", "trace"];
    let mut child = desk.command(&arguments).stdout(Stdio::null()).spawn().expect("the binary runs");
    let folder = desk.folder.path();
    let begun = |name: &str| std::fs::metadata(folder.join(name)).is_ok_and(|file| file.len() > 100_000);
    while !begun(".out.csv.part") && child.try_wait().expect("the child is ours").is_none() {
        std::thread::yield_now();
    }
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
    assert!(begun(".out.csv.part"), "something was written before it was killed");
    assert!(!folder.join("out.csv").exists(), "no half file has the name");
    // The next run takes the place of what was left.
    assert_eq!(taken(&desk, "out.csv", "people", &[])["rows"], 30_000);
    assert_eq!(text(&desk, "out.csv").lines().count(), 30_001);
    assert!(!folder.join(".out.csv.part").exists());
    // What left is in the log, of the run that was killed too: both files began, and pages of both are named.
    assert!(desk.count("access_log") > 32);
}

#[test]
fn a_file_of_no_format_a_device_and_a_future_instant_are_refused() {
    let desk = village();
    let refused = |arguments: &[&str], part: &str| {
        let output = as_account(&desk, "epi", arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && told.contains(part), "{part:?} is not in {output:?}");
    };
    refused(&["export", "list.txt", "--what", "linelist"], "--format");
    refused(&["export", "list", "--what", "linelist"], "--format");
    refused(&["export", "later.csv", "--what", "linelist", "--as-of", "2999-01-01T00:00:00Z"], "future");
    std::os::unix::fs::symlink("village.csv", desk.folder.path().join("link.csv")).expect("a link can be made");
    refused(&["export", "link.csv", "--what", "linelist", "--overwrite"], "no ordinary file");
    assert_eq!(text(&desk, "village.csv"), VILLAGE);
    assert!(!desk.folder.path().join("list.txt").exists() && !desk.folder.path().join("later.csv").exists());
    as_account(&desk, "epi", &["export", "list.txt", "--format", "json", "--what", "linelist"]);
    assert!(text(&desk, "list.txt").starts_with('['));
}
