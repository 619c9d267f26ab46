//! The whole standard: every kind, code set and mapping, built in or a district's own.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_embed::RustEmbed;

use crate::{CodeSet, Error, Kind, Mapping};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR"]
#[include = "kinds/*.toml"]
#[include = "codes/*.toml"]
#[include = "vendors/*.toml"]
struct Files;

/// Every kind, code set and mapping in force.
#[derive(Clone, Debug, Default)]
pub struct Standard {
    kinds: BTreeMap<String, Arc<Kind>>,
    codes: BTreeMap<String, Arc<CodeSet>>,
    mappings: BTreeMap<String, Arc<Mapping>>,
}

impl Standard {
    /// The standard as it comes with the program.
    pub fn builtin() -> Result<Self, Error> {
        let files = Files::iter().filter_map(|path| {
            let file = Files::get(&path)?;
            Some((path.to_string(), String::from_utf8_lossy(&file.data).into_owned()))
        });
        Self::default().extend(files)
    }

    /// Adds a district's files (`kinds/x.toml`, `codes/x.toml`, `vendors/x.toml`); one with a known name replaces the built-in, and
    /// a code set that `extends` replaces only the codes that it lists, from the day on which they begin.
    pub fn extend(mut self, files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        for (path, text) in files {
            self.add(&path, &text)?;
        }
        self.check()?;
        Ok(self)
    }

    fn add(&mut self, path: &str, text: &str) -> Result<(), Error> {
        let parts = path.strip_suffix(".toml").and_then(|path| path.rsplit_once('/'));
        let (folder, name) = parts.ok_or_else(|| Error::invalid(path, "expected kinds/, codes/ or vendors/ and a .toml file"))?;
        match folder {
            "kinds" => drop(self.kinds.insert(name.to_owned(), Arc::new(Kind::parse(name, text)?))),
            "codes" => {
                let set = CodeSet::parse(name, text, self.codes.get(name).map(Arc::as_ref))?;
                self.codes.insert(name.to_owned(), Arc::new(set));
            }
            "vendors" => drop(self.mappings.insert(name.to_owned(), Arc::new(Mapping::parse(name, text)?))),
            _ => return Err(Error::invalid(path, "expected a file in kinds/, codes/ or vendors/")),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        for kind in self.kinds.values() {
            for set in kind.fields.iter().filter_map(|field| field.codes.as_deref()) {
                self.code_set(set).map_err(|e| Error::invalid(&format!("kinds/{}.toml", kind.name), e))?;
            }
        }
        self.mappings.values().try_for_each(|mapping| mapping.check(self))
    }

    pub fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.values()
    }

    pub fn code_sets(&self) -> impl Iterator<Item = &Arc<CodeSet>> {
        self.codes.values()
    }

    pub fn mappings(&self) -> impl Iterator<Item = &Arc<Mapping>> {
        self.mappings.values()
    }

    pub fn kind(&self, name: &str) -> Result<&Arc<Kind>, Error> {
        self.kinds.get(name).ok_or_else(|| unknown("kind", name, self.kinds.keys()))
    }

    pub fn code_set(&self, name: &str) -> Result<&Arc<CodeSet>, Error> {
        self.codes.get(name).ok_or_else(|| unknown("code set", name, self.codes.keys()))
    }

    /// A vendor's mapping, or the standard mapping of a kind.
    pub fn mapping(&self, name: &str) -> Result<Arc<Mapping>, Error> {
        if let Some(mapping) = self.mappings.get(name) {
            return Ok(mapping.clone());
        }
        let known = self.mappings.keys().chain(self.kinds.keys());
        let kind = self.kinds.get(name).ok_or_else(|| unknown("mapping", name, known))?;
        Ok(Arc::new(Mapping::standard(kind)))
    }
}

fn unknown<'a>(what: &'static str, name: &str, known: impl Iterator<Item = &'a String>) -> Error {
    Error::Unknown { what, name: name.to_owned(), known: known.cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_standard_is_sound() {
        let standard = Standard::builtin().expect("sound");
        for kind in ["assignment", "homework", "attendance", "interaction", "assessment", "student", "class", "school"] {
            assert!(standard.kind(kind).is_ok(), "{kind}");
        }
    }

    #[test]
    fn a_district_adds_its_own_kind_and_mapping() {
        let kind = "title = { zh = '晨读', en = 'Morning reading' }\ndescription = { zh = '', en = '' }\nrole = 'event'\n\
            key = ['student', 'day']\ntime = 'at'\n\
            [[field]]\nname = 'student'\ntype = 'identifier'\nperson = 'student'\nrequired = true\ntitle = { zh = '学号', en = 'Student' }\n\
            [[field]]\nname = 'at'\ntype = 'timestamp'\nrequired = true\ntitle = { zh = '时间', en = 'Time' }\n";
        let vendor = "kind = 'reading'\ntitle = { zh = '晨读机', en = 'Reader' }\n\
            [columns]\nstudent = { from = ['XH'] }\nat = { from = ['SJ'] }\n";
        let files = [("kinds/reading.toml", kind), ("vendors/reader.toml", vendor)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let standard = Standard::builtin().and_then(|s| s.extend(files)).expect("sound");
        assert_eq!(standard.mapping("reader").expect("known").kind, "reading");
        assert_eq!(standard.mapping("reading").expect("known").columns["at"].any[1], "时间");
    }

    #[test]
    fn a_mapping_with_an_unknown_code_is_refused() {
        let vendor = "kind = 'attendance'\ntitle = { zh = '甲', en = 'a' }\n[columns]\nstatus = { from = ['s'], values = { '1' = 'asleep' } }\n";
        let files = [("vendors/a.toml".to_owned(), vendor.to_owned())];
        let error = Standard::builtin().and_then(|s| s.extend(files)).expect_err("refused").to_string();
        assert_eq!(error, "vendors/a.toml: columns.status: \"asleep\" is no code of its set");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = Standard::builtin().expect("sound").kind("homewrok").expect_err("unknown").to_string();
        assert!(error.starts_with("unknown kind \"homewrok\": known are after_school, assessment, assignment"), "{error}");
    }
}
