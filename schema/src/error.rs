//! What can be wrong with the files of the data standard.

/// An error in a file of the standard, or a name that the standard does not know.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{file}: {reason}")]
    Invalid { file: String, reason: String },
    #[error("unknown {what} \"{name}\": known are {}", known.join(", "))]
    Unknown { what: &'static str, name: String, known: Vec<String> },
    #[error("{0}: an SQL file opens with its description between \"/*---\" and \"---*/\"")]
    FrontMatter(String),
}

impl Error {
    pub(crate) fn invalid(file: &str, reason: impl std::fmt::Display) -> Self {
        Self::Invalid { file: file.to_owned(), reason: reason.to_string() }
    }

    /// A stable name of the error, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "standard_invalid",
            Self::Unknown { what, .. } => match *what {
                "kind" => "unknown_kind",
                "code set" => "unknown_code_set",
                _ => "unknown_mapping",
            },
            Self::FrontMatter(_) => "front_matter",
        }
    }
}
