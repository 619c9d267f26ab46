//! The titles of a table's columns, written in one row or in two, and which of the mapping's sources they are.
//!
//! Promises: of two rows, `语文` over `成绩` is known as `语文成绩`, as `语文/成绩`, as the lower title alone, and as `语文` alone only where
//! the lower title says that it is the value itself – a rank is never taken for a score. A source stands for one column.

use super::plan::Plan;

/// Lower titles under which the upper one names the value itself.
const VALUE: [&str; 12] =
    ["成绩", "分数", "得分", "分", "总分", "原始分", "卷面分", "考试成绩", "score", "scores", "mark", "marks"];

#[derive(Default)]
pub(super) struct Titles {
    /// The source that each column is.
    pub slots: Vec<Option<usize>>,
    /// What to call each column.
    pub names: Vec<String>,
    /// A source that two columns claim to be.
    pub twice: Option<String>,
}

impl Titles {
    pub fn of_one(plan: &Plan, cells: &[String]) -> Self {
        Self::assign(plan, cells.to_vec(), &cells.iter().map(|cell| vec![cell.clone(), squeezed(cell)]).collect::<Vec<_>>())
    }

    /// A title in the upper row holds for the columns to its right whose own is blank, as far as they have a lower one.
    pub fn of_two(plan: &Plan, upper: &[String], lower: &[String]) -> Self {
        let cell = |row: &[String], column: usize| row.get(column).map(|cell| squeezed(cell)).unwrap_or_default();
        let (mut names, mut alternatives, mut last) = (Vec::new(), Vec::new(), String::new());
        for column in 0..upper.len().max(lower.len()) {
            let (own, below) = (cell(upper, column), cell(lower, column));
            if !own.is_empty() {
                last.clone_from(&own);
            }
            let above = if own.is_empty() && !below.is_empty() { last.clone() } else { own };
            let (name, known_as) = both(&above, &below);
            names.push(name);
            alternatives.push(known_as);
        }
        Self::assign(plan, names, &alternatives)
    }

    /// Gives sources to columns, the surest alternative of all columns first.
    fn assign(plan: &Plan, names: Vec<String>, alternatives: &[Vec<String>]) -> Self {
        let mut titles = Self { slots: vec![None; names.len()], names, twice: None };
        let surest = alternatives.iter().map(Vec::len).max().unwrap_or(0);
        for level in 0..surest {
            let before = titles.slots.clone();
            for (column, names) in alternatives.iter().enumerate() {
                let Some(slot) = names.get(level).and_then(|name| plan.sources.get(name).copied()) else { continue };
                if before[column].is_some() || before.contains(&Some(slot)) {
                    continue;
                }
                if titles.slots.contains(&Some(slot)) {
                    titles.twice.get_or_insert_with(|| names[level].clone());
                }
                titles.slots[column] = Some(slot);
            }
        }
        titles
    }

    /// How many columns are known.
    pub fn known(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// What tells delimiters apart.
    pub fn rank(&self) -> (usize, usize) {
        (self.known(), self.names.len())
    }
}

/// What to call a column of two titles, and what it is known as, the surest first.
fn both(above: &str, below: &str) -> (String, Vec<String>) {
    if below.is_empty() || above == below {
        return (above.to_owned(), vec![above.to_owned()]);
    }
    if above.is_empty() {
        return (below.to_owned(), vec![below.to_owned()]);
    }
    let mut known_as = vec![format!("{above}{below}"), format!("{above}/{below}")];
    let value = VALUE.iter().any(|value| below.eq_ignore_ascii_case(value));
    known_as.push(if value { above.to_owned() } else { String::new() });
    known_as.push(below.to_owned());
    (format!("{above}/{below}"), known_as)
}

/// Without the spaces and line breaks that make a Chinese title fit its column; between Latin words one is kept.
fn squeezed(title: &str) -> String {
    let mut squeezed = String::with_capacity(title.len());
    for word in title.split_whitespace() {
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if latin(squeezed.chars().next_back()) && latin(word.chars().next()) {
            squeezed.push(' ');
        }
        squeezed.push_str(word);
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("语文", "成绩", &["语文成绩", "语文/成绩", "语文", "成绩"])]
    #[case("语文", "排名", &["语文排名", "语文/排名", "", "排名"])]
    #[case("学号", "", &["学号"])]
    #[case("学号", "学号", &["学号"])]
    #[case("", "学号", &["学号"])]
    fn two_titles_have_many_names(#[case] above: &str, #[case] below: &str, #[case] known_as: &[&str]) {
        assert_eq!(both(above, below).1, known_as);
    }

    #[rstest]
    #[case("学 籍\n号", "学籍号")]
    #[case("Student  number", "Student number")]
    #[case("用时 (分钟)", "用时(分钟)")]
    fn titles_are_squeezed(#[case] title: &str, #[case] expected: &str) {
        assert_eq!(squeezed(title), expected);
    }
}
