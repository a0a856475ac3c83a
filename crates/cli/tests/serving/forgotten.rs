//! What the server says of itself while a person's values go through it: neither its log, at the most talkative level,
//! nor its figures hold one of them, while the person is known and after the erasure.

use crate::{
    installation::Installation,
    served::{Answer, Client, Served},
    subject::{
        ADDRESS, NAME, NOT_THERE, NOTE, NUMBER, PHONE, SETTING, VALUES, exposed, fell_ill, known, listed, person,
        renamed, request, traces,
    },
    traces::{assert_sees, found, percent_encoded},
};
use domain::{
    id::{CommandId, StreamId},
    kernel::{Command, Envelope},
};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};
use testkit::scene;
use uuid::Uuid;

const LOG: &str = "serve.log";
const COMMANDS: &str = "/api/v1/commands";

fn envelope(id: u128, command: impl Into<Command>) -> Value {
    let envelope = Envelope::new(CommandId(Uuid::from_u128(id)), StreamId(1), command.into());
    serde_json::to_value(envelope).expect("an envelope is JSON")
}

fn ask(client: &mut Client, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let body = body.map(Value::to_string);
    client.send(method, path, body.as_deref()).expect("the server answers")
}

/// The person is registered with all that hangs on them; one command waits and one is in conflict.
fn registered(client: &mut Client) {
    let commands = [
        envelope(0x11, scene::register(1)),
        envelope(0x12, scene::open_case(1)),
        envelope(0x13, known()),
        envelope(0x14, exposed(1, scene::case_id(1))),
        envelope(0x15, fell_ill()),
        envelope(0x16, listed()),
        envelope(0x17, exposed(2, NOT_THERE)),
        envelope(0x18, renamed()),
    ];
    let answer = ask(client, "POST", COMMANDS, Some(&Value::from(commands.to_vec())));
    let outcomes = answer.json();
    let statuses: Vec<u64> = (0..8).filter_map(|n| outcomes[n]["status"].as_u64()).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 202, 409], "{outcomes}");
}

/// Every way in which a person is found and read, each with the values that stand in it; what they answered.
fn read(epidemiologist: &mut Client, hotline: &mut Client) -> Vec<Answer> {
    let id = person().0;
    let (name, number) = (percent_encoded(NAME), percent_encoded(NUMBER));
    let asked = [
        format!("/api/v1/persons/{id}"),
        format!("/api/v1/persons?name={name}"),
        format!("/api/v1/persons?name={}", name.to_lowercase()),
        format!("/api/v1/persons?identifier=national_id%3A{number}"),
        format!("/api/v1/cases/{}", scene::case_id(crate::subject::N).0),
        "/api/v1/contacts".to_owned(),
        "/api/v1/exposures".to_owned(),
        format!("/api/v1/persons/{id}/readers"),
        "/api/v1/break-glass".to_owned(),
    ];
    let mut answers: Vec<Answer> = asked.iter().map(|path| ask(epidemiologist, "GET", path, None)).collect();
    let number = json!({"kind": "national_id", "number": NUMBER});
    answers.push(ask(hotline, "POST", "/api/v1/persons/match", Some(&number)));
    let why = json!({"reason": format!("{NAME} {PHONE} lies at {ADDRESS} and does not answer")});
    answers.push(ask(hotline, "POST", &format!("/api/v1/persons/{id}/break-glass"), Some(&why)));
    answers
}

