/*---
title = { zh = "设备教学占比（分母：课表课时，不超过 30%）", en = "Teaching with devices (of timetabled lessons; at most 30 %)" }
unit = "share"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["school"]
grain = { zh = "一节课", en = "one lesson" }
source = { zh = "2021-05 光明行动：使用电子产品开展教学时长原则上不超过教学总时长的 30% [F14]；指标：RULES B3 第 17 项 [D]", en = "2021-05 action on eyesight: teaching with electronic devices at most 30 % of teaching time [F14]; indicator 17 of RULES B3 [D]" }

[description]
zh = """
班级日：班级当日有作业、考勤或课堂记录，且课程表（timetable，当日有效）有该星期的课；调休上学日上哪一天的课不在数据内，只在课表有该星期时计入。lessons = 这些班级日的课表节数；lesson_minutes = 其时长之和。
device_lessons = 有互动记录（interaction）的不同课数；device_lessons_share = device_lessons ÷ lessons：把整节课算作使用设备，是上界。
span_share = 每节课从第一次到最后一次互动的时长之和 ÷ lesson_minutes：接近下界。over_share = device_lessons ÷ lessons 超过 limit（默认 0.3）的班级周 ÷ 班级周数（按周一至周日）。没有互动记录的设备使用看不到。没有学生的数值，故不遮蔽。
"""
en = """
Class-day: the class has records of homework, attendance or lessons that day and the timetable in force has lessons on that weekday; which weekday is taught on a make-up day is not in the data, so it counts only where the timetable has that weekday. lessons = lessons of the timetable on these class-days; lesson_minutes = their minutes.
device_lessons = different lessons with interaction records; device_lessons_share = device_lessons / lessons: the whole lesson is taken as device time, an upper bound.
span_share = time from the first to the last act of each lesson, added up / lesson_minutes: near a lower bound. over_share = class-weeks (Monday to Sunday) whose device_lessons / lessons is above limit (0.3 unless said) / class-weeks. Use of devices without records is not seen. There are no pupils' values here, so nothing is suppressed.
"""

[params]
from = {}
to = {}
region = {}
county = {}
school = {}
grade = {}
class = {}
limit = { type = "number", default = 0.3, title = { zh = "占比上限", en = "Limit of the share" } }

[[columns]]
name = "class_days"

[[columns]]
name = "lessons"
title = { zh = "课表节数", en = "Lessons" }
unit = "1"

[[columns]]
name = "device_lessons"
title = { zh = "设备课节数", en = "Lessons with devices" }
unit = "1"

[[columns]]
name = "device_lessons_share"
title = { zh = "设备课占比（上界）", en = "Share of lessons (upper bound)" }
unit = "share"

[[columns]]
name = "span_share"
title = { zh = "互动时段占比", en = "Share of minutes from first to last act" }
unit = "share"

[[columns]]
name = "over_share"
title = { zh = "超限班级周占比", en = "Share of class-weeks over" }
unit = "share"
---*/
WITH seen AS (SELECT day, school, grade, class FROM class_day AS d WHERE {{filters d}}),
taught AS (
  SELECT
    s.day, s.school, s.grade, s.class, count(*) AS lessons,
    sum(CAST(substr(t.ends, 1, 2) AS BIGINT) * 60 + CAST(substr(t.ends, 4, 2) AS BIGINT) - CAST(substr(t.starts, 1, 2) AS BIGINT) * 60 - CAST(substr(t.starts, 4, 2) AS BIGINT)) AS minutes
  FROM seen AS s
  JOIN timetable AS t ON t.school = s.school AND t.class = s.class AND t.weekday = date_part('isodow', s.day)
  WHERE COALESCE(t.valid_from <= s.day, TRUE) AND COALESCE(s.day <= t.valid_to, TRUE)
  GROUP BY s.day, s.school, s.grade, s.class
),
spans AS (
  SELECT day, school, class, lesson, (CAST(max(at) AS BIGINT) - CAST(min(at) AS BIGINT)) / 1000000 AS seconds
  FROM interaction
  GROUP BY day, school, class, lesson
),
devices AS (SELECT day, school, class, count(*) AS lessons, sum(seconds) AS seconds FROM spans GROUP BY day, school, class),
class_days AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.school AS in_school, d.class AS in_class, CAST(date_trunc('week', d.day) AS DATE) AS in_week,
    d.lessons, d.minutes, COALESCE(u.lessons, 0) AS device_lessons, COALESCE(u.seconds, 0) AS seconds
  FROM taught AS d
  LEFT JOIN devices AS u ON u.day = d.day AND u.school = d.school AND u.class = d.class
  {{joins d}}
),
class_weeks AS (
  SELECT
    {{by}} TRUE AS whole, in_school, in_class, in_week, count(*) AS days, sum(lessons) AS lessons, sum(minutes) AS minutes,
    sum(device_lessons) AS device_lessons, sum(seconds) AS seconds
  FROM class_days
  GROUP BY {{by}} TRUE, in_school, in_class, in_week
)
SELECT
  {{by}}
  sum(days) AS class_days, sum(lessons) AS lessons, sum(device_lessons) AS device_lessons,
  CAST(sum(device_lessons) AS DOUBLE) / sum(lessons) AS device_lessons_share,
  sum(seconds) / 60.0 / sum(minutes) AS span_share,
  CAST(count(*) FILTER (WHERE CAST(device_lessons AS DOUBLE) / lessons > $limit) AS DOUBLE) / count(*) AS over_share
FROM class_weeks
GROUP BY {{by}} TRUE
ORDER BY {{by}} TRUE
