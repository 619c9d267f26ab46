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
rows = 这些作业当日实际到达的学生记录数；row_coverage = rows ÷ expected。
minutes_coverage = 已知时长的学生作业份数 ÷ 应交份数（按时、迟交、未交），含不在作业清单中的作业。
measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 全部已知时长份数。
estimate_bias = 各作业的（实测时长中位数 ÷ 教师估计时长，取到百分之一）的中位数；1 表示估计准确，大于 1 表示实际比估计长；只取有实测与估计（大于零）的作业。
"""
en = """
assignments = assignments on the list that were not withdrawn. expected = student records they should have (students on the class roster on the day of assignment, added up; classes with a roster only);
rows = student records of those assignments, of the same day, that arrived; row_coverage = rows / expected.
minutes_coverage = students' pieces with known minutes / pieces expected (on time, late or missing), assignments missing from the list included.
measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes.
estimate_bias = median over assignments of (median of the measured minutes / minutes estimated by the teacher, to a hundredth); 1 is right, above 1 the work takes longer than estimated; assignments with both (estimate above zero) only.
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

# Assignments on the list, with what arrived of them on their day.
[grains.listed]
class = """
WITH arrived AS (
  SELECT
    day, school, assignment, count(*) AS rows,
    CAST(2 * median(round(minutes * 60)) FILTER (WHERE minutes_source = 'measured') AS BIGINT) AS half_seconds
  FROM homework
  GROUP BY day, school, assignment
),
roster AS (
  SELECT c.school, c.class, c.day, count(DISTINCT s.student) AS size
  FROM (SELECT DISTINCT school, class, day FROM assignment WHERE NOT COALESCE(withdrawn, FALSE)) AS c
  JOIN student AS s ON s.school = c.school AND s.class = c.class
  WHERE COALESCE(s.valid_from <= c.day, TRUE) AND COALESCE(c.day <= s.valid_to, NOT COALESCE(s.left, FALSE))
  GROUP BY c.school, c.class, c.day
),
listed AS (
  SELECT
    a.day, a.school, a.grade, a.class, a.subject, r.size, CASE WHEN r.size IS NOT NULL THEN COALESCE(h.rows, 0) END AS rows,
    h.half_seconds, NULLIF(CAST(round(a.estimated_minutes * 120) AS BIGINT), 0) AS estimated
  FROM assignment AS a
  LEFT JOIN roster AS r ON r.school = a.school AND r.class = a.class AND r.day = a.day
  LEFT JOIN arrived AS h ON h.day = a.day AND h.school = a.school AND h.assignment = a.assignment
  WHERE NOT COALESCE(a.withdrawn, FALSE)
)
SELECT
  day, school, grade, {class} subject, count(*) AS assignments, sum(size) AS records_expected, sum(rows) AS rows,
  histogram((200 * half_seconds + estimated) / (2 * estimated)) AS biases
FROM listed
GROUP BY {class} day, school, grade, subject
"""

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
WITH cells AS (
  SELECT {{dimensions d}} TRUE AS whole, d.assignments, d.records_expected, d.rows, d.biases
  FROM {{listed}} AS d
  {{joins d}}
  WHERE {{filters d}}
  UNION ALL BY NAME
  SELECT {{dimensions d}} TRUE AS whole, d.expected AS pieces, d.timed_measured AS measured, d.timed_reported AS reported, d.timed_estimated AS estimated
  FROM {{subject_load}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, COALESCE(sum(assignments), 0) AS assignments, COALESCE(sum(records_expected), 0) AS expected, COALESCE(sum(rows), 0) AS rows,
    sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated,
    sum(measured + reported + estimated) AS timed, histogram_sum(biases) AS biases
  FROM cells
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
  histogram_decile(biases, 5) / 100 AS estimate_bias
FROM sums
ORDER BY {{by}} whole
