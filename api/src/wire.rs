//! Shapes that several answers share. What is written here is what clients may rely on.

use serde::Serialize;
use utoipa::ToSchema;

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Text {
    /// 简体中文
    pub(crate) zh: String,
    /// English
    pub(crate) en: String,
}

impl From<&xueqing_schema::Text> for Text {
    fn from(text: &xueqing_schema::Text) -> Text {
        Text { zh: text.zh.clone(), en: text.en.clone() }
    }
}

/// An RFC 9457 problem.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "documents the body that `Problem` writes")]
pub(crate) struct ProblemBody {
    /// Address of the description of this kind of problem.
    #[schema(example = "/v1/problems/unknown_parameter")]
    r#type: String,
    /// Short name, in the language that the client prefers.
    title: String,
    /// HTTP status.
    status: u16,
    /// What was wrong, where, and what to do.
    detail: String,
    /// Stable name, for programs.
    #[schema(example = "unknown_parameter")]
    code: String,
    /// Short name in 简体中文.
    title_zh: String,
    /// Short name in English.
    title_en: String,
    /// The request in the server's log.
    request_id: Option<String>,
}
