//! When a case can infect, and from when its contacts are searched (DESIGN §13.11).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Pack;
use super::clocks::plus_days;
use super::figure::Figure;
use super::natural::Window;
use super::vocabulary::{Anchor, ExposureKind, LookbackFrom, Ring, WindowEnd, Word};

/// What is known of a case's dates. Unknown stays unknown: no date is made up from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorDates {
    pub onset: Option<Date>,
    pub fever: Option<Date>,
    pub rash: Option<Date>,
    pub first_positive_sample: Option<Date>,
    pub death: Option<Date>,
    pub burial: Option<Date>,
    /// The day the release rule was met.
    pub release: Option<Date>,
}

impl AnchorDates {
    /// The date of one anchor, if known.
    pub fn get(&self, anchor: Anchor) -> Option<Date> {
        match anchor {
            Anchor::Onset => self.onset,
            Anchor::Fever => self.fever,
            Anchor::Rash => self.rash,
            Anchor::FirstPositiveSample => self.first_positive_sample,
            Anchor::Death => self.death,
        }
    }
}

/// First and last infectious day, and the anchor they were measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InfectiousWindow {
    pub anchor: Anchor,
    pub anchor_date: Date,
    pub from: Date,
    /// Included; open when absent: the case can still infect.
    pub through: Option<Date>,
}

/// Why a window cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWindow {
    /// None of the anchors is known.
    #[error("the window needs the date of {}", .0.iter().map(|anchor| anchor.word()).collect::<Vec<_>>().join(" or "))]
    AnchorUnknown(Vec<Anchor>),
    /// The pack has no such ring.
    #[error("the pack has no contact definition for {0}")]
    NoRing(Ring),
    /// The ring is counted from another contact's first contact with the case, not from the case.
    #[error("{0} is counted from the linked contact's first contact with the case")]
    CountedFromContact(Ring),
}

/// An exposure as far as a contact definition asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExposureFact {
    pub kind: ExposureKind,
    /// Minutes of exposure; `None` when not known, which is never taken as too short.
    pub minutes: Option<i64>,
    /// Minutes between the case leaving and the person arriving; 0 when they were there together.
    pub minutes_after_case_left: i64,
}

impl Pack {
    /// When the case can infect, measured from the first of the pack's anchors that is known.
    pub fn infectious_window(&self, dates: &AnchorDates) -> Result<InfectiousWindow, NoWindow> {
        let (window, anchor_date) = self.window_for(dates)?;
        let through = match &window.closes {
            Some(closes) => Some(plus_days(anchor_date, closes.value)),
            None => match self.natural_history.infectious.ends {
                WindowEnd::Release => dates.release.or(dates.death),
                WindowEnd::ReleaseOrBurial if dates.death.is_some() => dates.burial,
                WindowEnd::ReleaseOrBurial => dates.burial.or(dates.release),
            },
        };
        Ok(InfectiousWindow {
            anchor: window.anchor,
            anchor_date,
            from: plus_days(anchor_date, window.opens.value),
            through,
        })
    }

    fn window_for(&self, dates: &AnchorDates) -> Result<(&Window, Date), NoWindow> {
        let windows = &self.natural_history.infectious.windows;
        let known = windows.iter().find_map(|window| dates.get(window.anchor).map(|date| (window, date)));
        known.ok_or_else(|| NoWindow::AnchorUnknown(windows.iter().map(|window| window.anchor).collect()))
    }

    /// First and last day whose exposures make a contact of this ring; never starts after the infectious window opens.
    /// `wide` uses the pack's longer look-back where it has one.
    pub fn contact_search(&self, ring: Ring, dates: &AnchorDates, wide: bool) -> Result<InfectiousWindow, NoWindow> {
        let definition = self.contact_definition(ring).ok_or(NoWindow::NoRing(ring))?;
        if definition.lookback_from == LookbackFrom::FirstContactOfContact {
            return Err(NoWindow::CountedFromContact(ring));
        }
        let window = self.infectious_window(dates)?;
        let lookback = definition.lookback_wide.as_ref().filter(|_| wide).unwrap_or(&definition.lookback);
        let from = window.from.min(plus_days(window.anchor_date, -lookback.value));
        Ok(InfectiousWindow { from, ..window })
    }

    /// True when an exposure inside the search window meets the ring's definition.
    pub fn makes_contact(&self, ring: Ring, exposure: &ExposureFact) -> bool {
        let lag = self.natural_history.infectious.exposure_lag.as_ref().and_then(Figure::minutes).unwrap_or(0);
        self.contact_definition(ring).is_some_and(|definition| {
            definition.kinds.contains(&exposure.kind)
                && exposure.minutes.is_none_or(|minutes| minutes >= definition.min_minutes.value)
                && exposure.minutes_after_case_left <= lag
        })
    }
}
