//! Why a whole file is refused, for the person who put it there.
//!
//! Promise: every error that is the file's fault has words in both languages and an advice; one that is not is told apart by
//! [`is_passing`], and the file stays where it is.

use xueqing_schema::{Standard, Text};

use super::report::Verdict;
use crate::decode::{OTHER_ENCODING, fit};
use crate::error::listed;
use crate::{Error, Missing};

/// Whether the same file may be taken later as it is: the lake is at fault, or someone else is taking the file.
pub(super) fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Lake(_) | Error::Query(_) | Error::Raced | Error::Closed)
}

/// The file lies in no folder, or in one whose name the standard does not know.
pub(super) fn unknown_folder(standard: &Standard, folder: &str) -> Verdict {
    let near = nearest(standard, folder);
    let (zh, en) = match near {
        Some(name) => (format!("是不是想放进“{name}”？"), format!("did you mean \"{name}\"? ")),
        None => Default::default(),
    };
    let known: Vec<&str> = names(standard).collect();
    let known = known.join(", ");
    let why = match folder {
        "" => Text::new("文件没有放在厂商或数据类别的文件夹里。", "it lies in no folder of a vendor or a kind of data."),
        _ => Text::new(
            format!("没有名为“{folder}”的厂商映射或数据类别。"),
            format!("there is no vendor mapping and no kind of data named \"{folder}\"."),
        ),
    };
    let advice = Text::new(
        format!("{zh}请放到 inbox/<名称>/ 下再试；可用的名称：{known}。"),
        format!("{en}put it below inbox/<name>/; the names are: {known}."),
    );
    Verdict::Refused { why, advice }
}

/// The file ends before its format does, and has not grown for a long time.
pub(super) fn cut_short(format: &str) -> Verdict {
    Verdict::Refused {
        why: Text::new(
            format!("文件不完整：{format} 数据在结尾处断开，而且很久没有再增长。"),
            format!("the file is not whole: its {format} data breaks off at the end, and it has not grown for a long time."),
        ),
        advice: Text::new("请重新传送完整的文件。", "send the whole file again."),
    }
}

/// The file has no bytes and got none for a long time.
pub(super) fn empty() -> Verdict {
    Verdict::Refused {
        why: Text::new("文件是空的。", "the file is empty."),
        advice: Text::new("请检查导出或传送，重新放入。", "check the export or the transfer, and put it in again."),
    }
}

/// What decoding said of the file as a whole.
pub(super) fn of_error(standard: &Standard, folder: &str, error: Error) -> Verdict {
    let (why, advice) = match &fit::suggest(error, folder, standard) {
        Error::Columns { missing, found, fits } => {
            let each =
                |Missing { field, expected }: &Missing| (format!("“{field}”（{expected}）"), format!("{field} ({expected})"));
            let (zh, en): (Vec<String>, Vec<String>) = missing.iter().map(each).unzip();
            let found = listed(found);
            let why = Text::new(
                format!("缺少必需的列，括号内是可用的表头：{}；文件的表头是：{found}。", zh.join("、")),
                format!(
                    "required columns are missing (in brackets: headers that would do): {}; the file has {found}.",
                    en.join(", ")
                ),
            );
            (why, wrong_vendor(fits.first().map(String::as_str)))
        }
        Error::Header { reason } if reason == OTHER_ENCODING => (
            Text::new(
                "表头的字符编码与这个文件夹的厂商不同，读出来是乱码。",
                "its header is in another character encoding than this folder's vendor uses.",
            ),
            Text::new(
                "多半是别的厂商的文件：请放到对应的文件夹，或按该厂商的编码重新导出。",
                "it is probably another vendor's file: put it into the folder that fits, or export it in this vendor's encoding.",
            ),
        ),
        Error::Header { reason } => (
            Text::new(format!("表头无法使用（{reason}）。"), format!("the header cannot be used: {reason}.")),
            Text::new("请从源系统重新导出，第一行应为表头。", "export it again; its first line must be the header."),
        ),
        Error::Read { reason } => (
            Text::new(format!("文件无法读取（{reason}）。"), format!("the file cannot be read: {reason}.")),
            Text::new("请检查文件能否打开，重新传送。", "check that the file opens, and send it again."),
        ),
        other => (
            Text::new(
                format!("导入出错（{}：{other}）。", other.code()),
                format!("it cannot be taken in ({}: {other}).", other.code()),
            ),
            Text::new("请把这份报告交给系统管理员。", "show this report to whoever runs the system."),
        ),
    };
    Verdict::Refused { why, advice }
}

fn wrong_vendor(fits: Option<&str>) -> Text {
    match fits {
        Some(name) => Text::new(
            format!("表头看起来是“{name}”的文件，请放到 inbox/{name}/。"),
            format!("its header looks like a file of \"{name}\": put it into inbox/{name}/."),
        ),
        None => Text::new(
            "多半是别的厂商的文件或厂商改了表头：请放到对应的文件夹，或请管理员修改映射。",
            "it is probably another vendor's file, or the vendor has changed its headers: put it into the folder that fits, or have the \
             mapping changed.",
        ),
    }
}

fn names(standard: &Standard) -> impl Iterator<Item = &str> {
    let mappings = standard.mappings().map(|mapping| mapping.name.as_str());
    mappings.chain(standard.kinds().map(|kind| kind.name.as_str()))
}

/// A known name that differs only in case, blanks or dashes, or that begins or ends the same.
fn nearest<'s>(standard: &'s Standard, folder: &str) -> Option<&'s str> {
    let plain = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(folder);
    let close = |name: &&str| {
        let name = plain(name);
        wanted.len() >= 4 && (name.contains(&wanted) || wanted.contains(&name))
    };
    names(standard).find(|name| plain(name) == wanted).or_else(|| names(standard).find(close))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn words(verdict: Verdict) -> (Text, Text) {
        match verdict {
            Verdict::Refused { why, advice } => (why, advice),
            Verdict::Read(_) | Verdict::Parcel(_) => panic!("not a refusal"),
        }
    }

    #[rstest]
    #[case::none("", "没有放在", "homework")]
    #[case::misspelt("Demo-Banpai", "没有名为“Demo-Banpai”", "是不是想放进“demo_banpai”")]
    #[case::part("banpai", "没有名为“banpai”", "是不是想放进“demo_banpai”")]
    fn an_unknown_folder_is_told_with_the_known_names(#[case] folder: &str, #[case] why: &str, #[case] advice: &str) {
        let told = words(unknown_folder(&Standard::builtin().unwrap(), folder));
        assert!(told.0.zh.contains(why), "{}", told.0.zh);
        assert!(told.1.zh.contains(advice) && told.1.en.contains("demo_menjin"), "{}", told.1.zh);
    }

    #[test]
    fn another_vendors_file_is_sent_to_its_folder() {
        let standard = Standard::builtin().unwrap();
        let columns = standard.mapping("demo_menjin").unwrap();
        let found: Vec<String> = columns.columns.values().flat_map(|column| column.from.clone()).collect();
        let missing = || vec![Missing { field: "status".to_owned(), expected: "KQZT".to_owned() }];
        let error = Error::Columns { missing: missing(), found, fits: Vec::new() };
        let (why, advice) = words(of_error(&standard, "demo_banpai", error));
        assert!(why.zh.contains("KQZT") && advice.zh.contains("inbox/demo_menjin/"), "{} {}", why.zh, advice.zh);
        let error = Error::Columns { missing: missing(), found: vec!["a".to_owned(), "b".to_owned()], fits: Vec::new() };
        assert!(words(of_error(&standard, "demo_banpai", error)).1.zh.contains("别的厂商"));
    }
}