/// Bodies that are refused, with values where a reader may repeat what it did not expect.
fn refused_bodies() -> Vec<String> {
    let id = person().0;
    let correct = |field: &str, change: Value| {
        let command = json!({"person": {"correct": {"id": id, "changes": {field: change}}}});
        json!({"id": Uuid::from_u128(0x21), "stream": 1, "command": command}).to_string()
    };
    let whole = envelope(0x22, known()).to_string();
    vec![
        correct("birth_date", json!({"seen": NAME, "to": PHONE})),
        correct("phones", json!({"seen": NUMBER, "to": NAME})),
        correct("sex", json!({"seen": null, "to": NAME})),
        correct("identifiers", json!({"seen": [{"kind": NAME, "number": 1}], "to": [NUMBER]})),
        correct("full_name", json!({"seen": NAME, "to": NAME.repeat(1_000)})),
        correct("full_name", json!(NAME)),
        correct(NAME, json!({"seen": null, "to": NUMBER})),
        json!({"id": NAME, "stream": PHONE, "command": ADDRESS}).to_string(),
        json!({"id": Uuid::from_u128(0x23), "stream": 1, "command": {NAME: {PHONE: NUMBER}}}).to_string(),
        json!({NAME: NOTE}).to_string(),
        json!(NAME).to_string(),
        whole.chars().take(whole.chars().count() * 3 / 4).collect(),
        format!("{{\"id\": {NAME}}}"),
        format!("{NAME},{PHONE},{ADDRESS},{NUMBER},{NOTE},{SETTING}"),
    ]
}

