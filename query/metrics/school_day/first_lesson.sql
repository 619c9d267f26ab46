/*---
title = { zh = "到校与首节时间不合规定（分母：年级日安排、班级课表日）", en = "First lessons and arrivals too early (of planned grade-weekdays, of class-weekdays of the timetable)" }
unit = "share"
dimensions = [
  "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade",
]
default_by = ["school"]
grain = { zh = "一个年级一周里一天的作息安排；一个班级一周里一天的课表", en = "the plan of one weekday of a grade; the timetable of one weekday of a class" }
source = { zh = "2021-03-30 睡眠管理通知（文号未核实 [K]）：上午上课小学不早于 8:20、中学不早于 8:00，不得要求提前到校 [F10]；指标：RULES B3 第 16 项 [D]", en = "notice on sleep of 2021-03-30 (number unverified [K]): lessons not before 8:20 in primary, 8:00 in secondary schools; pupils may not be asked to come for teaching before [F10]; indicator 16 of RULES B3 [D]" }

[description]
zh = """
规定时间按学段：代码集 first_lessons。plan_days = 作息安排（day_plan，参数 on 当日有效，默认最近的校历日）中写有第一节课时间的年级 × 星期数；early_plans = 其中早于规定的；early_plans_share = early_plans ÷ plan_days。
earliest = 安排中最早的第一节课（零点后分钟）；arrival_lead = 第一节课 − 要求到校时间 的均值（分钟）。class_days = 课程表（timetable，同日有效）中班级 × 星期数；early_class_days、early_class_days_share = 第一节课早于规定的及其占比。
安排与课表是两处记录，可能不一致，分开显示。没有学生的数值，故不遮蔽。
"""
en = """
The time by stage: code set first_lessons. plan_days = grade x weekday of the day plans (day_plan in force on the parameter on, by default the calendar's latest day) that name a first lesson; early_plans = those before the time; early_plans_share = early_plans / plan_days.
earliest = earliest first lesson of the plans (minutes after midnight); arrival_lead = mean of first lesson - required arrival (minutes). class_days = class x weekday of the timetable (in force the same day); early_class_days, early_class_days_share = those whose first lesson is before the time.
Plan and timetable are two records that may differ, and are shown apart. There are no pupils' values here, so nothing is suppressed.
"""

[params]
region = {}
county = {}
school = {}
grade = {}
on = { type = "date", title = { zh = "何日的安排", en = "Plans in force on" } }

[[columns]]
name = "plan_days"
title = { zh = "作息安排数", en = "Planned grade-weekdays" }
unit = "1"

[[columns]]
name = "early_plans"
title = { zh = "首节过早", en = "Too early" }
unit = "1"

[[columns]]
name = "early_plans_share"
title = { zh = "首节过早占比", en = "Share too early" }
unit = "share"

[[columns]]
name = "earliest"
title = { zh = "最早首节（零点后分钟）", en = "Earliest (minutes after midnight)" }
unit = "min"

[[columns]]
name = "arrival_lead"
title = { zh = "到校提前量", en = "Arrival before the first lesson" }
unit = "min"

[[columns]]
name = "class_days"
title = { zh = "课表班级日数", en = "Class-weekdays of the timetable" }
unit = "1"

[[columns]]
name = "early_class_days"
title = { zh = "课表首节过早", en = "Too early in the timetable" }
unit = "1"

[[columns]]
name = "early_class_days_share"
title = { zh = "课表首节过早占比", en = "Share too early in the timetable" }
unit = "share"
---*/
WITH asked AS (SELECT COALESCE($on, (SELECT max(date) FROM calendar)) AS day),
plans AS (
  SELECT a.day, p.school, p.grade, CAST(NULL AS VARCHAR) AS class, p.weekday, p.first_lesson, p.arrival
  FROM day_plan AS p CROSS JOIN asked AS a
  WHERE p.first_lesson IS NOT NULL AND COALESCE(p.valid_from <= a.day, TRUE) AND COALESCE(a.day <= p.valid_to, TRUE)
),
taught AS (
  SELECT a.day, t.school, t.grade, t.class, t.weekday, min(t.starts) AS first_lesson
  FROM timetable AS t CROSS JOIN asked AS a
  WHERE COALESCE(t.valid_from <= a.day, TRUE) AND COALESCE(a.day <= t.valid_to, TRUE)
  GROUP BY a.day, t.school, t.grade, t.class, t.weekday
),
both_records AS (
  SELECT day, school, grade, class, first_lesson, arrival, TRUE AS planned FROM plans
  UNION ALL
  SELECT day, school, grade, class, first_lesson, CAST(NULL AS VARCHAR) AS arrival, FALSE AS planned FROM taught
),
judged AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.planned, f.time IS NOT NULL AS ruled, d.first_lesson < f.time AS early,
    CAST(substr(d.first_lesson, 1, 2) AS BIGINT) * 60 + CAST(substr(d.first_lesson, 4, 2) AS BIGINT) AS starts,
    CAST(substr(d.arrival, 1, 2) AS BIGINT) * 60 + CAST(substr(d.arrival, 4, 2) AS BIGINT) AS arrives
  FROM both_records AS d
  LEFT JOIN code_grades AS g ON g.code = d.grade
  LEFT JOIN code_first_lessons AS f ON f.code = g.stage AND COALESCE(f.valid_from <= d.day, TRUE) AND COALESCE(d.day <= f.valid_to, TRUE)
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(*) FILTER (WHERE planned AND ruled) AS plan_days, count(*) FILTER (WHERE planned AND early) AS early_plans,
    min(starts) FILTER (WHERE planned) AS earliest, avg(starts - arrives) FILTER (WHERE planned) AS arrival_lead,
    count(*) FILTER (WHERE NOT planned AND ruled) AS class_days, count(*) FILTER (WHERE NOT planned AND early) AS early_class_days
  FROM judged
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  plan_days, early_plans, CAST(early_plans AS DOUBLE) / NULLIF(plan_days, 0) AS early_plans_share, earliest, arrival_lead,
  class_days, early_class_days, CAST(early_class_days AS DOUBLE) / NULLIF(class_days, 0) AS early_class_days_share
FROM sums
ORDER BY {{by}} whole
