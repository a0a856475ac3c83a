//! The words of each rule, in English and Chinese: why, and what to do.

/// One rule in words.
#[derive(Clone, Copy, Debug)]
pub struct RuleText {
    /// The rule's id.
    pub rule: &'static str,
    /// Why, in English.
    pub en_reason: &'static str,
    /// What to do, in English.
    pub en_remedy: &'static str,
    /// Why, in Chinese.
    pub zh_reason: &'static str,
    /// What to do, in Chinese.
    pub zh_remedy: &'static str,
}

const fn text(
    rule: &'static str,
    en_reason: &'static str,
    en_remedy: &'static str,
    zh_reason: &'static str,
    zh_remedy: &'static str,
) -> RuleText {
    RuleText { rule, en_reason, en_remedy, zh_reason, zh_remedy }
}

/// Every rule a command can meet. A rule without words fails the catalogue's test.
const RULES: &[RuleText] = &[
    text(
        "waits_for_unknown_id",
        "The command names something that is not known here yet.",
        "Nothing needs to be sent again: it is decided when that record arrives, and shown as late after one hour.",
        "指令提到的记录本系统尚未收到。",
        "无需重发：记录到达后自动处理，超过一小时将提示延误。",
    ),
    text(
        "changed_meanwhile",
        "Somebody else changed the same field after you looked at it.",
        "Look at what stands now and send the correction again if it is still right.",
        "您查看之后，他人已修改同一字段。",
        "请查看当前内容，如仍需更正请重新提交。",
    ),
    text(
        "already_exists",
        "A record with this id exists already.",
        "Use its correction instead, or make a new id.",
        "该编号的记录已存在。",
        "请改用更正操作，或使用新的编号。",
    ),
    text("not_found", "There is no such record.", "Check the id.", "没有这条记录。", "请核对编号。"),
    text(
        "moved_away",
        "This record now belongs to another command post.",
        "Send the command to the stream it names.",
        "该记录已移交其他指挥部。",
        "请向其所属指挥部提交。",
    ),
    text(
        "nothing_changes",
        "The command would change nothing.",
        "Nothing to do.",
        "指令未改变任何内容。",
        "无需操作。",
    ),
    text(
        "in_the_future",
        "The time lies in the future.",
        "Correct the date; check the clock of the device.",
        "时间晚于当前。",
        "请更正日期，并检查设备时钟。",
    ),
    text(
        "death_before_birth",
        "Death would come before birth.",
        "Correct one of the two dates.",
        "死亡日期早于出生日期。",
        "请更正其中一个日期。",
    ),
    text(
        "order_of_dates",
        "The end would come before the beginning.",
        "Correct one of the two dates.",
        "结束早于开始。",
        "请更正其中一个日期。",
    ),
    text(
        "empty_name",
        "A name is required, or the word that says none is known.",
        "Give a name, or mark the person as unnamed.",
        "必须填写姓名，或注明姓名不详。",
        "请填写姓名，或标记为姓名不详。",
    ),
    text(
        "too_long",
        "A text is longer than its field may be.",
        "Shorten it; long stories belong into the note.",
        "文字超过字段长度。",
        "请缩短，长内容请写入备注。",
    ),
    text(
        "too_many",
        "More entries than one record may hold.",
        "Split the command.",
        "条目超过上限。",
        "请分次提交。",
    ),
    text(
        "merged_record",
        "This record was merged into another.",
        "Use the record that was kept.",
        "该记录已合并到其他记录。",
        "请使用保留的记录。",
    ),
    text(
        "erased_person",
        "This person's data were erased.",
        "Nothing can be added to an erased record; register the person anew if needed.",
        "此人的数据已被删除。",
        "已删除的记录不能再添加内容，如需要请重新登记。",
    ),
    text(
        "entered_in_error",
        "This record was entered in error and is closed.",
        "Make a new record.",
        "该记录系误录，已关闭。",
        "请新建记录。",
    ),
    text(
        "same_person_twice",
        "A person cannot be paired with itself.",
        "Name two different records.",
        "同一记录不能与自身配对。",
        "请选择两条不同的记录。",
    ),
    text(
        "no_finding",
        "The pack's definition names findings for this classification, and none was given.",
        "Record the finding first, or keep the classification as reported.",
        "该分类须有方案规定的依据，但未提供。",
        "请先登记依据，或按“报告分类”保存。",
    ),
    text(
        "transition_not_in_pack",
        "The pack does not know this step from the present classification.",
        "Check the classification; false positives and errors have commands of their own.",
        "方案不允许从当前分类变为此分类。",
        "请核对分类；假阳性与误录有各自的操作。",
    ),
    text(
        "open_case_exists",
        "This person already has an open case in this outbreak.",
        "Work on that case; a reinfection says so and keeps the pack's interval.",
        "此人在本次疫情中已有未结病例。",
        "请使用该病例；再感染须注明并满足间隔。",
    ),
    text(
        "reinfection_too_soon",
        "The pack's interval between two infections has not passed.",
        "Treat it as the same case, or let an epidemiologist override with a reason.",
        "距上次感染未满方案规定的间隔。",
        "请按同一病例处理，或由流调人员说明理由后继续。",
    ),
    text(
        "outbreak_closed",
        "The outbreak is closed.",
        "A new outbreak has to be declared.",
        "疫情已结束。",
        "须宣布新的疫情。",
    ),
    text(
        "pack_unknown",
        "This protocol pack is not on the shelf.",
        "Install the pack, or name one that is installed.",
        "没有安装该方案。",
        "请安装方案，或选择已安装的方案。",
    ),
    text(
        "follow_up_not_open",
        "The follow-up of this contact is not open.",
        "Reopen it, or list the contact again with its new exposure.",
        "该密接者的随访未在进行。",
        "请重新开启，或按新的暴露重新列入。",
    ),
    text(
        "slot_not_in_plan",
        "The plan has no visit at this day and slot.",
        "Check the day; an extra visit is recorded without a slot.",
        "随访计划中没有该日该次。",
        "请核对日期；额外随访可不填次数。",
    ),
    text(
        "handed_over",
        "This contact was handed over and is followed elsewhere.",
        "Ask the area that follows it now.",
        "该密接者已移交其他地区。",
        "请联系现负责地区。",
    ),
    text(
        "not_offered_to_you",
        "The hand-over was offered to another command post.",
        "Only that post can acknowledge it.",
        "该移交的接收方不是您所在的指挥部。",
        "仅接收方可以签收。",
    ),
    text(
        "two_people_needed",
        "This act needs two different people.",
        "Ask a second person to approve it.",
        "此操作须由两人完成。",
        "请由另一人批准。",
    ),
    text(
        "needs_exposure",
        "A contact is listed from an exposure, not on a word alone.",
        "Record the exposure first and name it.",
        "列为密接者须有暴露记录，不能仅凭口述。",
        "请先登记暴露并引用。",
    ),
    text(
        "wrong_outbreak",
        "The records belong to different outbreaks.",
        "Name records of one outbreak.",
        "记录分属不同疫情。",
        "请使用同一疫情的记录。",
    ),
    text(
        "batch_closed",
        "The import is complete; nothing can be added to it.",
        "Start a new import.",
        "该导入已完成，不能再添加。",
        "请新建导入。",
    ),
    text(
        "hierarchy_loop",
        "An area cannot lie inside itself.",
        "Choose another parent.",
        "地区不能隶属于自身。",
        "请选择其他上级。",
    ),
    text(
        "appeal_or_hold_open",
        "An appeal or a legal hold is open.",
        "Erase after it is decided.",
        "有未决申诉或法律保留。",
        "请待决定后再删除。",
    ),
    text(
        "access_denied",
        "Your post does not include this act here.",
        "Ask the account administrator or the post in charge.",
        "您的岗位无权进行此操作。",
        "请联系账号管理员或负责岗位。",
    ),
    text(
        "stale_clock",
        "The clocks of the server and the database differ by more than a minute.",
        "Set the clocks; nothing is written until then.",
        "服务器与数据库时钟相差超过一分钟。",
        "请校准时钟，之前不写入任何数据。",
    ),
    text(
        "too_deep",
        "The consequences of this command do not end.",
        "Report this with the command's id; nothing was changed.",
        "该指令的后续处理无法收敛。",
        "请连同指令编号上报，未作任何更改。",
    ),
    text(
        "unknown_time_zone",
        "This is no time zone of the IANA list.",
        "Write a name such as Asia/Shanghai.",
        "不是 IANA 时区名称。",
        "请填写如 Asia/Shanghai 的名称。",
    ),
    text(
        "mask_without_digits",
        "The mask of human codes must end in zeros.",
        "Write for instance FZ-0000.",
        "编号格式须以 0 结尾。",
        "请填写如 FZ-0000 的格式。",
    ),
    text(
        "impossible_age",
        "Nobody is that old, or younger than born.",
        "Give the age in whole years, 0 to 130.",
        "年龄不可能。",
        "请填写 0 至 130 的整数年龄。",
    ),
    text(
        "unknown_body",
        "The command is not one this version knows.",
        "Check its name and fields; update the program.",
        "本版本不认识该指令。",
        "请核对名称与字段，或更新程序。",
    ),
];

/// All rules with their words.
pub fn rules() -> &'static [RuleText] {
    RULES
}

/// The words of a rule. Rules of the access table have theirs there; an id without words answers with itself.
pub fn rule_text(rule: &str) -> RuleText {
    RULES.iter().copied().find(|text| text.rule == rule).unwrap_or(RuleText {
        rule: "",
        en_reason: "The command was refused by the rule named here.",
        en_remedy: "Ask the post in charge.",
        zh_reason: "指令被所示规则拒绝。",
        zh_remedy: "请联系负责岗位。",
    })
}
