//! What is said with every release: is it steady from year to year, and do the subjects of a year agree?
//!
//! Promise: worked out from what was published, when it is read; where there is nothing to hold a release against, that is said.

use serde::Serialize;
use xueqing_schema::Text;

use super::asked::Asked;
use super::compare::{Comparison, Side, compare};
use super::refusal::{Refusal, given};
use super::release::Release;

/// A release with what is said of it.
#[derive(Clone, Debug, Serialize)]
pub struct Reported {
    #[serde(flatten)]
    pub release: Release,
    /// Against the latest earlier year of the same subject, grade and method.
    #[serde(serialize_with = "given")]
    pub stability: Result<Against, Refusal>,
    /// Against the other subjects of the same year, grade and method.
    #[serde(serialize_with = "given")]
    pub subjects: Result<Vec<Against>, Refusal>,
}

/// Another release, and how far this one agrees with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Against {
    pub release: String,
    pub title: Text,
    pub subject: Option<String>,
    pub year: Option<i32>,
    #[serde(serialize_with = "given")]
    pub comparison: Result<Comparison, Refusal>,
}

/// Holds a release against the others.
pub fn reported(release: &Release, all: &[Release]) -> Reported {
    let others: Vec<(&Release, Asked)> = all.iter().filter_map(|it| Some((it, Asked::read(&it.model).ok()?))).collect();
    let (stability, subjects) = match Asked::read(&release.model) {
        Ok(asked) if asked.about.subject.is_some() && asked.about.year.is_some() => {
            let own = Own { side: side(release, asked), others };
            (own.stability(), own.subjects())
        }
        _ => (Err(Refusal::NotAbout), Err(Refusal::NotAbout)),
    };
    Reported { release: release.clone(), stability, subjects }
}

/// A release as one side of a comparison.
pub fn side(release: &Release, asked: Asked) -> Side {
    Side { name: release.release.clone(), asked, result: release.result.clone() }
}

struct Own<'a> {
    side: Side,
    /// The oldest first.
    others: Vec<(&'a Release, Asked)>,
}

impl Own<'_> {
    /// Those of the same grade and method.
    fn alike(&self) -> impl Iterator<Item = &(&Release, Asked)> {
        let own = &self.side.asked;
        self.others.iter().filter(|(_, it)| it.about.grade == own.about.grade && it.method.is_like(&own.method))
    }

    fn stability(&self) -> Result<Against, Refusal> {
        let own = &self.side.asked.about;
        let earlier = self
            .alike()
            .filter(|(_, it)| it.about.subject == own.subject && it.about.year.is_some_and(|year| Some(year) < own.year));
        // Of several releases of one year the last made.
        let before = earlier.max_by_key(|(_, it)| it.about.year).ok_or(Refusal::NoEarlierRelease)?;
        Ok(self.against(before))
    }

    fn subjects(&self) -> Result<Vec<Against>, Refusal> {
        let own = &self.side.asked.about;
        let same_year = self
            .alike()
            .filter(|(_, it)| it.about.year == own.year && it.about.subject.is_some() && it.about.subject != own.subject);
        let latest: std::collections::BTreeMap<_, _> = same_year.map(|other| (&other.1.about.subject, other)).collect();
        if latest.is_empty() {
            Err(Refusal::NoOtherSubject)
        } else {
            Ok(latest.into_values().map(|other| self.against(other)).collect())
        }
    }

    fn against(&self, (other, asked): &(&Release, Asked)) -> Against {
        Against {
            release: other.release.clone(),
            title: other.title.clone(),
            subject: asked.about.subject.clone(),
            year: asked.about.year,
            comparison: compare(&self.side, &side(other, asked.clone())),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::compare::tests::side;
    use super::*;

    pub(in super::super) fn release(name: &str, subject: &str, year: i32, step: f64) -> Release {
        let side = side(name, subject, year, step);
        Release {
            release: name.to_owned(),
            made_at: Default::default(),
            title: side.asked.title.clone(),
            model: side.asked.write().unwrap(),
            code: "1".to_owned(),
            as_of: Default::default(),
            result: side.result,
        }
    }

    #[test]
    fn a_release_is_held_against_the_year_before_and_against_other_subjects() {
        let all = [
            release("1", "math", 2023, 1.0),
            release("2", "math", 2025, 4.0),
            release("3", "math", 2025, 3.5),
            release("4", "english", 2026, -2.0),
            release("5", "math", 2026, 3.0),
            release("6", "english", 2026, 2.0),
        ];
        let found = reported(&all[4], &all);
        let before = found.stability.as_ref().unwrap();
        assert_eq!((before.release.as_str(), before.year), ("3", Some(2025)), "of the latest earlier year the last made");
        assert!(before.comparison.as_ref().unwrap().levels[0].agreement.as_ref().unwrap().correlation > 0.9);
        let subjects = found.subjects.as_ref().unwrap();
        assert_eq!(subjects.iter().map(|it| it.release.as_str()).collect::<Vec<_>>(), ["6"]);
        let text = serde_json::to_value(&found).unwrap();
        assert_eq!((text["release"].as_str(), text["stability"]["year"].as_i64()), (Some("5"), Some(2025)));
        let first = serde_json::to_value(reported(&all[0], &all)).unwrap();
        assert_eq!(first["stability"]["refused"]["code"], "no_earlier_release");
        assert!(first["stability"]["refused"]["zh"].as_str().unwrap().contains("没有更早的发布"));
        assert_eq!(first["subjects"]["refused"]["code"], "no_other_subject");
    }

    #[test]
    fn a_release_that_does_not_say_what_it_is_of_says_so() {
        let mut bare = release("1", "math", 2025, 1.0);
        bare.model = bare.model.replace("year = 2025\n", "");
        assert_eq!(reported(&bare, &[bare.clone()]).stability, Err(Refusal::NotAbout));
    }
}
