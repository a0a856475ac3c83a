//! An error of the database says its cause once, however it is printed; one of opening names the database and what to do,
//! and no password.

use std::{error::Error, path::Path};
use store::{
    engine::{Db, Engine},
    store::{Opening, Store},
    vault::MasterKeys,
};
use testkit::{Stage, damage, engines};

/// As the binary prints an error: with its causes, from the outermost inwards.
fn printed(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn says_once(text: &str, words: &[&str]) {
    for word in words {
        assert_eq!(text.matches(word).count(), 1, "`{word}` in: {text}");
    }
}

async fn opening(url: &str, create: bool) -> String {
    printed(&Db::open(url, create).await.err().unwrap_or_else(|| panic!("{url} opens")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_opened_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let absent = opening(&at("absent.sqlite"), false).await;
    says_once(&absent, &["absent.sqlite", "unable to open", "there is no such file", "firebreak migrate"]);
    std::fs::write(folder.path().join("letter.sqlite"), "A letter, not a database. ".repeat(400))
        .expect("it is written");
    let letter = opening(&at("letter.sqlite"), false).await;
    says_once(&letter, &["letter.sqlite", "file is not a database", "no SQLite database"]);
    let no_folder = opening(&at("no-folder/new.sqlite"), true).await;
    says_once(&no_folder, &["no-folder/new.sqlite", "unable to open"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_is_named_without_the_password() {
    let text = opening("postgres://fire:geheim@127.0.0.1:1/outbreak", false).await;
    says_once(&text, &["database outbreak of the PostgreSQL server 127.0.0.1:1", "look whether the server runs"]);
    assert!(!text.contains("geheim"), "{text}");
    let text = opening("postgres://fire:geheim@[::1:x/outbreak", false).await;
    says_once(&text, &["the address of a PostgreSQL database", "postgres://USER@HOST/NAME"]);
    assert!(!text.contains("geheim"), "{text}");
    if engines().contains(&Engine::Postgres) {
        let stage = Stage::empty(Engine::Postgres).await;
        let (before, after) = stage.url().split_once('?').expect("the socket's folder");
        let text = opening(&format!("{before}_absent?{after}"), false).await;
        says_once(&text, &["does not exist", "make it on that server by createdb"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_store_that_cannot_be_opened_is_named_with_what_to_do() {
    let stage = Stage::empty(Engine::Sqlite).await;
    let open = async |keys_url: String| {
        let master = "1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let opened = Store::open(Opening {
            url: stage.url().to_owned(),
            keys_url,
            master: MasterKeys::parse(master).expect("the key is well formed"),
            keys_kept: 1,
            clock: stage.clock.shared(),
            entropy: testkit::entropy::seeded(3),
            create: false,
            exercise: true,
        });
        printed(&opened.await.err().expect("there is no key store"))
    };
    let folder = stage.folder.path();
    let nowhere = open(format!("sqlite:{}", folder.join("gone/keys.sqlite").display())).await;
    says_once(&nowhere, &["gone/keys.sqlite", "No such file or directory", "--keys"]);
    std::fs::write(folder.join("letter.sqlite"), "A letter, not a database. ".repeat(400)).expect("it is written");
    let letter = open(format!("sqlite:{}", folder.join("letter.sqlite").display())).await;
    says_once(&letter, &["key store", "letter.sqlite", "file is not a database", "no SQLite database"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_engine_says_is_said_once() {
    for engine in engines() {
        let stage = Stage::empty(engine).await;
        let error = damage::run(stage.url(), &["DELETE FROM nowhere"], false).await.expect_err("there is none");
        says_once(&printed(&error), &["nowhere", "the database answered with an error"]);
    }
}

/// Errors that hand on another's text hand on its causes as well; one that writes it out has no cause to hand on.
#[test]
fn no_error_of_the_store_both_says_its_cause_and_names_it() {
    let (mut folders, mut seen) = (vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("it is listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source is text");
            let lines: Vec<&str> = text.lines().collect();
            for n in (0..lines.len())
                .filter(|n| lines[*n].contains("#[from]") && lines[*n].trim_start().starts_with(char::is_alphabetic))
            {
                seen += 1;
                let before = lines[n - 1].trim();
                assert_eq!(before, "#[error(transparent)]", "{}:{}: say the cause or name it", path.display(), n + 1);
            }
            assert!(!text.contains("#[source]"), "{}: the text says the cause", path.display());
        }
    }
    assert!(seen >= 10, "{seen} errors hand on another");
}
