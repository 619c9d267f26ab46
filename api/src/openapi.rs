//! The OpenAPI document, made from the handlers.

use utoipa::OpenApi;

use crate::{alerts, answer, assignments, events, figures, health, live, policy, quarantine, sql, standard, value_added, wire};

/// The whole HTTP interface.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "学情 xueqing",
        description = "学生学情数据：作业、考勤、课堂、考试——接入、质检与统一口径的指标。\n\n\
            Homework, attendance, lessons and exams of a school district: ingest, checks, and figures that are defined once.\n\n\
            Failures are RFC 9457 problems with a stable `code`; all codes are at `/v1/problems`. \
            There are no accounts yet, so the server answers this machine only.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "events", description = "接入 · rows come in"),
        (name = "figures", description = "指标 · published figures and SQL"),
        (name = "alerts", description = "预警 · alerts, their rules and deliveries"),
        (name = "standard", description = "数据标准 · kinds, mappings and codes"),
        (name = "operation", description = "运行 · health, counts and problems"),
    ),
    paths(
        events::post, quarantine::list, figures::list, figures::read, policy::interrupted, policy::differences, policy::changes, policy::recent, policy::forecast, policy::quadrants, policy::agreement, policy::censored, value_added::list, value_added::read, value_added::chart, value_added::pupil, live::watch, assignments::check, sql::post, alerts::list, alerts::acknowledge, alerts::rules, standard::catalog, standard::kind, standard::codes,
        health::alive, health::ready, health::metrics, health::problems, health::problem,
    ),
    components(schemas(wire::ProblemBody, wire::Text, events::Receipt, answer::Table)),
)]
pub(crate) struct Document;
