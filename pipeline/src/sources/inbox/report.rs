//! The report that lies beside a file: what it was, what became of it, why, and what to do, in plain words.
//!
//! Promises: pure; one language throughout; every number is the receipt's; what the reader should do next is always said.

use serde::Deserialize;
use xueqing_schema::Text;

use crate::{Delivery, Error, Receipt};

/// Rejects that a report quotes.
const SHOWN: usize = 20;
/// What opens a text file that Windows shall read as UTF-8.
const MARK: char = '\u{feff}';

/// The language of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// 简体中文
    #[default]
    Zh,
    En,
}

impl Language {
    pub(super) fn of(self, text: &Text) -> &str {
        match self {
            Self::Zh => &text.zh,
            Self::En => &text.en,
        }
    }

    fn say(self, zh: impl Into<String>, en: impl Into<String>) -> String {
        match self {
            Self::Zh => zh.into(),
            Self::En => en.into(),
        }
    }
}

/// A file and how it was read.
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) folder: String,
    /// The mapping's title, when the standard knows the folder's name.
    pub(super) title: Option<Text>,
    /// The source's name in the quarantine.
    pub(super) source: String,
    /// When the report was written, in the district's time.
    pub(super) at: String,
}

/// What became of a file.
pub(super) enum Verdict {
    /// Read to its end.
    Read(Receipt),
    /// An archive or a workbook, and what became of each thing in it.
    Parcel(Contents),
    /// Not taken, and why.
    Refused { why: Text, advice: Text },
}

/// What was in an archive or a workbook.
pub(super) struct Contents {
    /// All that was taken.
    whole: Receipt,
    taken: Vec<(String, Receipt)>,
    left_out: Vec<String>,
    failed: Vec<(String, Text)>,
}

impl Contents {
    pub(super) fn of(delivery: Delivery, refused: impl Fn(Error) -> Verdict) -> Self {
        let whole = delivery.receipt();
        let words = |error: Option<Error>| match error.map(&refused) {
            Some(Verdict::Refused { why, .. }) => why,
            _ => Text::default(),
        };
        Self {
            whole,
            taken: delivery.taken.into_iter().map(|one| (one.source, one.receipt)).collect(),
            left_out: delivery.left_out.into_iter().map(|one| one.source).collect(),
            failed: delivery.failed.into_iter().map(|one| (one.source, words(one.error))).collect(),
        }
    }

    fn lines(&self, language: Language) -> Vec<String> {
        let mut lines = vec![String::new(), language.say("里面有：", "In it:")];
        lines.extend(self.taken.iter().map(|(name, receipt)| {
            let Receipt { read, accepted, rejected, repeated, .. } = receipt;
            let before = before(language, *repeated);
            language.say(
                format!("  {name}：读到 {read} 行，收下 {accepted} 行，未收 {rejected} 行{before}。"),
                format!("  {name}: {read} rows read, {accepted} accepted, {rejected} not{before}."),
            )
        }));
        lines.extend(self.left_out.iter().map(|name| {
            language.say(format!("  {name}：不是这种数据，已跳过。"), format!("  {name}: not data of this sort, left out."))
        }));
        lines.extend(self.failed.iter().map(|(name, why)| {
            let why = language.of(why);
            language.say(format!("  {name}：没有收下。{why}"), format!("  {name}: not taken: {why}"))
        }));
        lines
    }
}

impl Verdict {
    /// Whether the file goes to `done/`: something of it is in the tables, and nothing of it could not be read.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Read(receipt) => receipt.accepted + receipt.repeated > 0,
            Self::Parcel(contents) => contents.failed.is_empty() && contents.whole.accepted + contents.whole.repeated > 0,
            Self::Refused { .. } => false,
        }
    }
}

/// The report's text.
pub(super) fn write(language: Language, facts: &Facts, verdict: &Verdict) -> String {
    let mut lines = vec![language.say("学情 · 导入报告", "xueqing · what became of this file"), String::new()];
    lines.extend(what(language, facts));
    lines.push(String::new());
    match verdict {
        Verdict::Refused { why, advice } => {
            lines.push(language.say("结果：没有收下。", "Result: not taken."));
            lines.push(format!("{}{}", language.say("原因：", "Why: "), language.of(why)));
            lines.push(format!("{}{}", language.say("怎么办：", "What to do: "), language.of(advice)));
        }
        Verdict::Read(receipt) => lines.extend(read(language, facts, receipt)),
        Verdict::Parcel(contents) => {
            lines.extend(read(language, facts, &contents.whole));
            lines.extend(contents.lines(language));
        }
    }
    format!("{MARK}{}\n", lines.join("\n"))
}

fn what(language: Language, facts: &Facts) -> Vec<String> {
    let Facts { name, folder, title, at, .. } = facts;
    let title = title.as_ref().map(|title| language.say(format!("（{}）", title.zh), format!(" ({})", title.en)));
    let title = title.unwrap_or_default();
    vec![
        language.say(format!("文件：{name}"), format!("File: {name}")),
        language.say(format!("文件夹：{folder}{title}"), format!("Folder: {folder}{title}")),
        language.say(format!("时间：{at}"), format!("Time: {at}")),
    ]
}

