//! The cells as text.

use domain::access::{Held, JurisdictionRelation, Role};
use std::{collections::BTreeMap, fmt::Write as _};

const REVIEWED: &str = include_str!("../golden/operations.txt");

const LEGEND: &str = "\
# What each operation of the API answers: role x assignment x where the record lies, as it came over HTTP.
# Columns: where the record lies, seen from the jurisdiction of the grant. Rows: how it is assigned to the account, alone or
# by a team (offered: not assigned, and offered to the jurisdiction of the grant; any: all of these are alike).
# 200 and letters: the record with these groups of fields (I identity, C contact details, L location, D clinical,
# E epidemiology, K source case link, S source case identity, O operational, F free text, T statistics).
# 404: as if it were not there. listed, absent: whether a list holds it. passes: the access table lets the command through.
# waits: the command waits for a record that, for this account, is not there, as it would for one that is nowhere.
# passes, waits: allowed, and yet it waits, for another record it names is not there for this account. 403: refused by the
# rule named.
";

type Cells = BTreeMap<(Role, usize), (Held, BTreeMap<JurisdictionRelation, String>)>;

/// One cell.
pub struct Cell<'a> {
    pub block: &'a str,
    pub role: Role,
    pub held: Held,
    pub text: &'a str,
}

impl Cell<'_> {
    /// Whether one of these groups of fields was sent.
    pub fn shows(&self, letters: &str) -> bool {
        let mask = self.text.strip_prefix("200 ").or_else(|| self.text.strip_prefix("listed "));
        mask.is_some_and(|mask| mask.contains(|letter| letters.contains(letter)))
    }

    /// Whether it is about records of a noun, as the API names them.
    pub fn is_about(&self, path: &str) -> bool {
        self.block.split([' ', '/']).any(|part| part == path)
    }
}

/// Blocks in the order in which they were first met.
#[derive(Default)]
pub struct Printed {
    blocks: Vec<(String, Cells)>,
    /// What came otherwise than it should.
    pub faults: Vec<String>,
}

fn place(held: Held) -> usize {
    match held {
        Held::Not => 0,
        Held::Ended => 1,
        Held::By(task) => 2 + task as usize,
        Held::Offered => 100,
    }
}

impl Printed {
    pub fn cell(&mut self, block: &str, role: Role, held: Held, relation: JurisdictionRelation, text: String) {
        let found = self.blocks.iter_mut().position(|(name, _)| name == block);
        let at = found.unwrap_or_else(|| {
            self.blocks.push((block.to_owned(), Cells::new()));
            self.blocks.len() - 1
        });
        let row = self.blocks[at].1.entry((role, place(held))).or_insert_with(|| (held, BTreeMap::new()));
        let before = row.1.insert(relation, text.clone());
        if let Some(before) = before.filter(|before| *before != text) {
            self.faults.push(format!("{block} {role} {relation} answers in two ways: {before}, {text}"));
        }
    }

    /// Every cell: its block, whose it is, and what came.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        self.blocks.iter().flat_map(|(block, cells)| {
            cells.iter().flat_map(move |((role, _), (held, row))| {
                row.values().map(move |text| Cell { block, role: *role, held: *held, text })
            })
        })
    }

    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.cells().count()
    }

    /// Method and path of every block.
    pub fn operations(&self) -> Vec<String> {
        let name = |block: &str| block.split(' ').take(2).collect::<Vec<_>>().join(" ");
        self.blocks.iter().map(|(block, _)| name(block)).collect()
    }

    pub fn render(&self) -> String {
        let mut bodies: Vec<(Vec<&str>, String)> = Vec::new();
        for (name, cells) in &self.blocks {
            let body = body(cells);
            match bodies.iter_mut().find(|(_, before)| *before == body) {
                Some((names, _)) => names.push(name),
                None => bodies.push((vec![name], body)),
            }
        }
        let mut out = LEGEND.to_owned();
        for (names, body) in bodies {
            let _ = write!(out, "\n{}\n{body}", names.join("\n"));
        }
        out.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
    }
}

fn body(cells: &Cells) -> String {
    let mut out = format!("  {:<4}", "");
    for relation in JurisdictionRelation::ALL {
        let _ = write!(out, "{relation:<20}");
    }
    out.push('\n');
    let mut refused = Vec::new();
    for role in Role::ALL {
        let mut lines: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
        for ((_, _), (held, row)) in cells.iter().filter(|((of, _), _)| of == role) {
            let line: Vec<&str> = row.values().map(String::as_str).collect();
            match lines.iter_mut().find(|(_, before)| *before == line) {
                Some((names, _)) => names.push(held.name()),
                None => lines.push((vec![held.name()], line)),
            }
        }
        if let [(_, line)] = lines.as_slice()
            && line.iter().all(|cell| *cell == "403 role")
        {
            refused.push(role.name());
            continue;
        }
        let _ = writeln!(out, "  {role}");
        let alike = lines.len() == 1;
        for (names, line) in lines {
            let line: String = line.iter().map(|cell| format!("{cell:<20}")).collect();
            let _ = writeln!(out, "      {line}[{}]", if alike { "any".to_owned() } else { names.join(", ") });
        }
    }
    if !refused.is_empty() {
        let _ = writeln!(out, "  403 role: {}", refused.join(", "));
    }
    out
}

/// Holds what came to what was reviewed; a difference is left in a file, for a person to look at.
pub fn compare(came: &str) {
    let (mut reviewed, mut now) = (REVIEWED.lines(), came.lines());
    for line in 1.. {
        let (was, is) = (reviewed.next(), now.next());
        if was != is {
            let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("operations.txt");
            std::fs::write(&path, came).expect("the difference is written");
            panic!(
                "answers differ from the reviewed ones at tests/server/golden/operations.txt:{line}\n  reviewed: {}\n  \
                 now:      {}\nAll that came is in {}. If the change is meant, copy it there and have the difference \
                 reviewed.",
                was.unwrap_or("(end)"),
                is.unwrap_or("(end)"),
                path.display(),
            );
        }
        if was.is_none() {
            return;
        }
    }
}
