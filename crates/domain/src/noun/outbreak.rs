//! Outbreaks: one disease, one protocol pack, a time zone that defines the reporting day, a mask for human codes.

use super::{About, MAX_LINE_CHARS, Noun, at_most};
use crate::{
    access::Action,
    id::{JurisdictionId, OutbreakId},
    journaled,
    kernel::{Context, Stamp},
    pack::PackRef,
    refusal::Refusal,
    seals,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An outbreak as it stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Outbreak {
    /// Its id.
    pub id: OutbreakId,
    /// Its name.
    pub name: String,
    /// The disease, as in the pack.
    pub disease: String,
    /// The pack in force.
    pub pack: PackRef,
    /// IANA name of the zone whose midnight ends the reporting day.
    pub time_zone: String,
    /// Prefix and width of human codes: `FZ-0000` gives `FZ-0137`.
    pub code_mask: String,
    /// The area it was declared for.
    pub jurisdiction: JurisdictionId,
    /// When it was closed, milliseconds UTC.
    pub closed_at: Option<i64>,
}

impl Outbreak {
    /// The human code of number `n`: the mask's trailing zeros filled, wider if needed.
    pub fn code(&self, n: i64) -> String {
        let prefix = self.code_mask.trim_end_matches('0');
        let width = self.code_mask.len() - prefix.len();
        format!("{prefix}{n:0width$}")
    }
}

/// What can be asked of outbreaks.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Declares an outbreak.
    Declare {
        /// Its id.
        id: OutbreakId,
        /// Its name.
        name: String,
        /// The disease.
        disease: String,
        /// The pack in force.
        pack: PackRef,
        /// IANA zone.
        time_zone: String,
        /// Mask of human codes, ending in zeros.
        code_mask: String,
        /// The area it is declared for.
        jurisdiction: JurisdictionId,
    },
    /// Puts another pack in force; records already judged keep theirs.
    AdoptPack {
        /// The outbreak.
        id: OutbreakId,
        /// The pack.
        pack: PackRef,
    },
    /// Closes the outbreak.
    Close {
        /// The outbreak.
        id: OutbreakId,
    },
}

/// An outbreak was declared.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Its id.
    pub id: OutbreakId,
    /// Its name.
    pub name: String,
    /// The disease.
    pub disease: String,
    /// The pack in force.
    pub pack: PackRef,
    /// IANA zone.
    pub time_zone: String,
    /// Mask of human codes.
    pub code_mask: String,
    /// The area.
    pub jurisdiction: JurisdictionId,
}

/// Another pack is in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackAdopted {
    /// The pack.
    pub pack: PackRef,
}

/// The outbreak was closed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {}

/// What happens to outbreaks.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Declared.
    Declared(Declared),
    /// Another pack.
    PackAdopted(PackAdopted),
    /// Closed.
    Closed(Closed),
}

journaled!(Event:
    Declared "outbreak.declared" 1,
    PackAdopted "outbreak.pack_adopted" 1,
    Closed "outbreak.closed" 1,
);
seals! { Declared: ; PackAdopted: ; Closed: ; Outbreak: ; }

impl Noun for Outbreak {
    type Command = Command;
    type Event = Event;

    fn target(command: &Command) -> Uuid {
        match command {
            Command::Declare { id, .. } | Command::AdoptPack { id, .. } | Command::Close { id } => id.0,
        }
    }

    fn action(command: &Command) -> Action {
        match command {
            Command::Declare { .. } => Action::OutbreakCreate,
            Command::AdoptPack { .. } => Action::PackAdopt,
            Command::Close { .. } => Action::OutbreakClose,
        }
    }

    fn made_in(command: &Command) -> Option<JurisdictionId> {
        match command {
            Command::Declare { jurisdiction, .. } => Some(*jurisdiction),
            _ => None,
        }
    }

    fn decide(this: Option<&Self>, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
        match (this, command) {
            (None, Command::Declare { id, name, disease, pack, time_zone, code_mask, jurisdiction }) => {
                for (pointer, text) in
                    [("name", name), ("disease", disease), ("time_zone", time_zone), ("code_mask", code_mask)]
                {
                    at_most(pointer, text, MAX_LINE_CHARS)?;
                }
                if jiff::tz::TimeZone::get(time_zone).is_err() {
                    return Err(Refusal::rule("unknown_time_zone").at("time_zone"));
                }
                if !code_mask.ends_with('0') {
                    return Err(Refusal::rule("mask_without_digits").at("code_mask"));
                }
                if context.packs.get(pack).is_none() {
                    return Err(Refusal::rule("pack_unknown").at("pack"));
                }
                Ok(vec![Event::Declared(Declared {
                    id: *id,
                    name: name.clone(),
                    disease: disease.clone(),
                    pack: pack.clone(),
                    time_zone: time_zone.clone(),
                    code_mask: code_mask.clone(),
                    jurisdiction: *jurisdiction,
                })])
            }
            (Some(_), Command::Declare { id, .. }) => Err(Refusal::rule("already_exists").about(*id)),
            (Some(outbreak), _) if outbreak.closed_at.is_some() => Err(Refusal::rule("outbreak_closed")),
            (Some(outbreak), Command::AdoptPack { pack, .. }) => {
                if context.packs.get(pack).is_none() {
                    return Err(Refusal::rule("pack_unknown").at("pack"));
                }
                if outbreak.pack == *pack {
                    return Err(Refusal::rule("nothing_changes"));
                }
                Ok(vec![Event::PackAdopted(PackAdopted { pack: pack.clone() })])
            }
            (Some(_), Command::Close { .. }) => Ok(vec![Event::Closed(Closed {})]),
            (None, _) => Err(Refusal::waiting(vec![Self::target(command)])),
        }
    }

    fn apply(this: Option<Self>, event: &Event, stamp: &Stamp) -> Option<Self> {
        match (this, event) {
            (None, Event::Declared(made)) => Some(Self {
                id: made.id,
                name: made.name.clone(),
                disease: made.disease.clone(),
                pack: made.pack.clone(),
                time_zone: made.time_zone.clone(),
                code_mask: made.code_mask.clone(),
                jurisdiction: made.jurisdiction,
                closed_at: None,
            }),
            (Some(mut outbreak), Event::PackAdopted(adopted)) => {
                outbreak.pack = adopted.pack.clone();
                Some(outbreak)
            }
            (Some(mut outbreak), Event::Closed(_)) => {
                outbreak.closed_at = Some(stamp.at);
                Some(outbreak)
            }
            _ => None,
        }
    }

    fn about(&self) -> About {
        About { jurisdiction: Some(self.jurisdiction), ..About::default() }
    }
}
