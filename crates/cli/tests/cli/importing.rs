//! Files in by the real binary: real outbreaks, bad rows, the same file again, a run killed half way.

use domain::{
    access::Role,
    id::{AccountId, CommandId, JurisdictionId, OutbreakId},
    kernel::{Actor, Command as DomainCommand, Envelope, group::Submission},
    noun::{
        MatchKey, Of as _,
        case::{Case, Classification},
        jurisdiction, outbreak,
    },
    pack::Shelf,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
};
use store::{
    accounts::{NewAccount, NewGrant},
    store::{Opening, Store},
    vault::MasterKeys,
};
use tempfile::TempDir;
use uuid::Uuid;

pub const MASTER: &str = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const AREA: JurisdictionId = JurisdictionId(Uuid::from_u128(0xd1));
pub const OUTBREAK: OutbreakId = OutbreakId(Uuid::from_u128(0x0b));
/// 2026-01-01T00:00:00Z.
pub const NOW: i64 = 1_767_225_600_000;

/// A database with one area, one outbreak of a pack, one post and an epidemiologist called `epi`.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub fn new(pack: &str, zone: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(desk.furnish(pack, zone));
        desk
    }

    pub fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.folder.path().join(name).display())
    }

    pub async fn open(&self, create: bool) -> Store {
        let mut next = 0u8;
        let entropy: store::writer::SharedEntropy = Arc::new(Mutex::new(Box::new(move |buffer: &mut [u8]| {
            for byte in buffer {
                next = next.wrapping_mul(73).wrapping_add(41);
                *byte = next;
            }
        })));
        Store::open(Opening {
            url: self.url("firebreak.sqlite"),
            keys_url: self.url("keys.sqlite"),
            master: MasterKeys::parse(MASTER).expect("the master key is well formed"),
            keys_kept: store::store::KEYS_KEPT,
            clock: Arc::new(|| NOW),
            entropy,
            create,
            exercise: true,
        })
        .await
        .expect("the database opens")
    }

    async fn furnish(&self, pack: &str, zone: &str) {
        let store = self.open(true).await;
        let stream = store.add_stream("A", "Post A", Some(AREA)).await.expect("a stream is made");
        let shelf = Shelf::shipped();
        let pack = shelf.packs().map(|shipped| shipped.reference()).find(|shipped| shipped.pack_id == pack);
        let define = jurisdiction::Command::Define {
            id: AREA,
            hierarchy: "administrative".to_owned(),
            level: "district".to_owned(),
            parent: None,
            fields: Default::default(),
        };
        let declare = outbreak::Command::Declare {
            id: OUTBREAK,
            name: "the outbreak".to_owned(),
            disease: "a disease".to_owned(),
            pack: pack.expect("the pack is shipped"),
            time_zone: zone.to_owned(),
            code_mask: "A-0000".to_owned(),
            jurisdiction: AREA,
        };
        let caused = |n, command: DomainCommand| {
            let envelope = Envelope::new(CommandId(Uuid::from_u128(n)), stream, command);
            Submission::caused(Actor { account: AccountId(Uuid::from_u128(1)) }, envelope)
        };
        for outcome in store.submit(vec![caused(1, define.into()), caused(2, declare.into())]).await {
            assert!(outcome.expect("the beginning is written").is_accepted());
        }
        let account = |n, login: &str| NewAccount {
            id: AccountId(Uuid::from_u128(n)),
            login: login.to_owned(),
            name: login.to_owned(),
            jurisdiction: AREA.0,
        };
        let (first, second) = (account(0xa1, "admin"), account(0xa2, "epi"));
        store.create_first_account(&first, Uuid::from_u128(0xb1), NOW).await.expect("the first account is made");
        let admin = store.rights(first.id, NOW).await.expect("rights are read").expect("the account is there");
        store.create_account(&admin, &second, NOW).await.expect("an account is made");
        let grant = NewGrant {
            id: Uuid::from_u128(0xb2),
            account: second.id,
            role: Role::Epidemiologist,
            jurisdiction: AREA.0,
            valid_from: 0,
            valid_to: None,
        };
        store.grant(&admin, &grant, NOW).await.expect("a grant is made");
        store.close().await;
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_as("epi", arguments)
    }

    pub fn command_as(&self, login: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
        command
            .args(["--database", &self.url("firebreak.sqlite"), "--keys", &self.url("keys.sqlite"), "--account", login])
            .args(arguments)
            .env("FIREBREAK_MASTER_KEY", MASTER)
            .current_dir(self.folder.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// Imports and gives the counts: rows, created, updated, unchanged, duplicates, conflicts, waiting, refused.
    pub fn import(&self, file: &Path, noun: &str, map: &Path) -> [i64; 8] {
        let (file, map) = (file.display().to_string(), map.display().to_string());
        self.counts(&["import", &file, "--as", noun, "--map", &map, "--errors", "errors.csv", "--json"])
    }

    /// Runs an import, and reads its counts. An errors file of an import before is gone.
    pub fn counts(&self, arguments: &[&str]) -> [i64; 8] {
        let _ = std::fs::remove_file(self.folder.path().join("errors.csv"));
        Self::read_counts(&self.run(arguments))
    }

    pub fn read_counts(output: &Output) -> [i64; 8] {
        let report: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("one JSON object is printed: {}", String::from_utf8_lossy(&output.stderr)));
        let counts = ["rows", "created", "updated", "unchanged", "duplicates", "conflicts", "waiting", "refused"]
            .map(|name| report[name].as_i64().unwrap_or_else(|| panic!("{name} is a count")));
        assert_eq!(counts[0], counts[1..].iter().sum::<i64>(), "every row is accounted for once (F01)");
        assert_eq!(output.status.success(), counts[0] == 0 || counts[7] < counts[0], "of which none is done, nothing is");
        counts
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path
    }

    /// What the case that the file calls so is by its findings, and what it was reported as.
    pub fn case(&self, number: &str) -> (Classification, Option<Classification>) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(async {
            let store = self.open(false).await;
            let mut look = store.look_up().await.expect("a look begins");
            let key = MatchKey::new("case", &["import", number]);
            let found = look.matching(&BTreeSet::from([key])).await.expect("records are read");
            look.end().await.expect("it ends");
            store.close().await;
            let case = found.values().find_map(|located| Case::of(&located.aggregate)).expect("it is on record");
            (case.classification(), case.fields.reported_as.as_ref().map(|word| word.0))
        })
    }

    /// Number of rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(testkit::damage::count(&self.url("firebreak.sqlite"), table)).expect("it counts")
    }

    pub fn verified(&self) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        runtime.block_on(async {
            let store = self.open(false).await;
            let report =
                store.verify(&Default::default(), self.folder.path(), |_| {}).await.expect("verify runs");
            assert_eq!(report.faults, vec![], "verify finds nothing wrong");
            store.close().await;
        });
    }
}

