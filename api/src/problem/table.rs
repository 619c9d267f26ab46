//! The one table from codes to HTTP.
//!
//! Promise: each failure that can leave the process over HTTP has one row here: a stable code, its status and its
//! title in Chinese and English. A code without a row is answered as `internal`, so nothing unlisted leaks.

use serde::Serialize;

/// One kind of problem.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Stable name, for programs.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Title in 简体中文.
    pub zh: &'static str,
    /// Title in English.
    pub en: &'static str,
    /// Whether the client may read the message; else only the log has it.
    #[serde(skip)]
    pub open: bool,
}

const fn row(code: &'static str, status: u16, zh: &'static str, en: &'static str) -> Entry {
    Entry { code, status, zh, en, open: true }
}

const fn hidden(code: &'static str, status: u16, zh: &'static str, en: &'static str) -> Entry {
    Entry { code, status, zh, en, open: false }
}

/// The row of everything that is not listed.
pub const INTERNAL: Entry = hidden("internal", 500, "服务器内部错误", "internal error");

/// Every problem that this API answers with.
pub const TABLE: &[Entry] = &[
    INTERNAL,
    // The request itself.
    row("bad_request", 400, "请求无法理解", "bad request"),
    row("bad_body", 400, "请求体读不完整或已损坏", "unreadable body"),
    row("bad_parameter", 400, "参数值无效", "invalid parameter"),
    row("unknown_parameter", 400, "没有这个参数", "unknown parameter"),
    row("invalid_json", 400, "JSON 格式错误", "invalid JSON"),
    row("host_not_local", 403, "只接受本机地址的访问", "host is not local"),
    row("origin_not_local", 403, "拒绝其他网站发起的请求", "origin is not local"),
    row("not_found", 404, "没有这个地址", "not found"),
    row("method_not_allowed", 405, "此地址不支持该方法", "method not allowed"),
    row("not_acceptable", 406, "没有可接受的返回格式", "no acceptable format"),
    row("body_timeout", 408, "等待请求体超时", "body did not arrive in time"),
    row("body_too_large", 413, "请求体过大", "body too large"),
    row("unsupported_media_type", 415, "不支持的内容类型", "unsupported media type"),
    row("unsupported_encoding", 415, "不支持的压缩方式", "unsupported content encoding"),
    row("too_many_requests", 429, "请求过多，请稍后再试", "too many requests"),
    row("not_ready", 503, "服务尚未就绪", "not ready"),
    row("request_timeout", 504, "处理超时", "request timed out"),
    // Names that the data standard does not know.
    row("unknown_kind", 404, "没有这个数据类别", "unknown kind"),
    row("unknown_mapping", 404, "没有这个数据类别或厂商映射", "unknown kind or vendor mapping"),
    row("unknown_code_set", 404, "没有这个代码集", "unknown code set"),
    // Rows that come in.
    row("columns", 422, "缺少必需的列", "required column missing"),
    row("header", 422, "表头无法使用", "unusable header"),
    row("encoding", 400, "没有这种字符编码", "unknown text encoding"),
    row("unreadable", 400, "数据无法读取", "unreadable data"),
    row("row_rejected", 422, "数据不符合数据标准", "row breaks the data standard"),
    row("identity_busy", 409, "同一幂等键的内容正在接收", "the same input is being taken"),
    row("identity_reused", 422, "同一幂等键用于不同内容", "idempotency key reused for other content"),
    row("closed", 503, "服务正在停止，请稍后再发送", "the server is stopping"),
    // Figures and SQL.
    row("unknown_metric", 404, "没有这个指标", "unknown figure"),
    row("unknown_dimension", 400, "指标没有这个维度", "unknown dimension"),
    row("repeated_dimension", 400, "维度重复", "repeated dimension"),
    row("not_read_only", 403, "只允许查询，不允许修改", "only reading is allowed"),
    row("unknown_table", 400, "没有这张表", "unknown table"),
    row("bad_sql", 400, "SQL 无法执行", "SQL that cannot be run"),
    row("sql_too_deep", 422, "SQL 嵌套过深", "SQL too deep"),
    row("sql_too_long", 413, "SQL 过长", "SQL too long"),
    row("too_many_rows", 422, "结果行数过多", "too many rows"),
    row("memory_limit", 422, "查询所需内存过多", "query needs too much memory"),
    row("time_limit", 504, "查询超时", "query timed out"),
    // Alerts.
    row("unknown_alert", 404, "没有这条预警", "unknown alert"),
    row("unknown_rule", 404, "没有这条预警规则", "unknown alert rule"),
    row("alert_resolved", 409, "预警已解除", "the alert is resolved"),
    row("bad_acknowledgement", 422, "确认须写明是谁", "acknowledgement without a name"),
    row("not_answerable", 422, "数据不足以回答", "the data cannot support an answer"),
    row("unknown_release", 404, "没有这个发布", "unknown release"),
    // Storage: the details stay in the log.
    hidden("lake_full", 507, "存储空间已满，腾出空间后自动恢复接收", "storage is full; rows are taken again once there is room"),
    hidden("lake_conflict", 503, "存储正忙，请稍后再试", "storage is busy"),
    hidden("lake_lock", 503, "存储无法锁定", "storage cannot be locked"),
    hidden("lake_storage", 503, "存储读写失败", "storage failed"),
    hidden("lake_log", 503, "数据表日志读写失败", "storage log failed"),
];

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        let codes: BTreeSet<_> = TABLE.iter().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), TABLE.len());
        assert!(TABLE.iter().all(|entry| (400..600).contains(&entry.status)));
    }

    #[test]
    fn every_title_is_in_both_languages() {
        for entry in TABLE {
            assert!(entry.zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{}", entry.code);
            assert!(!entry.en.is_empty() && entry.en.is_ascii(), "{}", entry.code);
        }
    }
}
