//! Areas: any number of named levels and parallel hierarchies (province → city → district → street → community →
//! building in one country, health zones in another).

use super::{About, MAX_ENTRIES, MAX_LINE_CHARS, MatchKey, Noun, at_most};
use crate::{
    access::Action,
    fields,
    fields::Open,
    id::JurisdictionId,
    journaled,
    kernel::{Context, Link, Needs, Relation, Stamp, World},
    refusal::Refusal,
    seal::Reading,
    seals,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

fields! {
    /// What is known of an area. None of it is personal.
    pub Fields, Given, Changes, Patch {
        /// Official code in its hierarchy.
        code: Open<String>,
        /// Names by language tag (`zh`, `en`, …).
        names: Open<BTreeMap<String, String>>,
        /// Other names it is known by; imports match them.
        synonyms: Open<Vec<String>>,
        /// Latitude of its centre, millionths of a degree, WGS-84.
        latitude_microdegrees: Open<i64>,
        /// Longitude of its centre, millionths of a degree, WGS-84.
        longitude_microdegrees: Open<i64>,
        /// Residents, if known.
        residents: Open<i64>,
    }
}

/// An area as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Jurisdiction {
    /// Its id.
    pub id: JurisdictionId,
    /// The hierarchy it is part of, e.g. `administrative`, `health`.
    pub hierarchy: String,
    /// The name of its level, e.g. `district`.
    pub level: String,
    /// The area directly above, in the same hierarchy.
    pub parent: Option<JurisdictionId>,
    /// What is known of it.
    pub fields: Fields,
}

/// What can be asked of areas.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes an area.
    Define {
        /// Its id.
        id: JurisdictionId,
        /// The hierarchy it is part of.
        hierarchy: String,
        /// The name of its level.
        level: String,
        /// The area directly above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<JurisdictionId>,
        /// What is known of it.
        #[serde(default)]
        fields: Given,
    },
    /// Corrects fields.
    Correct {
        /// The area.
        id: JurisdictionId,
        /// The changes.
        changes: Changes,
    },
    /// Puts the area under another one.
    Move {
        /// The area.
        id: JurisdictionId,
        /// The area directly above.
        parent: JurisdictionId,
    },
}

/// An area was made.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defined {
    /// Its id.
    pub id: JurisdictionId,
    /// Its hierarchy.
    pub hierarchy: String,
    /// Its level.
    pub level: String,
    /// The area directly above.
    pub parent: Option<JurisdictionId>,
    /// What is known of it.
    pub fields: Patch,
}

/// Fields were corrected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The changes.
    pub changes: Patch,
}

/// The area lies under another one now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The area directly above.
    pub parent: JurisdictionId,
}

/// What happens to areas.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Made.
    Defined(Defined),
    /// Corrected.
    Corrected(Corrected),
    /// Moved.
    Moved(Moved),
}

journaled!(Event:
    Defined "jurisdiction.defined" 1,
    Corrected "jurisdiction.corrected" 1,
    Moved "jurisdiction.moved" 1,
);
seals! { Defined: fields; Corrected: changes; Moved: ; Jurisdiction: fields; }

