//! Why not, and what to do about it, in the two languages of the product.

use serde::Serialize;

use super::named::named;

/// A sentence in Chinese and English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Text {
    pub zh: &'static str,
    pub en: &'static str,
}

named! {
    /// The reason of a refusal. Ordered from farthest to closest to being allowed: of several near misses the last one is told.
    pub enum Denial {
        NotFound = "access.not_found",
        NoGrant = "access.no_grant",
        Role = "access.role",
        Elsewhere = "access.elsewhere",
        NotAssigned = "access.not_assigned",
        AssignmentEnded = "access.assignment_ended",
        NoOpenTask = "access.no_open_task",
        LimitReached = "access.limit_reached",
        ForOneself = "access.for_oneself",
        ForAnother = "access.for_another",
        SamePerson = "access.same_person",
        SeparationOfDuties = "access.separation_of_duties",
    }
}

impl Denial {
    /// What is refused and by which rule.
    pub const fn reason(self) -> Text {
        match self {
            Self::NotFound => Text {
                zh: "没有这条记录，或您无权知道它是否存在。",
                en: "There is no such record, or you may not know whether there is.",
            },
            Self::NoGrant => Text {
                zh: "此账户目前没有任何有效授权。",
                en: "This account holds no grant that is valid now.",
            },
            Self::Role => Text { zh: "您的岗位不做这件事。", en: "None of your roles does this." },
            Self::Elsewhere => Text {
                zh: "这条记录不在您获授权的辖区内。",
                en: "The record lies outside the jurisdictions of your grants.",
            },
            Self::NotAssigned => Text {
                zh: "这条记录没有分派给您或您的队伍。",
                en: "The record is not assigned to you or your team for this work.",
            },
            Self::AssignmentEnded => Text {
                zh: "您对这条记录的分派已经结束。",
                en: "Your assignment to this record has ended.",
            },
            Self::NoOpenTask => Text {
                zh: "查询须有正在办理的任务，您目前没有。",
                en: "This look-up needs a task that is open, and you have none open.",
            },
            Self::LimitReached => Text {
                zh: "此操作在时限内的次数已用完。",
                en: "The number of uses of this action in its window is spent.",
            },
            Self::ForOneself => Text {
                zh: "不能给自己或自己所在的队伍授权、重置凭证或分派工作。",
                en: "Nobody gives a grant, credentials or work to themselves or to their own team; name another recipient.",
            },
            Self::ForAnother => Text {
                zh: "令牌只能由账户本人申领。",
                en: "A token is made by the holder of the account alone, since it carries all their rights.",
            },
            Self::SamePerson => Text {
                zh: "此事须两人办理：申请人或当事人不能自己批准。",
                en: "This takes two people: who asked for it or did it cannot approve it.",
            },
            Self::SeparationOfDuties => Text {
                zh: "账户管理员不能同时担任其他岗位。",
                en: "An account that administers accounts holds no other role at the same time.",
            },
        }
    }

    /// What the reader can do.
    pub const fn remedy(self) -> Text {
        match self {
            Self::NotFound => Text {
                zh: "核对编号；如属您的工作，请流调负责人分派给您。",
                en: "Check the id; if it is your work, ask the epidemiologist in charge to assign it to you.",
            },
            Self::NoGrant => Text {
                zh: "请账户管理员核对授权的起止时间。",
                en: "Ask your account administrator to look at the dates of your grants.",
            },
            Self::Role => Text {
                zh: "交由承担此事的岗位办理，或请账户管理员授予相应岗位。",
                en: "Pass it to a post that does, or ask your account administrator for the role.",
            },
            Self::Elsewhere => Text {
                zh: "联系该辖区的指挥部；需要协助时由他们移交或分派。",
                en: "Contact the command post of that jurisdiction; it can hand over or assign the record.",
            },
            Self::NotAssigned => Text {
                zh: "请流调负责人或调度分派；情况危急时使用应急查阅，会告知主管并复核。",
                en: "Ask the epidemiologist in charge or the dispatcher to assign it; where life is in danger use break-glass, \
                     which is told to a supervisor and reviewed.",
            },
            Self::AssignmentEnded => Text {
                zh: "如工作尚未完成，请分派人重新分派。",
                en: "If the work is not done, ask whoever assigned it to assign it again.",
            },
            Self::NoOpenTask => Text {
                zh: "先打开来电、名单或个案任务，再查询。",
                en: "Open the call, list or case you are working on, then look up.",
            },
            Self::LimitReached => Text {
                zh: "等待时限过去，或请主管指派他人办理。",
                en: "Wait until the window has passed, or ask a supervisor to give the work to somebody else.",
            },
            Self::ForOneself => {
                Text { zh: "请另一位有权人员办理。", en: "Ask another person with this right to do it." }
            }
            Self::ForAnother => {
                Text { zh: "请本人登录后自行申领。", en: "Ask the holder to sign in and make it." }
            }
            Self::SamePerson => {
                Text { zh: "请另一位有权人员批准。", en: "Ask another person with this right to approve." }
            }
            Self::SeparationOfDuties => Text {
                zh: "为其他岗位另开一个账户，由他人授权。",
                en: "Use a second account for the other role, granted by somebody else.",
            },
        }
    }
}