/// Everything that is refused: bodies, addresses, parameters, sign-ins, tokens and what is no HTTP.
fn refused(client: &mut Client) {
    let (id, name) = (person().0, percent_encoded(NAME));
    for body in refused_bodies() {
        let answer = client.send("POST", COMMANDS, Some(&body)).expect("the server answers");
        let outcome =
            if answer.status == 200 { answer.json()[0]["status"].as_u64() } else { Some(answer.status.into()) };
        assert!(
            outcome.is_some_and(|status| (400..500).contains(&status)),
            "{body}: {}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    let known = envelope(0x24, known());
    let addresses = [
        ("GET", format!("/api/v1/persons/{name}"), None),
        ("GET", format!("/api/v1/persons?phone={PHONE}"), None),
        ("GET", format!("/api/v1/persons?identifier={NUMBER}"), None),
        ("GET", format!("/api/v1/persons?{name}={NUMBER}"), None),
        ("GET", format!("/api/v1/persons?sort={name}"), None),
        ("GET", format!("/api/v1/persons?after={name}"), None),
        ("GET", format!("/api/v1/persons?limit={name}"), None),
        ("GET", format!("/api/v1/persons?jurisdiction={name}"), None),
        ("GET", format!("/api/v1/persons/{id}?as_of={name}"), None),
        ("GET", format!("/{name}/{PHONE}"), None),
        ("POST", format!("/api/v1/persons/{id}/{name}"), Some(known.clone())),
        ("POST", format!("/sign-in/{name}"), Some(known)),
        ("POST", format!("/api/v1/persons/{id}/break-glass"), Some(json!({"reason": NAME, NUMBER: PHONE}))),
        ("POST", format!("/api/v1/persons/{id}/break-glass"), Some(json!({"reason": NAME.repeat(1_000)}))),
        ("POST", "/api/v1/persons/match".to_owned(), Some(json!({"kind": NAME, "number": ADDRESS.repeat(100)}))),
        ("POST", "/api/v1/persons/match".to_owned(), Some(json!({"kind": [NAME], "number": {PHONE: NUMBER}}))),
        ("POST", "/api/v1/session".to_owned(), Some(json!({"login": NAME, "password": NUMBER}))),
        ("DELETE", format!("/api/v1/persons?name={name}"), None),
    ];
    for (method, path, body) in addresses {
        let answer = ask(client, method, &path, body.as_ref());
        assert!((400..500).contains(&answer.status), "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
    }
    let lines = [
        format!("GET /api/v1/persons?name={NAME} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        format!("GET /api/v1/persons HTTP/1.1\r\nhost: {NAME}\r\n{NAME}: {PHONE}\r\nconnection: close\r\n\r\n"),
        format!("{PHONE} {NAME} {NUMBER}\r\n\r\n"),
        format!(
            "GET /api/v1/persons/{id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {NAME}\r\ncookie: {PHONE}={NUMBER}\r\n\
             user-agent: {NAME}\r\nx-forwarded-for: {NAME}\r\norigin: {NAME}\r\nconnection: close\r\n\r\n"
        ),
    ];
    for line in lines {
        let mut stream = TcpStream::connect(client.address).expect("the server takes connections");
        stream.write_all(line.as_bytes()).expect("it is sent");
        let mut said = Vec::new();
        // One that is no HTTP may be cut off instead of answered.
        let _ = stream.read_to_end(&mut said);
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&said));
    }
}

/// The erasure beside the server at work; a log that is being read is emptied when the command is given again, as it says.
fn erase(place: &Installation) {
    place.run_as("epi", &["erase", &person().to_string(), "--reason", "asked"]).well();
    for _ in 0..20 {
        let said = place.run_as("approves", &["erase", "--approve", &request(), "--compact"]);
        if said.code == 0 {
            return;
        }
        said.refused("was not emptied; run the same command again");
    }
    panic!("the write-ahead log is always being read");
}

fn says(answers: &[Answer], value: &str) -> bool {
    answers.iter().any(|answer| String::from_utf8_lossy(&answer.body).contains(value))
}

fn figures(place: &Installation, client: &mut Client) {
    let answer = ask(client, "GET", "/metrics", None);
    assert_eq!(answer.status, 200);
    std::fs::write(place.path("metrics.txt"), answer.body).expect("the figures are kept");
}

/// What is found in what the server says of itself.
fn told(hits: Vec<String>) -> Vec<String> {
    hits.into_iter().filter(|hit| hit.ends_with(LOG) || hit.ends_with("metrics.txt")).collect()
}

async fn nothing_is_told(place: &Installation, form: &[&str]) {
    for (login, role) in [("epi", "epidemiologist"), ("approves", "commander"), ("line", "hotline")] {
        place.staff(login, role);
    }
    let served = Served::talkative(place, LOG, form);
    let [mut epidemiologist, mut hotline] = ["epi", "line"].map(|login| Client::signed_in(served.address, login));
    let work = json!({"id": Uuid::from_u128(0xe1), "task": "answer_call"});
    assert_eq!(ask(&mut hotline, "POST", "/api/v1/session/work", Some(&work)).status, 204);
    // The second goes on after what was never a mark of the feed.
    let name = percent_encoded(NAME);
    let feeds = [None, Some(name.as_str())]
        .map(|after| epidemiologist.again(served.address).listen(after).expect("the feed opens"));
    registered(&mut epidemiologist);
    let answers = read(&mut epidemiologist, &mut hotline);
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
    for value in VALUES {
        assert!(says(&answers, value), "{value} goes through the server");
    }
    let why = ask(&mut epidemiologist, "GET", "/api/v1/break-glass", None);
    assert!(says(&[why], PHONE), "the reason is told to whoever reviews it");
    refused(&mut epidemiologist);
    figures(place, &mut epidemiologist);
    let traces = traces(place).await;
    let before = found(&traces, place);
    assert!(!before.is_empty(), "the person is known");
    assert_eq!(told(before), Vec::<String>::new());
    erase(place);
    assert_eq!(found(&traces, place), Vec::<String>::new());
    let answers = read(&mut epidemiologist, &mut hotline);
    for value in VALUES {
        assert!(!says(&answers, value), "{value} is told after the erasure");
    }
    refused(&mut epidemiologist);
    figures(place, &mut epidemiologist);
    drop(feeds);
    assert!(served.stop().success());
    assert_eq!(told(found(&traces, place)), Vec::<String>::new());
    let log = std::fs::read_to_string(place.path(LOG)).expect("the log is text");
    for part in ["TRACE", "sqlx::query", "store::writer", "/api/v1/persons/{id}", "the glass was broken"] {
        assert!(log.contains(part), "the log tells as much as it can: {part}");
    }
    assert_sees(&traces, place, LOG);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_and_the_figures_of_a_server_tell_nothing_of_a_person() {
    for place in Installation::on_both() {
        let form: &[&str] = if place.is_postgres() { &["--json-log"] } else { &[] };
        nothing_is_told(&place.with_outbreak().await, form).await;
    }
}
