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
unlisted_written = 不在布置当日的清单中、但有学生书面作业记录的作业数；written_times = written + unlisted_written，目标为 0；class_days_with_written = 有书面作业的班级日数。
校内巩固练习若由平台记为作业也会计入，请核对。没有学生的数值，故不遮蔽。
"""
en = """
Only grades whose limit of written homework is 0 (code set homework_limits, by date; grades 1 and 2 unless changed). assignments = assignments on the list that were not withdrawn; written = those of written form;
unlisted_written = pieces that are not on the list of the day but have pupils' records of written work; written_times = written + unlisted_written, the target is 0; class_days_with_written = class-days with written homework.
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

# What was set in grades that have no written homework, over all subjects and of each apart (`of_subject`).
[grains.early]
class = """
WITH forbidden AS (SELECT code, valid_from, valid_to FROM code_homework_limits WHERE CAST(minutes AS BIGINT) = 0),
given AS (
  SELECT a.day, a.school, a.grade, a.class, a.subject, a.form = 'written' AS written, TRUE AS listed
  FROM assignment AS a
  WHERE NOT COALESCE(a.withdrawn, FALSE)
  UNION ALL
  SELECT day, school, grade, class, subject, TRUE AS written, FALSE AS listed
  FROM (
    SELECT DISTINCT h.day, h.school, h.grade, h.class, h.subject, h.assignment
    FROM homework AS h LEFT ANTI JOIN assignment AS a ON a.day = h.day AND a.school = h.school AND a.assignment = h.assignment
    WHERE h.form = 'written' AND h.grade IN (SELECT code FROM forbidden)
  )
),
class_days AS (
  SELECT
    s.day, s.school, s.grade, s.class, s.subject, grouping(s.subject) = 0 AS of_subject, count(*) FILTER (WHERE s.listed) AS assignments,
    count(*) FILTER (WHERE s.written AND s.listed) AS written, count(*) FILTER (WHERE s.written AND NOT s.listed) AS unlisted
  FROM given AS s
  JOIN forbidden AS f ON f.code = s.grade AND COALESCE(f.valid_from <= s.day, TRUE) AND COALESCE(s.day <= f.valid_to, TRUE)
  GROUP BY GROUPING SETS ((s.day, s.school, s.grade, s.class), (s.day, s.school, s.grade, s.class, s.subject))
)
SELECT
  day, school, grade, {class} subject, of_subject, sum(assignments) AS assignments, sum(written) AS written, sum(unlisted) AS unlisted,
  count(*) FILTER (WHERE written + unlisted > 0) AS class_days
FROM class_days
GROUP BY {class} day, school, grade, subject, of_subject
"""

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
WITH cells AS (
  SELECT {{dimensions d}} TRUE AS whole, d.assignments, d.written, d.unlisted, d.class_days
  FROM {{early}} AS d
  {{joins d}}
  WHERE d.of_subject = ($by_subject OR $subject IS NOT NULL) AND {{filters d}}
)
SELECT
  {{by}}
  sum(assignments) AS assignments, sum(written) AS written, sum(unlisted) AS unlisted_written,
  sum(written + unlisted) AS written_times, sum(class_days) AS class_days_with_written
FROM cells
GROUP BY {{by}} TRUE
ORDER BY {{by}} TRUE
