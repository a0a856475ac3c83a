//! The words of each rule that this room answers with. Rules of the field have theirs in `domain`; these are about the
//! request itself: its form, its sender, and what the server can do just now.

use crate::language::Language;
use domain::refusal;

/// Why, and what to do, in one language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    /// Why.
    pub reason: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

struct Text {
    rule: &'static str,
    zh: (&'static str, &'static str),
    en: (&'static str, &'static str),
}

const TEXTS: &[Text] = &[
    Text {
        rule: "malformed_json",
        zh: ("请求内容不是合法的 JSON。", "请在所示行列处更正后重新发送，未作任何更改。"),
        en: (
            "The body is not well-formed JSON.",
            "Correct it at the line and column named and send it again; nothing was done.",
        ),
    },
    Text {
        rule: "unknown_field",
        zh: ("有一个未知字段。", "请对照所列字段名，删除或更正该字段；未知字段一律拒收，不会被忽略。"),
        en: (
            "There is an unknown field.",
            "Remove it, or give it one of the names that there are. None is ever ignored.",
        ),
    },
    Text {
        rule: "missing_field",
        zh: ("缺少必填字段。", "请补充该字段。"),
        en: ("A required field is missing.", "Add it."),
    },
    Text {
        rule: "unknown_choice",
        zh: ("没有这个选项。", "请从列出的选项中选择。"),
        en: ("This is none of the choices.", "Use one of those named."),
    },
    Text {
        rule: "wrong_type",
        zh: ("值的类型不对。", "请按所示类型填写，详见 /api/v1/openapi.json。"),
        en: ("The value is of the wrong type.", "Send the type that is named; /api/v1/openapi.json says more."),
    },
    Text {
        rule: "invalid_value",
        zh: ("该字段不接受这样的值。", "请核对格式：日期写作 2022-03-11，编号为 UUID。"),
        en: ("The field does not take this value.", "Check its form: dates as 2022-03-11, ids as UUIDs."),
    },
    Text {
        rule: "too_deep_json",
        zh: ("JSON 嵌套层数过多。", "请减少嵌套。"),
        en: ("The JSON is nested too deeply.", "Flatten it."),
    },
    Text {
        rule: "not_json",
        zh: ("请求内容须为 application/json。", "请设置 Content-Type: application/json。"),
        en: ("The body has to be application/json.", "Set Content-Type: application/json."),
    },
    Text {
        rule: "body_too_large",
        zh: ("请求内容超过上限。", "请分批发送。"),
        en: ("The body is larger than this address takes.", "Send it in parts."),
    },
    Text {
        rule: "body_too_slow",
        zh: ("请求内容未在时限内到达。", "请检查网络后重发；同一指令编号不会重复执行。"),
        en: (
            "The body did not arrive in time.",
            "Check the line and send it again; the same command id is never done twice.",
        ),
    },
    Text {
        rule: "too_many_in_batch",
        zh: ("一批指令过多。", "请分批发送，每批至多 1000 条。"),
        en: ("The batch holds too many commands.", "Send batches of at most 1,000."),
    },
    Text {
        rule: "empty_batch",
        zh: ("批次中没有指令。", "请至少发送一条。"),
        en: ("The batch holds no command.", "Send at least one."),
    },
    Text {
        rule: "no_such_stream",
        zh: ("没有该编号的指挥部，指令未执行。", "请在 stream 中填写现有指挥部的编号，编号见 /api/v1/session。"),
        en: (
            "There is no command post of this number; the command was not done.",
            "Give in stream the number of one that there is; /api/v1/session lists them.",
        ),
    },
    Text {
        rule: "malformed_request",
        zh: ("请求无法理解。", "请对照 /api/v1/openapi.json 核对。"),
        en: ("The request cannot be understood.", "Check it against /api/v1/openapi.json."),
    },
    Text {
        rule: "bad_parameter",
        zh: ("查询参数不对。", "请对照 /api/v1/openapi.json 核对参数名与格式。"),
        en: ("A parameter of the query is not right.", "Check its name and form against /api/v1/openapi.json."),
    },
    Text {
        rule: "unknown_parameter",
        zh: ("有一个未知的查询参数。", "请对照所列参数名，删除或更正；未知参数一律拒收，不会被忽略。"),
        en: (
            "There is an unknown parameter in the query.",
            "Remove it, or give it one of the names that there are. None is ever ignored.",
        ),
    },
    Text {
        rule: "not_an_id",
        zh: ("地址中的编号不是 UUID，因此没有这条记录。", "请核对编号，形如 018f2c5e-0000-7000-8000-000000000001。"),
        en: (
            "The id in the address is no UUID, so there is no such record.",
            "Check the id; it has the form 018f2c5e-0000-7000-8000-000000000001.",
        ),
    },
    Text {
        rule: "bad_cursor",
        zh: ("续页标记不属于此查询。", "请从第一页重新查询。"),
        en: ("The page mark does not belong to this query.", "Start again from the first page."),
    },
    Text {
        rule: "no_such_address",
        zh: ("没有这个地址。", "可用地址见 /api/v1/openapi.json。"),
        en: ("There is no such address.", "Those there are stand in /api/v1/openapi.json."),
    },
    Text {
        rule: "no_such_method",
        zh: ("该地址不支持此方法。", "可用方法见 /api/v1/openapi.json。"),
        en: ("This address does not take this method.", "Those it takes stand in /api/v1/openapi.json."),
    },
    Text {
        rule: "not_signed_in",
        zh: ("尚未登录，或登录已失效。", "请登录，或使用有效的令牌。"),
        en: ("You are not signed in, or the session has ended.", "Sign in, or send a token that is valid."),
    },
    Text {
        rule: "sign_in_failed",
        zh: ("账号、密码或验证码不对，或该账号因多次失败暂停登录。", "请核对后再试；暂停会在 15 分钟内自动解除。"),
        en: (
            "Login, password or code are not right, or sign-in is paused after several failures.",
            "Check them and try again; a pause ends by itself within 15 minutes.",
        ),
    },
    Text {
        rule: "wrong_password",
        zh: ("当前密码不对。", "请重新输入当前密码。"),
        en: ("The present password is not right.", "Enter your present password again."),
    },
    Text {
        rule: "wrong_code",
        zh: ("验证码不对或已使用。", "请等待下一个验证码，并核对手机时间。"),
        en: ("The code is not right or was used before.", "Wait for the next code and check the phone's clock."),
    },
    Text {
        rule: "weak_password",
        zh: ("密码过短或过长。", "请使用 12 至 200 个字符，多个词语为佳。"),
        en: ("The password is too short or too long.", "Use 12 to 200 characters; several words are best."),
    },
    Text {
        rule: "already_enrolled",
        zh: ("已启用动态验证码。", "如需更换，请账号管理员重置。"),
        en: (
            "A second factor is in use already.",
            "To change it, ask the account administrator to reset your credentials.",
        ),
    },
    Text {
        rule: "link_spent",
        zh: ("登录链接已使用、已过期或不存在。", "请重新生成链接，或用密码登录。"),
        en: (
            "The sign-in link was used, has expired or never was.",
            "Make a new one, or sign in with your password.",
        ),
    },
    Text {
        rule: "password_link_spent",
        zh: ("设置密码的链接已使用、已过期或不存在，密码未更改。", "如仍需设置密码，请账号管理员重新发送链接。"),
        en: (
            "The link to set a password was used, has expired or never was; no password was changed.",
            "Ask the account administrator for a new one, if you still need it.",
        ),
    },
    Text {
        rule: "cross_site",
        zh: ("请求来自其他网站，未执行。", "请在本站页面操作；脚本请加请求头 X-Firebreak: 1 或使用令牌。"),
        en: (
            "The request may come from another site; it was not carried out.",
            "Act from this server's own pages; scripts send the header X-Firebreak: 1 or use a token.",
        ),
    },
    Text {
        rule: "too_often",
        zh: ("请求过于频繁。", "请稍候再试。"),
        en: ("Too many requests in a short time.", "Wait a moment and try again."),
    },
    Text {
        rule: "busy",
        zh: ("服务器繁忙，未作任何更改。", "请按 Retry-After 稍后以同一编号重发。"),
        en: (
            "The server is busy; nothing was done.",
            "Send it again under the same id after the time in Retry-After.",
        ),
    },
    Text {
        rule: "took_too_long",
        zh: ("请求未能在时限内完成。", "请稍后以同一编号重发；已执行的不会重复执行。"),
        en: (
            "The request was not finished in time.",
            "Send it again under the same id; what was done is not done twice.",
        ),
    },
    Text {
        rule: "database_away",
        zh: ("暂时无法连接数据库。", "请稍后以同一编号重发。"),
        en: ("The database cannot be reached just now.", "Send it again under the same id in a moment."),
    },
    Text {
        rule: "disk_full",
        zh: ("数据库磁盘已满：可以查询，不能写入。", "请管理员腾出空间，之后会自动恢复写入。"),
        en: (
            "The disk of the database is full: reading goes on, writing waits.",
            "Make room on it; writing goes on by itself.",
        ),
    },
    Text {
        rule: "writing_stopped",
        zh: ("磁盘未能保存数据，已停止写入。", "请管理员检查磁盘后重启服务。"),
        en: ("The disk did not keep a write; writing has stopped.", "Check the disk and restart the server."),
    },
    Text {
        rule: "other_content",
        zh: ("同一指令编号曾用于另一指令。", "新的指令请使用新的编号。"),
        en: ("This command id was used for another command.", "Make a new id for a new command."),
    },
    Text {
        rule: "token_scope",
        zh: ("该令牌不包含此操作。", "请申领包含此操作的令牌，或登录后操作。"),
        en: ("The token was not made for this.", "Make one that names this action, or sign in."),
    },
    Text {
        rule: "erasure_at_the_installation",
        zh: ("删除须在安装处批准，以便同时写入删除台账并销毁密钥。", "请运行 firebreak erase --approve。"),
        en: (
            "An erasure is approved at the installation, where its ledger is written and the keys are destroyed.",
            "Run firebreak erase --approve with the request's id.",
        ),
    },
    Text {
        rule: "conflict_not_takable",
        zh: ("该指令不更正任何内容，不能直接采用。", "请对该记录重新操作，再选择保留现值。"),
        en: (
            "This command corrects nothing and cannot be taken as it is.",
            "Do it again on the record, then decide that the record stands.",
        ),
    },
    Text {
        rule: "conflict_moved",
        zh: ("该记录在您查看之后又有改动。", "请重新查询冲突，查看现值后再决定。"),
        en: (
            "The record has changed since the version that was looked at.",
            "List the conflict again, and look at what stands now.",
        ),
    },
    Text {
        rule: "conflict_withheld",
        zh: ("冲突涉及您的岗位不可见的内容。", "请由可见该内容的人员决定。"),
        en: (
            "The conflict is over a field that this post does not see.",
            "Leave it to somebody who sees it.",
        ),
    },
    Text {
        rule: "conflict_decided",
        zh: ("已按指令更正，同时另一人也作出了决定。", "请查看该记录的现值。"),
        en: (
            "The correction is done, and somebody else decided this conflict at the same moment.",
            "Look at the record as it stands.",
        ),
    },
    Text {
        rule: "session_needed",
        zh: ("此操作须登录后进行，不能使用令牌。", "请登录。"),
        en: ("This is done in a session, not by token.", "Sign in."),
    },
    Text {
        rule: "read_not_logged",
        zh: ("查阅记录未能写入日志，因此未返回内容。", "请稍后重试。"),
        en: ("The read could not be logged, so its answer is withheld.", "Ask again in a moment."),
    },
    Text {
        rule: "login_form",
        zh: ("登录名格式不对。", "请使用 1 至 100 个字符，不含空格。"),
        en: ("The login has not the right form.", "Use 1 to 100 letters or digits without spaces."),
    },
    Text {
        rule: "name_form",
        zh: ("名称格式不对。", "请填写 1 至 100 个字符。"),
        en: ("The name has not the right form.", "Give 1 to 100 letters."),
    },
    Text {
        rule: "account_disabled",
        zh: ("该账号已停用。", "请为持有人新建账号。"),
        en: ("This account is disabled.", "Make a new account for the holder."),
    },
    Text {
        rule: "not_the_first_account",
        zh: ("已有账号。", "请用有权的账号登录后新建。"),
        en: ("There are accounts already.", "Sign in with one that administers accounts."),
    },
    Text {
        rule: "not_an_exercise",
        zh: ("一次性登录链接仅用于演练。", "请使用设置密码的链接。"),
        en: ("One-time sign-in is for exercises.", "Use a link to set a password."),
    },
    Text {
        rule: "empty_scope",
        zh: ("令牌未注明可用操作。", "请列出令牌所需的操作。"),
        en: ("The token names no action.", "Name the actions that it is for."),
    },
    Text {
        rule: "unknown_action",
        zh: ("没有这个操作名称。", "请使用权限表中的操作名称。"),
        en: ("There is no action of this name.", "Name actions as the access matrix does."),
    },
    Text {
        rule: "token_life",
        zh: ("令牌期限不对。", "截止时间须在 366 天以内。"),
        en: ("The token's end is not right.", "Give an end within the next 366 days."),
    },
    Text {
        rule: "credential_unreadable",
        zh: ("无法读取该账号的动态验证码密钥。", "请账号管理员重置凭证。"),
        en: (
            "The second factor of this account cannot be read.",
            "Ask the account administrator to reset your credentials.",
        ),
    },
    Text {
        rule: "reason_needed",
        zh: ("应急查阅须说明理由。", "请用 10 至 1000 个字符说明。"),
        en: ("Breaking the glass needs a reason.", "Say why in 10 to 1,000 characters."),
    },
    Text {
        rule: "login_taken",
        zh: ("该登录名已被使用。", "请另选登录名。"),
        en: ("This login is taken.", "Choose another."),
    },
    Text {
        rule: "defect",
        zh: ("服务器内部错误。", "请将时间与操作告知管理员；已确认的内容不受影响。"),
        en: (
            "Something is wrong inside the server.",
            "Tell the operator when and what you did; what was acknowledged is safe.",
        ),
    },
];

/// The words of a rule, wherever it is from.
pub fn words(rule: &str, language: Language) -> Words {
    if let Some(text) = TEXTS.iter().find(|text| text.rule == rule) {
        let (reason, remedy) = language.pick(text.zh, text.en);
        return Words { reason, remedy };
    }
    let text = refusal::rule_text(rule);
    let (zh, en) = ((text.zh_reason, text.zh_remedy), (text.en_reason, text.en_remedy));
    let (reason, remedy) = language.pick(zh, en);
    Words { reason, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_once_and_has_words_in_both_languages() {
        for (n, text) in TEXTS.iter().enumerate() {
            assert!(!TEXTS[..n].iter().any(|before| before.rule == text.rule), "{} stands twice", text.rule);
            for words in [text.zh.0, text.zh.1, text.en.0, text.en.1] {
                assert!(!words.is_empty(), "{}", text.rule);
            }
            assert!(text.zh.0.chars().any(|letter| !letter.is_ascii()), "{}", text.rule);
        }
    }
}
