//! Natural history: incubation, latency, the infectious window and what it is measured from.

use serde::Serialize;

use super::figure::{Basis, Figure};
use super::reader::{DAYS, DURATION, PERMILLE, Section, Table};
use super::vocabulary::{Anchor, WindowEnd};

/// Time from exposure to the first sign. Minimum and median may be unknown; the maximum never is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incubation {
    /// The first sign it is counted to.
    pub to: Anchor,
    pub min: Option<Figure>,
    /// The median, or the lowest of several published medians.
    pub median: Option<Figure>,
    /// The highest of several published medians.
    pub median_high: Option<Figure>,
    /// Days.
    pub max: Figure,
}

impl Section for Incubation {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Incubation {
            to: t.word("to", Anchor::Onset),
            min: t.figure_if_any("min", DURATION),
            median: t.figure_if_any("median", DURATION),
            median_high: t.figure_if_any("median_high", DURATION),
            max: t.figure("max", DAYS),
        }
    }
}

/// A median with its spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub median: Figure,
    pub low: Option<Figure>,
    pub high: Option<Figure>,
}

impl Section for Spread {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Spread {
            median: t.figure("median", DURATION),
            low: t.figure_if_any("low", DURATION),
            high: t.figure_if_any("high", DURATION),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NaturalHistory {
    pub incubation: Incubation,
    /// Exposure to infectious, median.
    pub latent: Option<Figure>,
    /// Onset to onset.
    pub serial_interval: Option<Spread>,
    /// Infection to infection, before control measures.
    pub generation_time: Option<Figure>,
    /// Infection to infection, under control measures.
    pub generation_time_controlled: Option<Figure>,
    /// Days before the main anchor on which a case can infect; 0 when only the ill do.
    pub presymptomatic: Figure,
    /// Share of spread before symptoms, permille.
    pub presymptomatic_share: Option<Figure>,
    pub infectious: Infectious,
}

impl Section for NaturalHistory {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        NaturalHistory {
            incubation: t.child("incubation"),
            latent: t.figure_if_any("latent", DURATION),
            serial_interval: t.child_if_any("serial_interval"),
            generation_time: t.figure_if_any("generation_time", DURATION),
            generation_time_controlled: t.figure_if_any("generation_time_controlled", DURATION),
            presymptomatic: t.figure("presymptomatic", DAYS),
            presymptomatic_share: t.figure_if_any("presymptomatic_share", PERMILLE),
            infectious: t.child("infectious"),
        }
    }
}

/// When a case can infect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Infectious {
    /// What ends a window without a fixed last day.
    pub ends: WindowEnd,
    /// How long a place stays infectious after the case left (measles: 2 h).
    pub exposure_lag: Option<Figure>,
    /// One window per anchor; the first whose anchor date is known is used.
    pub windows: Vec<Window>,
    #[serde(flatten)]
    pub basis: Basis,
}

impl Section for Infectious {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Infectious {
            ends: t.word("ends", WindowEnd::Release),
            exposure_lag: t.figure_if_any("exposure_lag", DURATION),
            windows: t.children("window"),
            basis: t.basis(),
        }
    }
}

/// First and last infectious day relative to one anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Window {
    pub anchor: Anchor,
    /// Days relative to the anchor; negative is before it.
    pub opens: Figure,
    pub closes: Option<Figure>,
}

impl Section for Window {
    fn read(t: &mut Table<'_, '_, '_>) -> Self {
        Window {
            anchor: t.word("anchor", Anchor::Onset),
            opens: t.offset("opens"),
            closes: t.offset_if_any("closes"),
        }
    }
}
