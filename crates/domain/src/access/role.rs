//! Roles, the tasks that give access to single records, and the purposes for which they are read.

use super::named::{named, named_set};

named! {
    /// A post in the response. An account holds roles by grants, each for one jurisdiction and a time.
    pub enum Role {
        /// Investigates, classifies and answers for the outbreak's records in an area.
        Epidemiologist = "epidemiologist",
        /// Interviews cases and follows contacts, of those assigned.
        Tracer = "tracer",
        /// Visits households: follow-up and supply, of those assigned.
        CommunityWorker = "community_worker",
        /// Takes samples from those on the list of the day.
        Sampler = "sampler",
        /// Carries samples.
        Courier = "courier",
        /// Tests samples known by token.
        Laboratory = "laboratory",
        /// Sends vehicles and teams.
        Dispatcher = "dispatcher",
        /// Answers the public by telephone.
        Hotline = "hotline",
        /// Decides on measures for an area.
        Commander = "commander",
        /// Checks how the work is done, and who read what.
        Inspector = "inspector",
        /// Computes figures.
        DataAnalyst = "data_analyst",
        /// Opens and closes accounts and gives grants.
        AccountAdministrator = "account_administrator",
    }
}

named! {
    /// Why a person's record is read (domain.md G07). There is no other purpose, and no way to write one in.
    pub enum Purpose {
        Trace = "trace",
        Test = "test",
        Care = "care",
        Supply = "supply",
        Order = "order",
        Statistics = "statistics",
    }
}

named! {
    /// A kind of work that can be assigned over a record, directly or through its area or queue.
    pub enum Task {
        InvestigateCase = "investigate_case",
        FollowContact = "follow_contact",
        CollectSample = "collect_sample",
        CarrySample = "carry_sample",
        TestSample = "test_sample",
        DispatchTransport = "dispatch_transport",
        AnswerCall = "answer_call",
        SupplyHousehold = "supply_household",
    }
}

named_set! {
    /// Kinds of work.
    pub struct TaskSet of Task
}

impl Task {
    /// The purpose that reading for this task has (DESIGN §13.10: purpose comes from the task).
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::InvestigateCase | Self::FollowContact => Purpose::Trace,
            Self::CollectSample | Self::CarrySample | Self::TestSample => Purpose::Test,
            Self::DispatchTransport | Self::AnswerCall => Purpose::Care,
            Self::SupplyHousehold => Purpose::Supply,
        }
    }
}

impl Role {
    /// The tasks that may be assigned to a holder of this role; an assignment of another task opens nothing to it.
    pub const fn tasks(self) -> TaskSet {
        match self {
            Self::Epidemiologist | Self::Tracer => TaskSet::of(&[Task::InvestigateCase, Task::FollowContact]),
            Self::CommunityWorker => TaskSet::of(&[Task::FollowContact, Task::SupplyHousehold]),
            Self::Sampler => TaskSet::of(&[Task::CollectSample]),
            Self::Courier => TaskSet::of(&[Task::CarrySample]),
            Self::Laboratory => TaskSet::of(&[Task::TestSample]),
            Self::Dispatcher => TaskSet::of(&[Task::DispatchTransport]),
            Self::Hotline => TaskSet::of(&[Task::AnswerCall]),
            Self::Commander | Self::Inspector | Self::DataAnalyst | Self::AccountAdministrator => TaskSet::EMPTY,
        }
    }

    /// The purpose of what the role reads by jurisdiction alone. The account administrator has none, so no rule can show it a person.
    pub const fn standing_purpose(self) -> Option<Purpose> {
        match self {
            Self::Epidemiologist | Self::Tracer => Some(Purpose::Trace),
            Self::Sampler | Self::Courier | Self::Laboratory => Some(Purpose::Test),
            Self::CommunityWorker | Self::Dispatcher | Self::Hotline => Some(Purpose::Care),
            Self::Commander => Some(Purpose::Order),
            Self::Inspector | Self::DataAnalyst => Some(Purpose::Statistics),
            Self::AccountAdministrator => None,
        }
    }
}