pub fn map(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exchange/maps").join(name)
}

/// The folder of public data sets beside the project, where it is there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        println!("SKIPPED: the public data set {name} is not beside the project");
        return None;
    }
    Some(path)
}

#[test]
fn a_line_list_with_its_links_comes_in_and_the_same_file_again_changes_nothing() {
    let desk = Desk::new("measles", "Europe/Berlin");
    // The first case names an infector that comes after it.
    let file = desk.write(
        "hagelloch.csv",
        "case_ID,infector,date_of_prodrome,date_of_rash,date_of_death,age,gender,family_ID,class,complications,x_loc,y_loc\n\
         1,3,1861-11-21,1861-11-25,,7.0,f,41,1,yes,142.5,100.0\n\
         2,3,1861-11-23,1861-11-27,,6.0,f,41,1,yes,142.5,100.0\n\
         3,,1861-11-08,1861-11-12,1861-11-20,9.0,m,40,1,no,1,1\n\
         4,99,1861-11-30,1861-12-02,,3.0,m,40,0,no,1,1\n",
    );
    assert_eq!(desk.import(&file, "linelist", &map("hagelloch.toml")), [4, 3, 0, 0, 0, 0, 0, 1]);
    assert_eq!((desk.count("case_record"), desk.count("exposure"), desk.count("household")), (4, 2, 2));
    let errors = std::fs::read_to_string(desk.folder.path().join("errors.csv")).expect("there is an errors file");
    assert!(errors.contains("intake.reference_unknown") && errors.contains("99"), "{errors}");
    assert_eq!(desk.import(&file, "linelist", &map("hagelloch.toml")), [4, 0, 0, 3, 0, 0, 0, 1]);
    desk.verified();
}

