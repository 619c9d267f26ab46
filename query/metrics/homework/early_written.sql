/*---
title = { zh = "一二年级书面作业布置次数（目标 0）", en = "Written homework set in grades 1 and 2 (target 0)" }
unit = "1"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject",
]
default_by = ["school", "grade"]
grain = { zh = "一份布置的作业", en = "one assignment" }
source = { zh = "“双减”意见与十条：一二年级不布置书面家庭作业；指标：RULES B3 第 5 项 [D]", en = "double-reduction opinions and ten articles: no written homework in grades 1 and 2; indicator 5 of RULES B3 [D]" }

[description]
zh = """
只看书面作业上限为 0 的年级（代码集 homework_limits，随日期生效；内置为一二年级）。assignments = 作业清单中未撤回的作业数；written = 其中书面形式的份数；
unlisted_written = 不在清单中、但有学生书面作业记录的作业数；written_times = written + unlisted_written，目标为 0；class_days_with_written = 有书面作业的班级日数。
校内巩固练习若由平台记为作业也会计入，请核对。没有学生的数值，故不遮蔽。
"""
en = """
Only grades whose limit of written homework is 0 (code set homework_limits, by date; grades 1 and 2 unless changed). assignments = assignments on the list that were not withdrawn; written = those of written form;
unlisted_written = pieces that are not on the list but have pupils' records of written work; written_times = written + unlisted_written, the target is 0; class_days_with_written = class-days with written homework.
Practice in school that a platform records as homework is counted too: check. There are no pupils' values here, so nothing is suppressed.
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
name = "written"
title = { zh = "书面作业数", en = "Written" }
unit = "1"

[[columns]]
name = "unlisted_written"
title = { zh = "清单外书面作业数", en = "Written, not listed" }
unit = "1"

[[columns]]
name = "written_times"
title = { zh = "书面作业布置次数", en = "Times written homework was set" }
unit = "1"

[[columns]]
name = "class_days_with_written"
title = { zh = "有书面作业的班级日", en = "Class-days with written homework" }
unit = "1"
---*/
WITH listed AS (
  SELECT day, school, grade, class, subject, assignment, form, withdrawn, TRUE AS on_list FROM assignment AS a WHERE {{filters a}}
),
unlisted AS (
  SELECT DISTINCT h.day, h.school, h.grade, h.class, h.subject, h.assignment, h.form, FALSE AS withdrawn, FALSE AS on_list
  FROM homework AS h LEFT ANTI JOIN assignment AS a ON a.assignment = h.assignment
  WHERE h.form = 'written' AND {{filters h}}
),
pieces AS (
  SELECT * FROM listed WHERE NOT COALESCE(withdrawn, FALSE)
  UNION ALL
  SELECT * FROM unlisted
),
early AS (
  SELECT {{dimensions p}} TRUE AS whole, p.day AS on_day, p.school AS in_school, p.class AS in_class, p.form = 'written' AS written, p.on_list
  FROM pieces AS p
  JOIN code_homework_limits AS l
    ON l.code = p.grade AND CAST(l.minutes AS BIGINT) = 0
    AND COALESCE(l.valid_from <= p.day, TRUE) AND COALESCE(p.day <= l.valid_to, TRUE)
  {{joins p}}
),
class_days AS (
  SELECT
    {{by}} TRUE AS whole, on_day, in_school, in_class, count(*) FILTER (WHERE on_list) AS assignments,
    count(*) FILTER (WHERE written AND on_list) AS written, count(*) FILTER (WHERE written AND NOT on_list) AS unlisted
  FROM early
  GROUP BY {{by}} TRUE, on_day, in_school, in_class
)
SELECT
  {{by}}
  sum(assignments) AS assignments, sum(written) AS written, sum(unlisted) AS unlisted_written,
  sum(written + unlisted) AS written_times, count(*) FILTER (WHERE written + unlisted > 0) AS class_days_with_written
FROM class_days
GROUP BY {{by}} TRUE
ORDER BY {{by}} TRUE
