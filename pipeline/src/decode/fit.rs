//! Which mappings would fit a header that the given one does not.
//!
//! Promise: a mapping is suggested only when the header has everything that its rows cannot do without.

use std::collections::BTreeSet;

use xueqing_schema::{Column, Kind, Mapping, Standard};

use crate::Error;

/// The most mappings that are suggested.
const MOST: usize = 3;

/// The error, with the mappings that fit the header, when it is about missing columns.
pub(crate) fn suggest(error: Error, mapping: &str, standard: &Standard) -> Error {
    match error {
        Error::Columns { missing, found, .. } => {
            let mut fits = fitting(standard, &found);
            fits.retain(|name| name != mapping);
            fits.truncate(MOST);
            Error::Columns { missing, found, fits }
        }
        error => error,
    }
}

/// Vendors' mappings and kinds that fit, the one that knows most of the header first.
fn fitting(standard: &Standard, header: &[String]) -> Vec<String> {
    let header: BTreeSet<&str> = header.iter().map(String::as_str).collect();
    let kinds = standard.kinds().filter_map(|kind| standard.mapping(&kind.name).ok());
    let mappings = standard.mappings().cloned().chain(kinds);
    let mut fitting: Vec<(usize, String)> = mappings
        .filter_map(|mapping| {
            let kind = standard.kind(&mapping.kind).ok()?;
            let known = known(&mapping, &header);
            (known > 0 && fits(&mapping, kind, &header)).then(|| (known, mapping.name.clone()))
        })
        .collect();
    fitting.sort_by(|one, other| (other.0, &one.1).cmp(&(one.0, &other.1)));
    fitting.into_iter().map(|(_, name)| name).collect()
}

fn sources(column: &Column) -> impl Iterator<Item = &String> {
    column.from.iter().chain(&column.any)
}

fn known(mapping: &Mapping, header: &BTreeSet<&str>) -> usize {
    let wide = mapping.unpivot.iter().flat_map(|unpivot| unpivot.columns.keys());
    let sources: BTreeSet<&String> = mapping.columns.values().flat_map(sources).chain(wide).collect();
    sources.into_iter().filter(|source| header.contains(source.as_str())).count()
}

fn fits(mapping: &Mapping, kind: &Kind, header: &BTreeSet<&str>) -> bool {
    let unpivot = mapping.unpivot.as_ref();
    let has = |source: &String| header.contains(source.as_str()) || unpivot.is_some_and(|unpivot| &unpivot.value == source);
    let fed = |column: &Column| {
        let all = !column.from.is_empty() && column.from.iter().all(has);
        all || column.any.iter().any(has) || column.value.is_some() || column.default.is_some()
    };
    let needed = kind.fields.iter().filter(|field| field.required && field.default.is_none());
    let needed = needed.filter(|field| unpivot.is_none_or(|unpivot| unpivot.field != field.name));
    let wide = unpivot.is_none_or(|unpivot| unpivot.columns.keys().any(has));
    wide && needed.into_iter().all(|field| mapping.columns.get(&field.name).is_some_and(fed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitting_of(header: &str) -> Vec<String> {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        fitting(&Standard::builtin().expect("sound"), &header)
    }

    #[test]
    fn the_vendor_of_a_header_is_found() {
        let attendance = "学校标识码,班牌班级,年级,学籍号,考勤时间,学期,节次,考勤状态,请假类别,迟到分钟,症状";
        assert_eq!(fitting_of(attendance)[0], "demo_banpai");
        let wide = "考试编号,考试名称,考试类型,考试日期,学期,学校标识码,班级,年级,学籍号,语文,数学";
        assert_eq!(fitting_of(wide)[0], "demo_chengji");
        assert_eq!(fitting_of("甲,乙"), Vec::<String>::new());
    }

    #[test]
    fn only_missing_columns_bring_suggestions() {
        let standard = Standard::builtin().expect("sound");
        let error = suggest(Error::Closed, "homework", &standard);
        assert!(matches!(error, Error::Closed));
    }
}
