//! Everything that can be asked of the system, by noun. An endpoint, a command and a CLI act each name one of these.

use super::named::named;

named! {
    /// What an action does with the record.
    pub enum Kind {
        /// Returns many records: judged by `scope`.
        List = "list",
        /// Returns one record, or something made from records.
        Read = "read",
        /// Makes a record that hangs on no other: judged where it will lie, and there is no existence to hide.
        Create = "create",
        /// Changes records, or adds to one.
        Change = "change",
    }
}

macro_rules! actions {
    ($($noun:ident = $noun_name:literal { $($action:ident = $name:literal $kind:ident),+ $(,)? })+) => {
        named! {
            /// What an action is about.
            pub enum Noun { $($noun = $noun_name),+ }
        }

        named! {
            /// One thing that an account can ask for.
            pub enum Action { $($($action = $name),+),+ }
        }

        impl Action {
            /// What the action is about.
            pub const fn noun(self) -> Noun {
                match self { $($(Self::$action)|+ => Noun::$noun),+ }
            }

            /// Whether it lists, reads or changes.
            pub const fn kind(self) -> Kind {
                match self { $($(Self::$action => Kind::$kind),+),+ }
            }
        }
    };
}

actions! {
    Jurisdiction = "jurisdiction" {
        JurisdictionList = "jurisdiction_list" List,
        JurisdictionRead = "jurisdiction_read" Read,
        JurisdictionCreate = "jurisdiction_create" Create,
        JurisdictionCorrect = "jurisdiction_correct" Change,
        JurisdictionMove = "jurisdiction_move" Change,
    }
    Place = "place" {
        PlaceList = "place_list" List,
        PlaceRead = "place_read" Read,
        PlaceCreate = "place_create" Create,
        PlaceCorrect = "place_correct" Change,
    }
    Household = "household" {
        HouseholdList = "household_list" List,
        HouseholdRead = "household_read" Read,
        HouseholdCreate = "household_create" Create,
        HouseholdCorrect = "household_correct" Change,
        HouseholdAssign = "household_assign" Change,
    }
    Person = "person" {
        PersonList = "person_list" List,
        PersonRead = "person_read" Read,
        PersonSearch = "person_search" List,
        PersonMatch = "person_match" Read,
        PersonBreakGlass = "person_break_glass" Read,
        PersonCreate = "person_create" Create,
        PersonCorrect = "person_correct" Change,
    }
    Duplicate = "duplicate" {
        DuplicateList = "duplicate_list" List,
        DuplicateRead = "duplicate_read" Read,
        DuplicateSuspect = "duplicate_suspect" Change,
        DuplicateMerge = "duplicate_merge" Change,
        DuplicateUnmerge = "duplicate_unmerge" Change,
        DuplicateDismiss = "duplicate_dismiss" Change,
    }
    Outbreak = "outbreak" {
        OutbreakList = "outbreak_list" List,
        OutbreakRead = "outbreak_read" Read,
        OutbreakFigures = "outbreak_figures" Read,
        OutbreakCreate = "outbreak_create" Create,
        OutbreakCorrect = "outbreak_correct" Change,
        OutbreakClose = "outbreak_close" Change,
    }
    Case = "case" {
        CaseList = "case_list" List,
        CaseRead = "case_read" Read,
        CaseCreate = "case_create" Create,
        CaseCorrect = "case_correct" Change,
        CaseClassify = "case_classify" Change,
        CaseAssign = "case_assign" Change,
        CaseEnterInError = "case_enter_in_error" Change,
    }
    Sample = "sample" {
        SampleList = "sample_list" List,
        SampleRead = "sample_read" Read,
        SampleCreate = "sample_create" Change,
        SampleCorrect = "sample_correct" Change,
        SampleAssign = "sample_assign" Change,
        SampleHandOver = "sample_hand_over" Change,
        SampleRecordResult = "sample_record_result" Change,
    }
    Exposure = "exposure" {
        ExposureList = "exposure_list" List,
        ExposureRead = "exposure_read" Read,
        ExposureCreate = "exposure_create" Change,
        ExposureCorrect = "exposure_correct" Change,
    }
    Contact = "contact" {
        ContactList = "contact_list" List,
        ContactRead = "contact_read" Read,
        ContactCreate = "contact_create" Change,
        ContactCorrect = "contact_correct" Change,
        ContactAssign = "contact_assign" Change,
        ContactPromote = "contact_promote" Change,
        ContactDrop = "contact_drop" Change,
        ContactHandOver = "contact_hand_over" Change,
        ContactAcknowledge = "contact_acknowledge" Change,
    }
    FollowUp = "follow_up" {
        FollowUpList = "follow_up_list" List,
        FollowUpRead = "follow_up_read" Read,
        FollowUpRecord = "follow_up_record" Change,
        FollowUpCorrect = "follow_up_correct" Change,
    }
    Team = "team" {
        TeamList = "team_list" List,
        TeamRead = "team_read" Read,
        TeamCreate = "team_create" Create,
        TeamCorrect = "team_correct" Change,
        TeamAddMember = "team_add_member" Change,
        TeamEndMember = "team_end_member" Change,
        TeamAssignArea = "team_assign_area" Change,
    }
    Assignment = "assignment" {
        AssignmentList = "assignment_list" List,
        AssignmentRead = "assignment_read" Read,
        AssignmentEnd = "assignment_end" Change,
    }
    Import = "import" {
        ImportList = "import_list" List,
        ImportRead = "import_read" Read,
        ImportPreview = "import_preview" Read,
        ImportRun = "import_run" Create,
        ImportResolve = "import_resolve" Change,
    }
    Export = "export" {
        ExportList = "export_list" List,
        ExportRead = "export_read" Read,
        ExportDeidentified = "export_deidentified" Read,
        ExportIdentified = "export_identified" Read,
    }
    Erasure = "erasure" {
        ErasureList = "erasure_list" List,
        ErasureRead = "erasure_read" Read,
        ErasureRequest = "erasure_request" Change,
        ErasureApprove = "erasure_approve" Change,
        ErasureRefuse = "erasure_refuse" Change,
        ErasurePlaceHold = "erasure_place_hold" Change,
        ErasureLiftHold = "erasure_lift_hold" Change,
    }
    Account = "account" {
        AccountList = "account_list" List,
        AccountRead = "account_read" Read,
        AccountCreate = "account_create" Create,
        AccountCorrect = "account_correct" Change,
        AccountDisable = "account_disable" Change,
        AccountResetCredentials = "account_reset_credentials" Change,
        AccountIssueToken = "account_issue_token" Change,
    }
    Grant = "grant" {
        GrantList = "grant_list" List,
        GrantRead = "grant_read" Read,
        GrantCreate = "grant_create" Create,
        GrantEnd = "grant_end" Change,
    }
    AccessLog = "access_log" {
        AccessLogList = "access_log_list" List,
        AccessLogRead = "access_log_read" Read,
        AccessLogForPerson = "access_log_for_person" Read,
        BreakGlassReview = "break_glass_review" Change,
    }
    Journal = "journal" {
        JournalList = "journal_list" List,
        JournalRead = "journal_read" Read,
        JournalVerify = "journal_verify" Read,
        JournalBackUp = "journal_back_up" Read,
        JournalRestore = "journal_restore" Change,
        JournalMigrate = "journal_migrate" Change,
    }
    Pack = "pack" {
        PackList = "pack_list" List,
        PackRead = "pack_read" Read,
        PackPreview = "pack_preview" Read,
        PackAdopt = "pack_adopt" Change,
    }
}

impl Noun {
    /// The action that reads one record of this noun: every noun has it.
    pub fn read_action(self) -> Option<Action> {
        self.action("read")
    }

    /// The action that makes a record of this noun where it hangs on no other.
    pub fn create_action(self) -> Option<Action> {
        self.action("create").filter(|action| action.kind() == Kind::Create)
    }

    fn action(self, verb: &str) -> Option<Action> {
        let of_noun = |action: &Action| {
            let named = action.name().strip_prefix(self.name()).and_then(|rest| rest.strip_prefix('_'));
            action.noun() == self && named == Some(verb)
        };
        Action::ALL.iter().copied().find(of_noun)
    }
}
