/*---
title = { zh = "作业数据覆盖", en = "Coverage of homework data" }
unit = "share"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["school"]
grain = { zh = "一份布置的作业；时长按学生作业份数", en = "one assignment; minutes per student's piece of homework" }
source = { zh = "数据覆盖率与估计偏差：RULES B3 第 13 项、B2 已知问题 [K/D]（未核实）；数据质量：ZJ23 (二)4(1)", en = "coverage and estimate bias: indicator 13 of RULES B3, known problems in B2 [K/D] (unverified); data quality: ZJ23 (二)4(1)" }

[description]
zh = """
assignments = 作业清单中未撤回的作业数。expected = 这些作业应有的学生记录数（班级在布置日的在册人数之和，只计有名册的班级）；
rows = 这些作业实际到达的学生记录数；row_coverage = rows ÷ expected。
minutes_coverage = 已知时长的学生作业份数 ÷ 应交份数（按时、迟交、未交），含不在作业清单中的作业。
measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 全部已知时长份数。
estimate_bias = 各作业的（实测时长中位数 ÷ 教师估计时长）的中位数；1 表示估计准确，大于 1 表示实际比估计长；只取有实测与估计（大于零）的作业。
"""
en = """
assignments = assignments on the list that were not withdrawn. expected = student records they should have (students on the class roster on the day of assignment, added up; classes with a roster only);
rows = student records of those assignments that arrived; row_coverage = rows / expected.
minutes_coverage = students' pieces with known minutes / pieces expected (on time, late or missing), assignments missing from the list included.
measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes.
estimate_bias = median over assignments of (median of the measured minutes / minutes estimated by the teacher); 1 is right, above 1 the work takes longer than estimated; assignments with both (estimate above zero) only.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}
subject = {}

[[columns]]
name = "assignments"

[[columns]]
name = "expected"
title = { zh = "应有记录", en = "Records expected" }
unit = "1"

[[columns]]
name = "rows"
title = { zh = "实有记录", en = "Records arrived" }
unit = "1"

[[columns]]
name = "row_coverage"
title = { zh = "记录覆盖率", en = "Coverage of records" }
unit = "share"

[[columns]]
name = "minutes_coverage"
title = { zh = "时长覆盖率", en = "Coverage of minutes" }
unit = "share"

[[columns]]
name = "measured_share"

[[columns]]
name = "reported_share"

[[columns]]
name = "estimated_share"

[[columns]]
name = "estimate_bias"
title = { zh = "估计偏差（实测÷估计）", en = "Estimate bias (measured / estimated)" }
unit = "ratio"
---*/
WITH listed AS (
  SELECT assignment, day, school, grade, class, subject, estimated_minutes
  FROM assignment AS a
  WHERE NOT COALESCE(withdrawn, FALSE) AND {{filters a}}
),
class_days AS (SELECT DISTINCT school, class, day FROM listed),
roster AS (
  SELECT c.school, c.class, c.day, count(DISTINCT s.student) AS size
  FROM class_days AS c JOIN student AS s ON s.school = c.school AND s.class = c.class
  WHERE COALESCE(s.valid_from <= c.day, TRUE) AND COALESCE(c.day <= s.valid_to, NOT COALESCE(s.left, FALSE))
  GROUP BY c.school, c.class, c.day
),
arrived AS (
  SELECT
    assignment, count(*) AS rows,
    median(CASE WHEN minutes_source = 'measured' THEN minutes END) AS measured_minutes
  FROM homework
  WHERE ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to)
    AND ($school IS NULL OR school = $school)
  GROUP BY assignment
),
facts AS (
  SELECT
    l.day, l.school, l.grade, l.class, l.subject,
    1 AS assignments, r.size AS records_expected, CASE WHEN r.size IS NOT NULL THEN COALESCE(a.rows, 0) END AS rows,
    0 AS pieces, 0 AS timed_measured, 0 AS timed_reported, 0 AS timed_estimated,
    CASE WHEN l.estimated_minutes > 0 THEN a.measured_minutes / l.estimated_minutes END AS bias
  FROM listed AS l
  LEFT JOIN roster AS r ON r.school = l.school AND r.class = l.class AND r.day = l.day
  LEFT JOIN arrived AS a ON a.assignment = l.assignment
  UNION ALL
  SELECT
    day, school, grade, class, subject,
    0 AS assignments, NULL AS records_expected, NULL AS rows, expected AS pieces, timed_measured, timed_reported, timed_estimated,
    NULL AS bias
  FROM class_subject_day AS c
  WHERE {{filters c}}
),
dated AS (
  SELECT
    {{dimensions f}} TRUE AS whole, f.assignments, f.records_expected, f.rows, f.pieces, f.timed_measured, f.timed_reported, f.timed_estimated,
    f.timed_measured + f.timed_reported + f.timed_estimated AS timed, f.bias
  FROM facts AS f
  {{joins f}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(assignments) AS assignments, COALESCE(sum(records_expected), 0) AS expected, COALESCE(sum(rows), 0) AS rows,
    sum(pieces) AS pieces, sum(timed_measured) AS measured, sum(timed_reported) AS reported,
    sum(timed_estimated) AS estimated, sum(timed) AS timed, median(bias) AS estimate_bias
  FROM dated
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  assignments, expected, rows,
  CAST(rows AS DOUBLE) / NULLIF(expected, 0) AS row_coverage,
  CAST(timed AS DOUBLE) / NULLIF(pieces, 0) AS minutes_coverage,
  CAST(measured AS DOUBLE) / NULLIF(timed, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(timed, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(timed, 0) AS estimated_share,
  estimate_bias
FROM sums
ORDER BY {{by}} whole