impl Noun for Jurisdiction {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Define { id, .. } | Command::Correct { id, .. } | Command::Move { id, .. } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Define { .. } => Action::JurisdictionCreate,
            Command::Correct { .. } => Action::JurisdictionCorrect,
            Command::Move { .. } => Action::JurisdictionMove,
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Define { id, parent, .. } => Some(parent.unwrap_or(*id)),
            _ => None,
        }
    }

    fn references(command: &Command) -> Vec<(Uuid, Action)> {
        match command {
            Command::Move { parent, .. } => vec![(parent.0, Action::JurisdictionCreate)],
            _ => Vec::new(),
        }
    }

    fn needs(command: &Command, known: &dyn World, needs: &mut Needs) {
        let parent = match command {
            Command::Define { parent, .. } => *parent,
            Command::Move { parent, .. } => Some(*parent),
            Command::Correct { .. } => None,
        };
        // The whole chain above: a loop is refused.
        let mut above = parent;
        for _ in 0..MAX_DEPTH {
            let Some(id) = above else { break };
            needs.id(id);
            above = known
                .get(id.0)
                .and_then(|area| <Self as super::Of>::of(&area.aggregate))
                .and_then(|area| area.parent);
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Define { id, hierarchy, level, parent, fields }) => {
                at_most("hierarchy", hierarchy, MAX_LINE_CHARS)?;
                at_most("level", level, MAX_LINE_CHARS)?;
                check(fields)?;
                if let Some(parent) = parent {
                    not_inside(*id, *parent, context)?;
                }
                Ok(vec![Event::Defined(Defined {
                    id: *id,
                    hierarchy: hierarchy.clone(),
                    level: level.clone(),
                    parent: *parent,
                    fields: fields.clone().patch(),
                })])
            }
            (Some(_), Command::Define { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (Some(area), Command::Correct { changes, .. }) => {
                let changes = changes.clone().judge(&area.fields)?;
                if changes.is_empty() {
                    return Err(Refusal::rule("nothing_changes"));
                }
                Ok(vec![Event::Corrected(Corrected { changes })])
            }
            (Some(area), Command::Move { id, parent }) => {
                if area.parent == Some(*parent) {
                    return Err(Refusal::rule("nothing_changes"));
                }
                not_inside(*id, *parent, context)?;
                Ok(vec![Event::Moved(Moved { parent: *parent })])
            }
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
        }
    }

    fn apply(this: Option<Self>, event: &Event, _: &Stamp) -> Option<Self> {
        match (this, event) {
            (None, Event::Defined(made)) => {
                let mut fields = Fields::default();
                made.fields.clone().apply(&mut fields);
                Some(Self {
                    id: made.id,
                    hierarchy: made.hierarchy.clone(),
                    level: made.level.clone(),
                    parent: made.parent,
                    fields,
                })
            }
            (Some(mut area), Event::Corrected(corrected)) => {
                corrected.changes.clone().apply(&mut area.fields);
                Some(area)
            }
            (Some(mut area), Event::Moved(moved)) => {
                area.parent = Some(moved.parent);
                Some(area)
            }
            _ => None,
        }
    }

    fn about(&self) -> About {
        let links = self.parent.map(|parent| Link { target: parent.0, relation: Relation::AreaBelow });
        About { jurisdiction: Some(self.id), subject: None, links: links.into_iter().collect() }
    }

    fn match_keys(&self, _: &Reading) -> Vec<MatchKey> {
        let names = self.fields.names.iter().flat_map(|names| names.0.values());
        let synonyms = self.fields.synonyms.iter().flat_map(|synonyms| synonyms.0.iter());
        let code = self.fields.code.iter().map(|code| &code.0);
        code.chain(names).chain(synonyms).map(|name| MatchKey::new("jurisdiction", &[&name.to_lowercase()])).collect()
    }
}

/// Deepest hierarchy: one more level than any country uses is refused as a loop.
const MAX_DEPTH: usize = 24;

fn check(fields: &Given) -> Result<(), Refusal> {
    if let Some(synonyms) = &fields.synonyms {
        if synonyms.len() > MAX_ENTRIES {
            return Err(Refusal::rule("too_many").at("synonyms"));
        }
        for synonym in synonyms {
            at_most("synonyms", synonym, MAX_LINE_CHARS)?;
        }
    }
    for name in fields.names.iter().flat_map(|names| names.values()) {
        at_most("names", name, MAX_LINE_CHARS)?;
    }
    Ok(())
}

fn not_inside(id: JurisdictionId, parent: JurisdictionId, context: &Context<'_>) -> Result<(), Refusal> {
    let mut above = Some(parent);
    for _ in 0..MAX_DEPTH {
        let Some(area) = above else { return Ok(()) };
        if area == id {
            return Err(Refusal::rule("hierarchy_loop").about(id));
        }
        above = context.expect::<Jurisdiction>(area)?.parent;
    }
    Err(Refusal::rule("hierarchy_loop").about(id))
}
