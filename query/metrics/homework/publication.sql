/*---
title = { zh = "作业公示率（分母：已知是否公示的作业）", en = "Homework published in school (of assignments known to be or not)" }
unit = "share"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject", "form",
]
default_by = ["school"]
grain = { zh = "一份布置的作业", en = "one assignment" }
source = { zh = "“双减”意见 2021-07-24：校内作业公示；指标：RULES B3 第 6 项 [D]", en = "double-reduction opinions of 2021-07-24: homework is published in school; indicator 6 of RULES B3 [D]" }

[description]
zh = """
assignments = 作业清单中未撤回的作业数；known = 其中写明是否公示的；published = 已公示的；publication_rate = published ÷ known；coverage = known ÷ assignments。没有写明不等于未公示。这里没有学生的数值，故不遮蔽。
"""
en = """
assignments = assignments on the list that were not withdrawn; known = those that say whether they were published; published; publication_rate = published / known; coverage = known / assignments. Not said is not the same as not published. There are no pupils' values here, so nothing is suppressed.
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

# Assignments on the list that were not withdrawn.
[grains.publication]
class = """
SELECT day, school, grade, {class} subject, form, count(*) AS assignments, count(published) AS known, count(*) FILTER (WHERE published) AS published
FROM assignment
WHERE NOT COALESCE(withdrawn, FALSE)
GROUP BY {class} day, school, grade, subject, form
"""

[[columns]]
name = "assignments"

[[columns]]
name = "known"
title = { zh = "已知是否公示", en = "Known" }
unit = "1"

[[columns]]
name = "published"
title = { zh = "已公示", en = "Published" }
unit = "1"

[[columns]]
name = "publication_rate"
title = { zh = "公示率", en = "Publication rate" }
unit = "share"

[[columns]]
name = "coverage"
title = { zh = "覆盖率", en = "Coverage" }
unit = "share"
---*/
WITH cells AS (
  SELECT {{dimensions d}} TRUE AS whole, d.assignments, d.known, d.published
  FROM {{publication}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT {{by}} TRUE AS whole, sum(assignments) AS assignments, sum(known) AS known, sum(published) AS published
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  assignments, known, published,
  CAST(published AS DOUBLE) / NULLIF(known, 0) AS publication_rate,
  CAST(known AS DOUBLE) / NULLIF(assignments, 0) AS coverage
FROM sums
ORDER BY {{by}} whole
