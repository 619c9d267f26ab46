/*---
title = { zh = "无作业日执行率（分母：计划的班级日、班级周）", en = "No-homework days kept (of planned class-days, of class-weeks)" }
unit = "share"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一个班级日；一个班级周", en = "one class-day; one class-week" }
source = { zh = "教育部等部门心理健康十条 2025-10：鼓励每周一天无作业日 [F7]；指标：RULES B3 第 11 项 [D]", en = "ten measures for mental health of 2025-10: one no-homework day a week is encouraged [F7]; indicator 11 of RULES B3 [D]" }

[description]
zh = """
班级日：班级当日有任何记录（作业、考勤、课堂）且是上学日。布置过作业：作业清单中有当日布置且未撤回的作业，或当日有学生作业记录。
planned_class_days = 校历为无作业日、或学校作息安排（day_plan，当日有效）把该年级该星期定为无作业日的班级日；kept = 其中没有布置作业的；kept_share = kept ÷ planned_class_days。
class_weeks = 至少有四个班级日的班级周（按周一至周日）；free_weeks = 其中至少有一个班级日没有布置作业的；free_week_share = free_weeks ÷ class_weeks，与是否有计划无关。没有记录的日子不算无作业。没有学生的数值，故不遮蔽。
"""
en = """
Class-day: the class has any record that day (homework, attendance, lessons) and it is a school day. Homework was set: an assignment on the list was set that day and not withdrawn, or pupils have homework records of the day.
planned_class_days = class-days that the calendar or the school's day plan (day_plan in force, for the grade and weekday) makes a no-homework day; kept = those on which no homework was set; kept_share = kept / planned_class_days.
class_weeks = weeks (Monday to Sunday) of a class with at least four class-days; free_weeks = those with at least one class-day on which no homework was set; free_week_share = free_weeks / class_weeks, plan or not. A day without records is not a day without homework. There are no pupils' values here, so nothing is suppressed.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}

[[columns]]
name = "planned_class_days"
title = { zh = "计划的班级日", en = "Planned class-days" }
unit = "1"

[[columns]]
name = "kept"
title = { zh = "执行的班级日", en = "Kept" }
unit = "1"

[[columns]]
name = "kept_share"
title = { zh = "执行率", en = "Share kept" }
unit = "share"

[[columns]]
name = "class_weeks"
title = { zh = "班级周数", en = "Class-weeks" }
unit = "1"

[[columns]]
name = "free_weeks"
title = { zh = "有无作业日的班级周", en = "Class-weeks with a free day" }
unit = "1"

[[columns]]
name = "free_week_share"
title = { zh = "有无作业日的班级周占比", en = "Share of class-weeks with a free day" }
unit = "share"
---*/
WITH seen AS (
  SELECT d.day, d.school, d.grade, d.class, d.homework_expected + d.homework_exempt > 0 AS worked, dated.day_kind
  FROM class_day AS d
  {{calendar d}}
  WHERE {{school_day d}} AND {{filters d}}
),
listed AS (SELECT DISTINCT day, school, class FROM assignment WHERE NOT COALESCE(withdrawn, FALSE)),
planned AS (
  SELECT DISTINCT s.day, s.school, s.grade
  FROM seen AS s JOIN day_plan AS p ON p.school = s.school AND p.grade = s.grade AND p.weekday = date_part('isodow', s.day)
  WHERE p.no_homework AND COALESCE(p.valid_from <= s.day, TRUE) AND COALESCE(s.day <= p.valid_to, TRUE)
),
class_days AS (
  SELECT
    s.day, s.school, s.grade, s.class, s.worked OR l.class IS NOT NULL AS worked,
    COALESCE(s.day_kind = 'no_homework', FALSE) OR p.grade IS NOT NULL AS planned
  FROM seen AS s
  LEFT JOIN listed AS l ON l.day = s.day AND l.school = s.school AND l.class = s.class
  LEFT JOIN planned AS p ON p.day = s.day AND p.school = s.school AND p.grade = s.grade
),
placed AS (
  SELECT {{dimensions d}} TRUE AS whole, d.school AS in_school, d.class AS in_class, CAST(date_trunc('week', d.day) AS DATE) AS in_week, d.worked, d.planned
  FROM class_days AS d
  {{joins d}}
),
class_weeks AS (
  SELECT
    {{by}} TRUE AS whole, in_school, in_class, in_week, count(*) AS days, count(*) FILTER (WHERE NOT worked) AS free,
    count(*) FILTER (WHERE planned) AS planned, count(*) FILTER (WHERE planned AND NOT worked) AS kept
  FROM placed
  GROUP BY {{by}} TRUE, in_school, in_class, in_week
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(planned) AS planned, sum(kept) AS kept, count(*) FILTER (WHERE days >= 4) AS class_weeks,
    count(*) FILTER (WHERE days >= 4 AND free > 0) AS free_weeks
  FROM class_weeks
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  planned AS planned_class_days, kept,
  CAST(kept AS DOUBLE) / NULLIF(planned, 0) AS kept_share,
  class_weeks, free_weeks,
  CAST(free_weeks AS DOUBLE) / NULLIF(class_weeks, 0) AS free_week_share
FROM sums
ORDER BY {{by}} whole
