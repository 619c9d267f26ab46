//! Errors as people read them: `error[code]: what was wrong, where, and what to do`.
//!
//! The code is that of the room in which the error began; failures of the command line have codes of their own.

/// A failure that begins in the command line.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The one line, or the few, that stand for an error.
pub fn describe(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    format!("error[{}]: {text}", code(error))
}

/// The stable name of an error.
pub fn code(error: &anyhow::Error) -> &'static str {
    error.chain().find_map(code_of).unwrap_or("failed")
}

fn code_of(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    None.or_else(|| cause.downcast_ref::<Failure>().map(|error| error.code))
        .or_else(|| cause.downcast_ref::<xueqing_schema::Error>().map(xueqing_schema::Error::code))
        .or_else(|| cause.downcast_ref::<xueqing_lake::Error>().map(xueqing_lake::Error::code))
        .or_else(|| cause.downcast_ref::<xueqing_pipeline::Error>().map(xueqing_pipeline::Error::code))
        .or_else(|| cause.downcast_ref::<xueqing_query::Error>().map(xueqing_query::Error::code))
        .or_else(|| cause.downcast_ref::<xueqing_alerts::Error>().map(xueqing_alerts::Error::code))
        .or_else(|| cause.downcast_ref::<xueqing_api::Error>().map(xueqing_api::Error::code))
        .or_else(|| cause.is::<std::io::Error>().then_some("io"))
}

/// Whether the reader of our output has gone, as `head` does; that is no failure.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn an_error_tells_its_code_and_every_cause_once() {
        let inner = Err::<(), _>(Failure::new("key_missing", "no key at x.key"));
        let error = inner.context("opening the lake").expect_err("fails");
        assert_eq!(describe(&error), "error[key_missing]: opening the lake: no key at x.key");
        let plain = anyhow::anyhow!("odd");
        assert_eq!(describe(&plain), "error[failed]: odd");
    }
}