#[test]
fn a_classification_without_findings_is_kept_as_reported() {
    let desk = Desk::new("measles", "Europe/Berlin");
    let list = "case.external_id,person.full_name,case.classification\n1,Anna Maier,probable\n2,Karl Roth,\n";
    let read = |text: &str, expected: [i64; 8]| {
        let file = desk.write("list.csv", text).display().to_string();
        assert_eq!(desk.counts(&["import", &file, "--as", "linelist", "--json"]), expected);
        ["1", "2"].map(|number| desk.case(number))
    };
    let stands = |reported_as| (Classification::Unclassified, reported_as);
    let cases = read(list, [2, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(cases, [stands(Some(Classification::Probable)), stands(None)]);
    let cases = read(&list.replace("probable", "confirmed"), [2, 0, 1, 1, 0, 0, 0, 0]);
    assert_eq!(cases, [stands(Some(Classification::Confirmed)), stands(None)]);
    desk.verified();
}

#[test]
fn hagelloch_comes_in_whole() {
    let Some(file) = shared("measles_hagelloch_1861.csv") else { return };
    let desk = Desk::new("measles", "Europe/Berlin");
    let first = desk.import(&file, "linelist", &map("hagelloch.toml"));
    assert_eq!(first, [188, 188, 0, 0, 0, 0, 0, 0]);
    assert_eq!((desk.count("person"), desk.count("case_record"), desk.count("exposure")), (188, 188, 184));
    assert_eq!(desk.import(&file, "linelist", &map("hagelloch.toml")), [188, 0, 0, 188, 0, 0, 0, 0]);
    desk.verified();
}

#[test]
fn the_ebola_outbreak_comes_in_whole() {
    let (Some(cases), Some(links)) =
        (shared("ebola_sim_clean_linelist.csv"), shared("ebola_sim_clean_contacts.csv"))
    else {
        return;
    };
    let desk = Desk::new("who-ebola", "Africa/Freetown");
    assert_eq!(desk.import(&cases, "linelist", &map("ebola-linelist.toml")), [5829, 5829, 0, 0, 0, 0, 0, 0]);
    // Of 3,800 links 1,684 name a case that the cleaned line list does not have: each is refused by name, none is lost.
    assert_eq!(desk.import(&links, "exposures", &map("ebola-contacts.toml")), [3800, 2116, 0, 0, 0, 0, 0, 1684]);
    assert_eq!((desk.count("case_record"), desk.count("exposure")), (5829, 2116));
    assert_eq!(desk.import(&cases, "linelist", &map("ebola-linelist.toml")), [5829, 0, 0, 5829, 0, 0, 0, 0]);
    assert_eq!(desk.import(&links, "exposures", &map("ebola-contacts.toml")), [3800, 0, 0, 2116, 0, 0, 0, 1684]);
    desk.verified();
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let desk = Desk::new("measles", "Europe/Berlin");
    let file = desk.write("people.csv", "person.external_id,person.full_name\n1,Anna Maier\n2,Karl Roth\n1,Anna Meier\n");
    let file = file.display().to_string();
    let dry = desk.counts(&["import", &file, "--as", "people", "--dry-run", "--json"]);
    assert_eq!(dry, [3, 2, 1, 0, 0, 0, 0, 0]);
    assert_eq!((desk.count("person"), desk.count("import")), (0, 0));
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"]), dry);
}

#[test]
fn alike_people_are_suspected_and_never_merged() {
    let desk = Desk::new("cn-covid-9", "Asia/Shanghai");
    let file = desk.write(
        "people.csv",
        "person.full_name,person.birth_date,person.phone,person.identifier.number\n\
         王小明,1980-05-06,13800000001,350500198005060011\n\
         王小民,1980-05-06,13800000001,\n\
         王小明,1980-05-06,13800000009,350500198005060099\n",
    );
    let file = file.display().to_string();
    // The second may be the first; the third bears another number of the same document.
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"]), [3, 2, 0, 0, 1, 0, 0, 0]);
    assert_eq!((desk.count("person"), desk.count("duplicate")), (3, 1));
}

#[test]
fn a_file_without_ids_makes_nobody_twice() {
    let desk = Desk::new("cn-covid-9", "Asia/Shanghai");
    // Two alike people, a household each; two people whose rows say the same.
    let text = "person.full_name,person.birth_date,person.phone,person.household\n\
         王小明,1980-05-06,13800000001,h1\n王小民,1980-05-06,13800000001,h2\n李雷,1990-01-01,,\n李雷,1990-01-01,,\n";
    let file = desk.write("people.csv", text).display().to_string();
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"]), [4, 2, 0, 0, 2, 0, 0, 0]);
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--dry-run", "--json"]), [4, 0, 0, 4, 0, 0, 0, 0]);
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"]), [4, 0, 0, 4, 0, 0, 0, 0]);
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"]), [4, 0, 0, 4, 0, 0, 0, 0]);
    assert_eq!((desk.count("person"), desk.count("duplicate"), desk.count("import")), (4, 2, 3));
    let again = desk.run(&["import", &file, "--as", "people"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("imported before"), "{again:?}");
    // Another file says nothing of these rows: its people are suspected, as ever.
    let file = desk.write("more.csv", &format!("{text}韩梅梅,1991-01-01,,\n")).display().to_string();
    assert_eq!(desk.counts(&["import", &file, "--as", "people", "--json"])[4], 4);
    desk.verified();
}

#[test]
fn a_line_list_without_ids_makes_no_case_twice_under_another_mapping_either() {
    let desk = Desk::new("measles", "Europe/Berlin");
    let file = desk.write("list.csv", "name,age,onset,remark\nAnna,7,2025-11-21,\nKarl,30,2025-11-22,x\nKarl,30,2025-11-22,\n");
    let fields = |fields: &[(&str, &str)]| {
        let field = |(from, to): &(&str, &str)| format!("[[field]]\ncolumn = \"{from}\"\nto = \"{to}\"\n");
        let head = "as = \"linelist\"\nformat = \"csv\"\ndates = [\"YYYY-MM-DD\"]\n";
        format!("{head}{}", fields.iter().map(field).collect::<String>())
    };
    let known = [("name", "person.full_name"), ("age", "person.age_years"), ("onset", "case.onset")];
    let first = desk.write("first.toml", &fields(&known));
    assert_eq!(desk.import(&file, "linelist", &first), [3, 3, 0, 0, 0, 0, 0, 0]);
    let mended = desk.write("mended.toml", &fields(&[&known[..], &[("remark", "case.note")]].concat()));
    assert_eq!(desk.import(&file, "linelist", &mended), [3, 0, 1, 2, 0, 0, 0, 0]);
    assert_eq!((desk.count("person"), desk.count("case_record")), (3, 3));
}

#[test]
fn no_file_that_is_there_is_written_over() {
    let desk = Desk::new("measles", "Europe/Berlin");
    let text = "person.external_id,person.full_name,person.birth_date\n1,Anna Maier,1880-01-01\n2,Karl Roth,nonsense\n";
    let file = desk.write("people.csv", text).display().to_string();
    let read = |name: &str| std::fs::read_to_string(desk.folder.path().join(name));
    // A draft of a mapping.
    let draft = desk.run(&["import", &file, "--as", "people", "--suggest-map", "people.csv"]);
    assert_eq!(draft.status.code(), Some(1), "{draft:?}");
    assert_eq!(read("people.csv").expect("the file is there"), text);
    // A dry run writes nothing, and says what it would refuse.
    let dry = desk.run(&["import", &file, "--as", "people", "--dry-run"]);
    assert!(String::from_utf8_lossy(&dry.stderr).contains("row 3") && read("people.errors.csv").is_err(), "{dry:?}");
    // An errors file that somebody works on.
    desk.run(&["import", &file, "--as", "people"]);
    let corrected = read("people.errors.csv").expect("there is an errors file").replace("nonsense", "1881-02-02");
    desk.write("people.errors.csv", &corrected);
    let again = desk.run(&["import", &file, "--as", "people"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("people.errors-2.csv"), "{again:?}");
    assert!(read("people.errors-2.csv").expect("there is another one").contains("nonsense"));
    let named = desk.run(&["import", &file, "--as", "people", "--errors", "people.errors.csv"]);
    assert_eq!(named.status.code(), Some(1), "{named:?}");
    assert_eq!(read("people.errors.csv").expect("the file is there"), corrected);
    assert_eq!(desk.counts(&["import", "people.errors.csv", "--as", "people", "--json"]), [1, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_reader_that_has_gone_or_a_full_disk_breaks_nothing_off() {
    let desk = Desk::new("measles", "Europe/Berlin");
    let file = desk.write("people.csv", "person.external_id,person.full_name\n1,Anna Maier\n").display().to_string();
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let arguments = ["import", &file, "--as", "people"];
    let unread = desk.command(&arguments).stdout(writer).output().expect("the binary runs");
    assert_eq!((unread.status.code(), String::from_utf8_lossy(&unread.stderr).as_ref()), (Some(1), ""));
    assert_eq!((desk.count("person"), desk.count("import")), (1, 1));
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let full = desk.command(&arguments).stdout(full).output().expect("the binary runs");
    let told = String::from_utf8_lossy(&full.stderr).into_owned();
    assert!(full.status.code() == Some(1) && told.contains("could not be written") && !told.contains("panicked"), "{told}");
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_ended() {
    // A row that the reader refuses, one that the planner refuses and one that the door refuses, of each hundred.
    let died = |n: i32| match n % 100 {
        11 => "nonsense",
        12 => "2150-01-01",
        13 => "1901-01-01",
        _ => "",
    };
    let rows: String = (0..30_000)
        .map(|n| format!("{n},Person {n},19{:02}-0{}-1{},{},{}\n", n % 90 + 10, n % 9 + 1, n % 10, n % 90, died(n)))
        .collect();
    let text = format!("person.external_id,person.full_name,person.birth_date,person.age_years,person.died\n{rows}");
    let (whole, broken) = (Desk::new("measles", "UTC"), Desk::new("measles", "UTC"));
    let file = whole.write("people.csv", &text);
    let path = file.display().to_string();
    let arguments = ["import", &path, "--as", "people", "--errors", "errors.csv", "--json"];
    let expected = whole.counts(&arguments);
    let mut child = broken.command(&arguments).stdout(Stdio::null()).spawn().expect("the binary runs");
    while broken.count("person") == 0 && child.try_wait().expect("the child is ours").is_none() {
        std::thread::yield_now();
    }
    child.kill().expect("the child is ours");
    child.wait().expect("the child is ours");
    assert!(broken.count("person") > 0, "something was committed before it was killed");
    assert_eq!(broken.counts(&arguments), expected);
    assert_eq!((broken.count("person"), broken.count("import")), (29_100, 1));
    // Rows of the run that was killed are in the errors file too, each with its reasons.
    let errors = |desk: &Desk| {
        let text = std::fs::read_to_string(desk.folder.path().join("errors.csv")).expect("there is an errors file");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (of_whole, of_broken) = (errors(&whole), errors(&broken));
    assert_eq!(of_whole.len(), 901, "{:?}", of_whole.last());
    assert!(["cell.date", "in_the_future", "death_before_birth"].iter().all(|rule| of_whole.join(" ").contains(rule)));
    assert_eq!(of_broken, of_whole);
    broken.verified();
}
