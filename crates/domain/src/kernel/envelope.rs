//! What comes through the door, and what the door answers.

use super::Command;
use crate::{
    id::{AccountId, CommandId, DeviceId, StreamId},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

/// Who acts: always a named account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
}

/// One command on its way in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Made by the sender; sending the same id again gives the stored answer.
    pub id: CommandId,
    /// The command post whose records are changed.
    pub stream: StreamId,
    /// The device that numbers its envelopes, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The device's own number; a gap shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_seq: Option<i64>,
    /// The device's clock, milliseconds UTC: evidence, never an ordering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_time: Option<i64>,
    /// What to do.
    pub command: Command,
}

impl Envelope {
    /// An envelope without a device.
    pub fn new(id: CommandId, stream: StreamId, command: Command) -> Self {
        Self { id, stream, device: None, device_seq: None, device_time: None, command }
    }
}

/// When, where and by whom an event happened; the part of a journal row that `apply` may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Milliseconds UTC, never before the stream's last event.
    pub at: i64,
    /// The stream it stands in.
    pub stream: StreamId,
    /// Who acted.
    pub actor: AccountId,
}

/// The door's answer to one envelope. The same id sent again gets the same one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Done and durable.
    Accepted {
        /// Place of its first event in the stream's journal.
        first_seq: i64,
        /// Number of its events, reactions included.
        events: i64,
    },
    /// Not done: refused, waiting or in conflict.
    Declined(Refusal),
}

impl Outcome {
    /// Whether it was done.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. })
    }
}
