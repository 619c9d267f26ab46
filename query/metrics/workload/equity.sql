/*---
title = { zh = "作业时长校际差异系数与城乡之比（学校按学生数加权）", en = "Homework minutes between schools: weighted CV and town–country ratio" }
unit = "ratio"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "public", "stage", "grade",
]
default_by = ["stage"]
grain = { zh = "一所学校的学生日均作业时长，按其学生数加权", en = "one school's mean homework minutes per student-day, weighted by its pupils" }
source = { zh = "差异系数公式：优质均衡标准 [F64][K]（S=√(Σp(X−X̄)²/Σp)，CV=S/X̄）；指标：RULES B3 第 20 项 [D]", en = "formula of the CV: balance standard [F64][K] (S = sqrt(sum p (X - mean)^2 / sum p), CV = S / mean); indicator 20 of RULES B3 [D]" }

[description]
zh = """
X = 每所学校组内的已知时长之和 ÷ 学生日数（学生日见 workload/daily_minutes）；p = 其中有已知时长的学生数，取最多的一天。students = Σp；schools = 有 X 的学校数；mean_minutes = Σp·X ÷ Σp（不同于全体学生日的均值）。
school_cv = √(Σp(X − mean)² ÷ Σp) ÷ mean，少于两所学校为空。city_minutes、town_minutes、village_minutes = 城区（11x）、镇区（12x）、乡村（2xx）学校的已知时长之和 ÷ 学生日数；village_city_ratio = 乡村 ÷ 城区。measured_share、reported_share、estimated_share = 该来源的已知时长份数 ÷ 已知时长份数。coverage = 已知时长份数 ÷ 应交份数。
不同学段的上限不同，比较学校请按 stage 或 grade 分组。
"""
en = """
X = a school's known minutes in the group / its student-days (see workload/daily_minutes); p = its pupils with known minutes on the day that has most of them. students = sum of p; schools = schools with an X; mean_minutes = sum of p X / sum of p (not the mean over all student-days).
school_cv = sqrt(sum of p (X - mean)^2 / sum of p) / mean, empty for fewer than two schools. city_minutes, town_minutes, village_minutes = known minutes / student-days of schools in city (11x), town (12x) and village (2xx) areas; village_city_ratio = village / city. measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes. coverage = pieces with known minutes / pieces expected.
Stages have different limits: to compare schools, group by stage or grade.
"""

[params]
from = {}
to = {}
region = {}
county = {}
grade = {}
urban_rural = {}
area = {}

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "schools"

[[columns]]
name = "mean_minutes"
title = { zh = "校均时长（加权）", en = "Weighted mean of schools" }
unit = "min"

[[columns]]
name = "school_cv"
title = { zh = "校际差异系数", en = "CV between schools" }
unit = "ratio"

[[columns]]
name = "city_minutes"
title = { zh = "城区时长", en = "City minutes" }
unit = "min"

[[columns]]
name = "town_minutes"
title = { zh = "镇区时长", en = "Town minutes" }
unit = "min"

[[columns]]
name = "village_minutes"
title = { zh = "乡村时长", en = "Village minutes" }
unit = "min"

[[columns]]
name = "village_city_ratio"
title = { zh = "乡村与城区之比", en = "Village / city" }
unit = "ratio"

[[columns]]
name = "measured_share"

[[columns]]
name = "reported_share"

[[columns]]
name = "estimated_share"

[[columns]]
name = "coverage"
---*/
WITH loads AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.school AS in_school, d.load_students AS students, d.students_by_day,
    d.timed_measured AS measured, d.timed_reported AS reported, d.timed_estimated AS estimated, d.homework_expected AS expected,
    d.seconds_measured + d.seconds_reported + d.seconds_estimated AS seconds
  FROM {{load by school}} AS d
  {{joins d}}
  WHERE d.homework_expected + d.homework_exempt > 0 AND {{filters d}}
),
schools AS (
  SELECT
    {{by}} TRUE AS whole, in_school, CAST(histogram_most(histogram_sum(students_by_day)) AS DOUBLE) AS pupils, sum(students) AS days, sum(seconds) AS seconds,
    sum(seconds) / 60.0 / NULLIF(sum(students), 0) AS minutes, sum(measured + reported + estimated) AS pieces,
    sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated, sum(expected) AS expected
  FROM loads
  GROUP BY {{by}} TRUE, in_school
),
areas AS (SELECT s.school AS in_school, u.area AS in_area FROM school AS s JOIN code_urban_rural AS u ON u.code = s.urban_rural),
sums AS (
  SELECT
    {{by}} TRUE AS whole, CAST(sum(pupils) AS BIGINT) AS students, count(minutes) AS schools,
    sum(pupils * minutes) / NULLIF(sum(CASE WHEN minutes IS NOT NULL THEN pupils END), 0) AS mean, weighted_deviation(minutes, pupils) AS deviation,
    sum(seconds) FILTER (WHERE in_area = '城区') / 60.0 / NULLIF(sum(days) FILTER (WHERE in_area = '城区'), 0) AS city,
    sum(seconds) FILTER (WHERE in_area = '镇区') / 60.0 / NULLIF(sum(days) FILTER (WHERE in_area = '镇区'), 0) AS town,
    sum(seconds) FILTER (WHERE in_area = '乡村') / 60.0 / NULLIF(sum(days) FILTER (WHERE in_area = '乡村'), 0) AS village,
    sum(pieces) AS pieces, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated, sum(expected) AS expected
  FROM schools LEFT JOIN areas USING (in_school)
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, schools, mean AS mean_minutes,
  CASE WHEN schools > 1 THEN deviation / NULLIF(mean, 0) END AS school_cv,
  city AS city_minutes, town AS town_minutes, village AS village_minutes,
  village / NULLIF(city, 0) AS village_city_ratio,
  CAST(measured AS DOUBLE) / NULLIF(pieces, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(pieces, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(pieces, 0) AS estimated_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
