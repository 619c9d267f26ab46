/*---
title = { zh = "分层作业占比（分母：作业、班级学科日）", en = "Layered homework (of assignments, of class-subject-days)" }
unit = "share"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject", "form",
]
default_by = ["school"]
grain = { zh = "一份布置的作业；一个班级学科日", en = "one assignment; one class-subject-day" }
source = { zh = "“双减”意见：分层、弹性、个性化作业；指标：RULES B3 第 9 项 [D]", en = "double-reduction opinions: layered, flexible, personalised homework; indicator 9 of RULES B3 [D]" }

[description]
zh = """
assignments = 未撤回的作业数；layered = 写明层次（基础、巩固、拓展）的作业数；layered_share = layered ÷ assignments（没有写明层次的作业视为不分层）。
basic_share、consolidate_share、extend_share = 该层次的作业 ÷ layered。class_subject_days = 有作业的班级（按年级）× 学科 × 日；several_layers_share = 其中同日给出两个及以上层次的 ÷ class_subject_days。没有学生的数值，故不遮蔽。
"""
en = """
assignments = assignments that were not withdrawn; layered = those that name a layer (basic, consolidating, extending); layered_share = layered / assignments (an assignment without a layer counts as not layered).
basic_share, consolidate_share, extend_share = assignments of that layer / layered. class_subject_days = class (of one grade) x subject x day with homework; several_layers_share = those with two or more layers on the day / class_subject_days. There are no pupils' values here, so nothing is suppressed.
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
form = {}

# Class x subject x day, whatever the form of the homework, and of each form apart (`of_form`).
[grains.layers]
class = """
WITH days AS (
  SELECT
    day, school, grade, class, subject, form, grouping(form) = 0 AS of_form, count(*) AS assignments, count(layer) AS layered,
    min(layer) <> max(layer) AS several, count(*) FILTER (WHERE layer = 'basic') AS basic,
    count(*) FILTER (WHERE layer = 'consolidate') AS consolidate, count(*) FILTER (WHERE layer = 'extend') AS extend
  FROM assignment
  WHERE NOT COALESCE(withdrawn, FALSE)
  GROUP BY GROUPING SETS ((day, school, grade, class, subject), (day, school, grade, class, subject, form))
)
SELECT
  day, school, grade, {class} subject, form, of_form, sum(assignments) AS assignments, sum(layered) AS layered, sum(basic) AS basic,
  sum(consolidate) AS consolidate, sum(extend) AS extend, count(*) AS class_subject_days, count(*) FILTER (WHERE several) AS several
FROM days
GROUP BY {class} day, school, grade, subject, form, of_form
"""

[[columns]]
name = "assignments"

[[columns]]
name = "layered"
title = { zh = "分层作业数", en = "Layered" }
unit = "1"

[[columns]]
name = "layered_share"
title = { zh = "分层作业占比", en = "Share layered" }
unit = "share"

[[columns]]
name = "basic_share"
title = { zh = "基础占比", en = "Share basic" }
unit = "share"

[[columns]]
name = "consolidate_share"
title = { zh = "巩固占比", en = "Share consolidating" }
unit = "share"

[[columns]]
name = "extend_share"
title = { zh = "拓展占比", en = "Share extending" }
unit = "share"

[[columns]]
name = "class_subject_days"
title = { zh = "班级学科日", en = "Class-subject-days" }
unit = "1"

[[columns]]
name = "several_layers_share"
title = { zh = "同日多层占比", en = "Share with several layers" }
unit = "share"
---*/
WITH cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.assignments, d.layered, d.basic, d.consolidate, d.extend, d.class_subject_days, d.several
  FROM {{layers}} AS d
  {{joins d}}
  WHERE d.of_form = ($by_form OR $form IS NOT NULL) AND {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(assignments) AS assignments, sum(layered) AS layered, sum(basic) AS basic, sum(consolidate) AS consolidate, sum(extend) AS extend,
    sum(class_subject_days) AS class_subject_days, sum(several) AS several
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  assignments, layered,
  CAST(layered AS DOUBLE) / NULLIF(assignments, 0) AS layered_share,
  CAST(basic AS DOUBLE) / NULLIF(layered, 0) AS basic_share,
  CAST(consolidate AS DOUBLE) / NULLIF(layered, 0) AS consolidate_share,
  CAST(extend AS DOUBLE) / NULLIF(layered, 0) AS extend_share,
  class_subject_days,
  CAST(several AS DOUBLE) / NULLIF(class_subject_days, 0) AS several_layers_share
FROM sums
ORDER BY {{by}} whole
