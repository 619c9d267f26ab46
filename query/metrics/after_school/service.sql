/*---
title = { zh = "课后服务（分母：学校、在册学生、教师）", en = "After-school service (of schools, pupils on the roster, teachers)" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一名学生在一天的课后服务", en = "one pupil's after-school service of one day" }
source = { zh = "“5+2”：每周 5 天、每天至少 2 小时 [F11]；2023-12 四部门通知：晚自习、早到校、午间看护不是课后服务 [F12]；指标：RULES B3 第 15 项 [D]", en = "\"5+2\": five days a week, at least two hours a day [F11]; four-ministry notice of 2023-12: evening study, early arrival and lunch care are none [F12]; indicator 15 of RULES B3 [D]" }

[description]
zh = """
只计代码集 after_school_services 中 counts = yes 的服务；not_service_days = 其余服务（晚自习等）的学生日数。schools = 登记学校数；schools_share = 有课后服务记录的学校 ÷ schools；roster = 组内有服务的日子里登记在册的不同学生数；
students = 参加的不同学生数；participation = students ÷ roster（学校登记与名册按组内维度对应）。student_days = 学生 × 日；days_per_week = student_days ÷ 学生周数（参加过的学生 × 周）；
mean_hours = 每个学生日从最早开始到最晚结束的小时数（减去间隔：按各次服务时长之和）的均值，只取结束时间都已知的学生日；hours_coverage = 这样的学生日 ÷ student_days；two_hours_share = 其中不少于 hours（默认 2）小时的占比。
median_end = 学生日最晚结束时间（学区当地，一天中的分钟数）的中位数，显示为分钟。teachers = 服务记录中的不同教师数；teacher_share = teachers ÷ 任课表中的不同教师数。
"""
en = """
Only services whose counts is yes in the code set after_school_services; not_service_days = student-days of the others (evening study and so on). schools = schools in the register; schools_share = schools with service records / schools; roster = different pupils on the roster on days with service;
students = different pupils who took part; participation = students / roster. student_days = pupils x days; days_per_week = student_days / pupil-weeks (pupils x weeks in which they took part);
mean_hours = mean over student-days of the hours of their services added up, of student-days whose ends are all known; hours_coverage = these / student_days; two_hours_share = those with at least `hours` hours (2 unless said).
median_end = median over student-days of the latest end, in minutes after midnight of the district's clock. teachers = different teachers in the records; teacher_share = teachers / different teachers of the teaching list.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}
hours = { type = "number", default = 2, title = { zh = "每天至少小时数", en = "Hours a day at least" } }

[[columns]]
name = "students"
title = { zh = "参加学生数", en = "Pupils who took part" }
unit = "1"

[[columns]]
name = "schools"

[[columns]]
name = "schools_share"
title = { zh = "开展学校占比", en = "Share of schools with service" }
unit = "share"

[[columns]]
name = "roster"
title = { zh = "在册学生数", en = "Pupils on the roster" }
unit = "1"

[[columns]]
name = "participation"
title = { zh = "参加率", en = "Participation" }
unit = "share"

[[columns]]
name = "student_days"

[[columns]]
name = "days_per_week"
title = { zh = "每周天数", en = "Days a week" }
unit = "d"

[[columns]]
name = "mean_hours"
title = { zh = "平均小时数", en = "Mean hours a day" }
unit = "h"

[[columns]]
name = "hours_coverage"
title = { zh = "时长覆盖率", en = "Coverage of hours" }
unit = "share"

[[columns]]
name = "two_hours_share"
title = { zh = "满两小时占比", en = "Share with two hours" }
unit = "share"

[[columns]]
name = "median_end"
title = { zh = "结束时间中位数（零点后分钟）", en = "Median end (minutes after midnight)" }
unit = "min"

[[columns]]
name = "teachers"
title = { zh = "参与教师数", en = "Teachers who took part" }
unit = "1"

[[columns]]
name = "teacher_share"
title = { zh = "教师参与率", en = "Share of teachers" }
unit = "share"

[[columns]]
name = "not_service_days"
title = { zh = "非课后服务学生日", en = "Student-days of what is no service" }
unit = "1"
---*/
WITH stays AS (
  SELECT
    a.day, a.school, a.grade, a.class, a.student, a.teacher, c.counts = 'yes' AS counts,
    (CAST(a.ends_at AS BIGINT) - CAST(a.starts_at AS BIGINT)) / 1000000 AS seconds,
    date_part('hour', a.ends_at AT TIME ZONE {{timezone}}) * 60 + date_part('minute', a.ends_at AT TIME ZONE {{timezone}}) AS ends
  FROM after_school AS a JOIN code_after_school_services AS c ON c.code = a.service
  WHERE {{filters a}}
),
days AS (SELECT DISTINCT day FROM stays),
placed AS (
  SELECT {{dimensions s}} TRUE AS whole, s.student, s.day AS on_day, CAST(date_trunc('week', s.day) AS DATE) AS in_week, s.school AS in_school, s.teacher, s.counts, s.seconds, s.ends
  FROM stays AS s
  {{joins s}}
),
student_days AS (
  SELECT
    {{by}} TRUE AS whole, student, on_day, in_week, bool_or(counts) AS served, bool_or(NOT counts) AS other,
    sum(seconds) FILTER (WHERE counts) AS seconds, count(*) FILTER (WHERE counts AND seconds IS NULL) AS open, max(ends) FILTER (WHERE counts) AS ends
  FROM placed
  GROUP BY {{by}} TRUE, student, on_day, in_week
),
day_sums AS (
  SELECT
    {{by}} TRUE AS whole, count(DISTINCT CASE WHEN served THEN student END) AS students, count(*) FILTER (WHERE served) AS student_days,
    count(DISTINCT CASE WHEN served THEN concat(student, ' ', to_char(in_week, '%Y-%m-%d')) END) AS student_weeks,
    sum(seconds) FILTER (WHERE served AND open = 0) AS seconds, count(*) FILTER (WHERE served AND open = 0) AS timed,
    count(*) FILTER (WHERE served AND open = 0 AND seconds >= $hours * 3600) AS two_hours, median(CASE WHEN open = 0 THEN CAST(ends AS DOUBLE) END) AS median_end,
    count(*) FILTER (WHERE other) AS other_days
  FROM student_days
  GROUP BY {{by}} TRUE
),
place_sums AS (
  SELECT {{by}} TRUE AS whole, count(DISTINCT CASE WHEN counts THEN in_school END) AS with_service, count(DISTINCT CASE WHEN counts THEN teacher END) AS teachers
  FROM placed
  GROUP BY {{by}} TRUE
),
rostered AS (
  SELECT d.day, r.school, c.grade, r.class, r.student
  FROM days AS d CROSS JOIN student AS r
  JOIN class AS c ON c.school = r.school AND c.class = r.class
  WHERE COALESCE(r.valid_from <= d.day, TRUE) AND COALESCE(d.day <= r.valid_to, NOT COALESCE(r.left, FALSE))
),
roster AS (
  SELECT {{by}} TRUE AS whole, count(DISTINCT student) AS roster, count(DISTINCT in_school) AS schools
  FROM (SELECT {{dimensions r}} TRUE AS whole, r.student, r.school AS in_school FROM rostered AS r {{joins r}} WHERE {{filters r}}) AS placed
  GROUP BY {{by}} TRUE
),
taught AS (SELECT d.day, t.school, t.grade, t.class, t.teacher FROM days AS d CROSS JOIN teaching AS t),
teachers AS (
  SELECT {{by}} TRUE AS whole, count(DISTINCT teacher) AS all_teachers
  FROM (SELECT {{dimensions t}} TRUE AS whole, t.teacher FROM taught AS t {{joins t}} WHERE {{filters t}}) AS placed
  GROUP BY {{by}} TRUE
),
parts AS (
  SELECT * FROM roster
  UNION ALL BY NAME SELECT * FROM day_sums
  UNION ALL BY NAME SELECT * FROM place_sums
  UNION ALL BY NAME SELECT * FROM teachers
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, max(roster) AS roster, max(schools) AS schools, max(students) AS students, max(student_days) AS student_days,
    max(student_weeks) AS student_weeks, max(seconds) AS seconds, max(timed) AS timed, max(two_hours) AS two_hours, max(median_end) AS median_end,
    max(other_days) AS other_days, max(with_service) AS with_service, max(teachers) AS teachers, max(all_teachers) AS all_teachers
  FROM parts
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  COALESCE(students, 0) AS students, schools,
  CAST(COALESCE(with_service, 0) AS DOUBLE) / NULLIF(schools, 0) AS schools_share,
  roster,
  CAST(COALESCE(students, 0) AS DOUBLE) / NULLIF(roster, 0) AS participation,
  COALESCE(student_days, 0) AS student_days,
  CAST(student_days AS DOUBLE) / NULLIF(student_weeks, 0) AS days_per_week,
  seconds / 3600.0 / NULLIF(timed, 0) AS mean_hours,
  CAST(timed AS DOUBLE) / NULLIF(student_days, 0) AS hours_coverage,
  CAST(two_hours AS DOUBLE) / NULLIF(timed, 0) AS two_hours_share,
  median_end,
  COALESCE(teachers, 0) AS teachers,
  CAST(COALESCE(teachers, 0) AS DOUBLE) / NULLIF(all_teachers, 0) AS teacher_share,
  COALESCE(other_days, 0) AS not_service_days
FROM sums
WHERE roster > 0
ORDER BY {{by}} whole
