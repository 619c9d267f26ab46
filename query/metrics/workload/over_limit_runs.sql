/*---
title = { zh = "连续超限的班级", en = "Classes over the limit on days running" }
unit = "1"
n = "students"
dimensions = ["school", "grade", "class"]
default_by = ["school", "class"]
grain = { zh = "一个班级的一个有上限的上学日", en = "one class on one school day that has a limit" }
source = { zh = "书面作业平均完成时间的上限：RULES B1 [F1][F2]；连续三天超限预警：RULES F", en = "limits of the average time of written homework: RULES B1 [F1][F2]; a warning after three days over it: RULES F" }

[description]
zh = """
超限日 = 有上限的上学日（校历；没有校历时为周一至周五）里，有作业时长的学生的书面作业人均时长高于本年级上限（按秒的整数比较；一二年级上限为 0）。
连续天数按本班有任何记录的上学日首尾相接地数，截至最后一个这样的日子；当天没有作业时长即中断，没有任何记录的日子不算也不中断。
classes = 班级数；longest_run = 最长连续天数；classes_over = 连续天数 ≥ min_run 的班级数；students = 最后一天有记录的学生数。
written_minutes = 最后一天书面作业人均时长；limit_minutes = 上限（各班不同时为空）；last_day = 最后一天。
"""
en = """
A day over the limit is a school day with a limit (by the calendar; without one Monday to Friday) on which the mean written homework of the students with known minutes is above the limit of the grade
(whole seconds are compared; the limit of grades 1 and 2 is 0). Runs are counted over the school days on which the class has any record, up to the last of them; a day without known homework minutes ends a run, a day without any record neither counts nor ends it.
classes = classes; longest_run = the longest run of days; classes_over = classes with a run of min_run days or more; students = students recorded on the last day.
written_minutes = mean minutes of written homework on the last day; limit_minutes = the limit (empty when classes differ); last_day = the last day.
"""

[params]
from = {}
to = {}
school = {}
grade = {}
class = {}
min_run = { type = "integer", default = 3, title = { zh = "算作连续超限的最少天数", en = "Fewest days in a row" } }

[[columns]]
name = "students"

[[columns]]
name = "classes"

[[columns]]
name = "classes_over"
title = { zh = "连续超限的班级数", en = "Classes over the limit on days running" }
unit = "1"

[[columns]]
name = "longest_run"
title = { zh = "最长连续天数", en = "Longest run of days" }
unit = "1"

[[columns]]
name = "written_minutes"
title = { zh = "最后一天书面作业人均时长", en = "Mean written minutes on the last day" }
unit = "min"

[[columns]]
name = "limit_minutes"

[[columns]]
name = "last_day"
title = { zh = "最后一天", en = "Last day" }
---*/
WITH class_days AS (
  SELECT
    d.school, d.grade, d.class, d.day AS on_day, {{limit_seconds d}} AS limit_seconds, d.students AS recorded, d.load_students AS timed,
    CASE WHEN d.load_students > 0 THEN d.written_seconds END AS written_seconds
  FROM class_day AS d
  {{limits d}}
  WHERE {{limit_seconds d}} IS NOT NULL AND {{filters d}}
),
judged AS (
  SELECT
    class_days.*,
    max(CASE WHEN NOT COALESCE(written_seconds > limit_seconds * timed, FALSE) THEN on_day END)
      OVER (PARTITION BY school, grade, class) AS last_within,
    max(on_day) OVER (PARTITION BY school, grade, class) AS last_day
  FROM class_days
),
runs AS (
  SELECT
    school, grade, class, TRUE AS whole, last_day,
    count(*) FILTER (WHERE last_within IS NULL OR on_day > last_within) AS run,
    max(recorded) FILTER (WHERE on_day = last_day) AS students,
    max(timed) FILTER (WHERE on_day = last_day) AS timed,
    max(written_seconds) FILTER (WHERE on_day = last_day) AS written_seconds,
    max(limit_seconds) FILTER (WHERE on_day = last_day) AS limit_seconds
  FROM judged
  GROUP BY school, grade, class, last_day
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(students) AS students, count(*) AS classes, count(*) FILTER (WHERE run >= $min_run) AS classes_over,
    max(run) AS longest_run, sum(written_seconds) AS written_seconds, sum(timed) AS timed,
    CASE WHEN min(limit_seconds) = max(limit_seconds) THEN max(limit_seconds) / 60 END AS limit_minutes,
    max(last_day) AS last_day
  FROM runs
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, classes, classes_over, longest_run,
  written_seconds / 60.0 / NULLIF(timed, 0) AS written_minutes,
  limit_minutes, last_day
FROM sums
ORDER BY {{by}} whole