fn read(language: Language, facts: &Facts, receipt: &Receipt) -> Vec<String> {
    let Receipt { read, accepted, rejected, repeated, .. } = receipt;
    let mut lines = vec![
        format!("{}{}", language.say("结果：", "Result: "), outcome(language, receipt)),
        language.say(
            format!("读到 {read} 行：收下 {accepted} 行，未收 {rejected} 行{}。", before(language, *repeated)),
            format!("{read} rows read: {accepted} accepted, {rejected} not{}.", before(language, *repeated)),
        ),
    ];
    // What was rejected of a repeat is listed under the name that it had then.
    if *rejected > 0 && repeated < read {
        lines.push(String::new());
        lines.push(language.say("没有收下的行和原因：", "Rows that were not accepted, and why:"));
        lines.extend(receipt.rejects.iter().take(SHOWN).map(|reject| {
            let reason = language.of(&reject.reason);
            language.say(format!("  第 {} 行：{reason}", reject.line), format!("  line {}: {reason}", reject.line))
        }));
        lines.push(rest(language, facts));
    }
    lines.push(String::new());
    lines.push(format!("{}{}", language.say("怎么办：", "What to do: "), advice(language, receipt)));
    lines
}

fn before(language: Language, repeated: u64) -> String {
    match repeated {
        0 => String::new(),
        _ => language.say(format!("；其中 {repeated} 行以前已经收过"), format!("; {repeated} of them had been taken before")),
    }
}

fn outcome(language: Language, receipt: &Receipt) -> String {
    let Receipt { read, accepted, rejected, repeated, .. } = *receipt;
    match (accepted + repeated, rejected) {
        (0, 0) => language.say("没有收下：文件里没有数据行。", "not taken: the file has no rows."),
        (0, _) => language.say("没有收下：没有一行符合数据标准。", "not taken: not one row fits the data standard."),
        _ if repeated == read => language.say("以前已经收过，这次什么也没有改变。", "already taken; nothing has changed."),
        (_, 0) => language.say("全部收下。", "all taken."),
        _ => language.say(
            format!("已收下，但有 {rejected} 行不合数据标准，放入了隔离区。"),
            format!("taken, but {rejected} rows do not fit the data standard and went to quarantine."),
        ),
    }
}

fn rest(language: Language, facts: &Facts) -> String {
    let source = &facts.source;
    language.say(
        format!("全部列表（命令行）：xueqing quarantine list --source '{source}'"),
        format!("All of them (command line): xueqing quarantine list --source '{source}'"),
    )
}

fn advice(language: Language, receipt: &Receipt) -> String {
    let Receipt { read, accepted, rejected, repeated, .. } = *receipt;
    match (accepted + repeated, rejected) {
        (0, 0) => language.say("请检查导出是否为空，重新导出后再放入。", "check whether the export was empty, and put a new one in."),
        (0, _) => language.say(
            "多半是放错了文件夹，或者厂商改了格式。请核对上面的原因，放到对应的文件夹，或请管理员修改映射。",
            "it is probably in the wrong folder, or its vendor has changed the format: compare the reasons above, put it into the \
             folder that fits, or have the mapping changed.",
        ),
        _ if repeated == read => language.say("不用做什么。", "nothing."),
        (_, 0) => language.say("不用做什么。", "nothing."),
        _ => language.say(
            "改正上面这些行，再把整份文件或只把改好的行放入原来的文件夹；已收下的行重复送来不会重复计数。",
            "correct these rows and put the whole file, or only the corrected rows, into the same folder; rows that are already \
             taken are not counted twice.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reject;
    use rstest::rstest;

    fn facts() -> Facts {
        Facts {
            name: "考勤.csv".to_owned(),
            folder: "demo_banpai".to_owned(),
            title: Some(Text::new("示例：班牌", "Sample: boards")),
            source: "demo_banpai/考勤.csv".to_owned(),
            at: "2026-11-24 20:00:00".to_owned(),
        }
    }

    fn receipt(read: u64, accepted: u64, repeated: u64) -> Receipt {
        let reject = |n: u64| Reject {
            line: n + 2,
            rule: "code".to_owned(),
            field: None,
            reason: Text::new("不在代码集中", "is no code of the set"),
            raw: String::new(),
        };
        let rejected = read - accepted;
        Receipt {
            read,
            accepted,
            rejected,
            repeated,
            version: 1,
            rejects: (0..rejected).map(reject).collect(),
            ..Receipt::default()
        }
    }

    #[rstest]
    #[case::all(receipt(9, 9, 0), true, "全部收下", "all taken")]
    #[case::some(receipt(9, 7, 0), true, "第 3 行：不在代码集中", "line 3: is no code of the set")]
    #[case::none(receipt(9, 0, 0), false, "没有一行符合数据标准", "not one row fits")]
    #[case::no_rows(receipt(0, 0, 0), false, "没有数据行", "has no rows")]
    #[case::again(receipt(9, 9, 9), true, "以前已经收过", "already taken")]
    fn a_report_says_what_happened_in_one_language(
        #[case] receipt: Receipt,
        #[case] done: bool,
        #[case] zh: &str,
        #[case] en: &str,
    ) {
        let verdict = Verdict::Read(receipt);
        assert_eq!(verdict.is_done(), done);
        let chinese = write(Language::Zh, &facts(), &verdict);
        assert!(chinese.contains(zh) && chinese.contains("怎么办：") && chinese.contains("考勤.csv"), "{chinese}");
        assert!(chinese.starts_with(MARK));
        let english = write(Language::En, &facts(), &verdict);
        assert!(english.contains(en) && english.contains("What to do: ") && !english.contains("怎么办"), "{english}");
    }

    #[test]
    fn a_repeat_lists_no_rejects_again() {
        let report = write(Language::Zh, &facts(), &Verdict::Read(receipt(9, 8, 9)));
        assert!(report.contains("以前已经收过") && !report.contains("没有收下的行和原因"), "{report}");
    }

    #[test]
    fn a_report_quotes_the_first_rejects_and_says_where_the_rest_is() {
        let report = write(Language::Zh, &facts(), &Verdict::Read(receipt(100, 10, 0)));
        assert_eq!(report.matches("\n  第 ").count(), SHOWN);
        assert!(report.contains("--source 'demo_banpai/考勤.csv'"), "{report}");
    }
}
