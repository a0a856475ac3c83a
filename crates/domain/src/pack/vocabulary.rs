//! The closed lists of words a pack may use. A word outside its list is refused with the list shown.

/// A closed list of words: the text in the pack file, in JSON and in the journal is the same.
pub trait Word: Copy + 'static {
    /// What the list is a list of, for messages.
    const KIND: &'static str;
    /// Every word, in the order of the file format's description.
    const ALL: &'static [Self];
    /// The word as written in a pack.
    fn word(self) -> &'static str;

    /// The member written as `text`, if it is one.
    fn from_word(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|item| item.word() == text)
    }
}

macro_rules! words {
    ($(#[$outer:meta])* $name:ident, $kind:literal, { $($(#[$inner:meta])* $item:ident = $text:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $text)] $item),+
        }

        impl Word for $name {
            const KIND: &'static str = $kind;
            const ALL: &'static [Self] = &[$($name::$item),+];
            fn word(self) -> &'static str {
                match self { $($name::$item => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// Where a number comes from.
    Mark, "mark", {
        /// Read in a published source, which is named.
        Sourced = "S",
        /// Remembered, not checked; may not stand in an order until adopted (DESIGN §13.6).
        Memory = "M",
        /// Derived by arithmetic from sourced numbers.
        Derived = "D",
        /// Proposed by this project; nobody's published rule.
        Proposed = "P",
    }
}

words! {
    /// Quality of a source: official or peer-reviewed, mainstream press, copy of an official text.
    Grade, "source grade", { Official = "A", Press = "B", Copy = "C" }
}

words! {
    /// What a number counts. Every number is whole: half a day is 12 hours.
    Unit, "unit", {
        Days = "days",
        Hours = "hours",
        Minutes = "minutes",
        Count = "count",
        Permille = "permille",
        Per100k = "per_100k",
    }
}

words! {
    /// The dated event that a window of a case is measured from (DESIGN §13.11).
    Anchor, "anchor", {
        Onset = "onset",
        Fever = "fever",
        Rash = "rash",
        FirstPositiveSample = "first_positive_sample",
        Death = "death",
    }
}

words! {
    /// What ends the infectious window of a case when no day is fixed.
    WindowEnd, "window end", {
        /// The case meets the pack's release rule.
        Release = "release",
        /// Release of a survivor; safe burial of the dead, whose body stays infectious.
        ReleaseOrBurial = "release_or_burial",
    }
}

words! {
    /// Classification of a case.
    Classification, "classification", {
        Suspect = "suspect",
        Probable = "probable",
        Confirmed = "confirmed",
        Asymptomatic = "asymptomatic",
        NotACase = "not_a_case",
        FalsePositive = "false_positive",
    }
}

words! {
    /// Circle of people around a case.
    Ring, "ring", {
        /// Contacts of a case.
        Ring1 = "ring1",
        /// Contacts of contacts.
        Ring2 = "ring2",
        /// Shared a conveyance or public place, below the test of a contact.
        General = "general",
    }
}

words! {
    /// The kinds of exposure a contact definition names.
    ExposureKind, "exposure kind", {
        NearUnprotected = "near_unprotected",
        SameAirspace = "same_airspace",
        ContaminatedEnvironment = "contaminated_environment",
        Household = "household",
        SharedMeal = "shared_meal",
        Workplace = "workplace",
        Entertainment = "entertainment",
        SchoolClass = "school_class",
        Conveyance = "conveyance",
        PublicPlace = "public_place",
        CareOfCase = "care_of_case",
        FacilityOverlap = "facility_overlap",
        Laboratory = "laboratory",
        TouchedPatientOrBody = "touched_patient_or_body",
        Funeral = "funeral",
        BodyFluids = "body_fluids",
        ClothesOrBedding = "clothes_or_bedding",
        Breastfeeding = "breastfeeding",
    }
}

words! {
    /// From when exposures are searched.
    LookbackFrom, "start of look-back", {
        /// A number of days before the case's anchor.
        CaseAnchor = "case_anchor",
        /// The close contact's first contact with the case, until the close contact is under control.
        FirstContactOfContact = "first_contact_of_contact",
    }
}

words! {
    /// What a follow-up plan does to the person. Only the last three restrict and need an order (DESIGN §13.1).
    Restriction, "restriction", {
        Monitoring = "monitoring",
        Exclusion = "exclusion",
        Home = "home",
        Facility = "facility",
    }
}

words! {
    /// The day a follow-up clock counts from.
    ClockStart, "clock start", { LastExposure = "last_exposure", Entry = "entry" }
}

words! {
    /// Events that start a running clock again.
    ClockReset, "clock reset", {
        /// Counted from the day the last positive left the site.
        InSiteTransmission = "in_site_transmission",
    }
}

words! {
    /// Who an exclusion from named activities applies to.
    ExcludedPeople, "excluded people", { Everyone = "everyone", NonImmune = "non_immune" }
}

words! {
    /// The event the end of an outbreak is counted from.
    EndAnchor, "end anchor", {
        /// Second negative of the last case, or burial of the last case.
        SecondNegativeOrBurial = "second_negative_or_burial",
        /// Onset (or first positive sample) of the last case.
        LastCase = "last_case",
        /// Last case negative or dead.
        NegativeOrDeath = "negative_or_death",
    }
}

words! {
    /// Hand-offs that have a time limit.
    Limit, "time limit", {
        DirectReport = "direct_report",
        CoreFacts = "core_facts",
        PreliminaryReport = "preliminary_report",
        CaseTransfer = "case_transfer",
        ContactInSite = "contact_in_site",
        SecondaryContactInSite = "secondary_contact_in_site",
        PoolMembersHeld = "pool_members_held",
        RetestResult = "retest_result",
        SymptomAlertSeen = "symptom_alert_seen",
        LifeDangerDispatch = "life_danger_dispatch",
        ResultFromSampling = "result_from_sampling",
        ContactsListed = "contacts_listed",
        ContactTraced = "contact_traced",
    }
}

words! {
    /// The definitions of "no community infection" (domain dossier §1.5 A–F; B has two readings).
    ZeroCode, "zero definition", {
        A = "A", BStrict = "B_strict", BLoose = "B_loose", C = "C", D = "D", E = "E", F = "F",
    }
}

words! {
    /// The ways a person can be under control at sampling.
    ControlClass, "control class", {
        QuarantinedContact = "quarantined_contact",
        QuarantinedSecondaryContact = "quarantined_secondary_contact",
        IsolationSite = "isolation_site",
        SealedZone = "sealed_zone",
        ControlledZone = "controlled_zone",
        ClosedLoop = "closed_loop",
        FollowedBeforeOnset = "followed_before_onset",
    }
}

words! {
    /// A laboratory test, as far as a case definition needs to tell them apart.
    TestKind, "test", {
        Pcr = "pcr", Antigen = "antigen", Igm = "igm", Culture = "culture", Sequencing = "sequencing",
    }
}

words! {
    /// A test's result, as far as a case definition needs it.
    TestResult, "test result", { Positive = "positive", Negative = "negative" }
}
