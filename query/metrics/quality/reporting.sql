/*---
title = { zh = "上报学校占比（分母：登记的学校、班级）", en = "Schools that report homework (of schools, of classes in the register)" }
unit = "share"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class",
]
default_by = ["county"]
grain = { zh = "一所登记的学校或一个登记的班级，在一个上学日", en = "one school or class in the register, on one school day" }
source = { zh = "数据覆盖率：RULES B3 第 13 项 [D]", en = "coverage: indicator 13 of RULES B3 [D]" }

[description]
zh = """
分母：登记在册、当日有效的学校与班级（kind school、class），与学区内任一学校有作业记录的每个上学日相配。schools = 组内不同学校数；reporting_schools = 其中组内至少一日有作业记录的；
reporting_schools_share = reporting_schools ÷ schools。classes、reporting_classes、reporting_classes_share 同理。class_days = 班级 × 日；class_days_share = 有作业记录的班级日 ÷ class_days。没有作业记录可能是没有布置，也可能是没有上报。
"""
en = """
Denominator: schools and classes of the register (kinds school and class) in force on the day, on each school day on which any school of the district has homework records. schools = different schools of the group; reporting_schools = those with homework records on at least one of its days;
reporting_schools_share = reporting_schools / schools. classes, reporting_classes and reporting_classes_share likewise. class_days = classes x days; class_days_share = class-days with homework records / class_days. Without records nothing was set, or nothing was reported.
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
name = "schools"

[[columns]]
name = "reporting_schools"
title = { zh = "上报学校数", en = "Schools that report" }
unit = "1"

[[columns]]
name = "reporting_schools_share"
title = { zh = "上报学校占比", en = "Share of schools" }
unit = "share"

[[columns]]
name = "classes"

[[columns]]
name = "reporting_classes"
title = { zh = "上报班级数", en = "Classes that report" }
unit = "1"

[[columns]]
name = "reporting_classes_share"
title = { zh = "上报班级占比", en = "Share of classes" }
unit = "share"

[[columns]]
name = "class_days"

[[columns]]
name = "class_days_share"
title = { zh = "有记录班级日占比", en = "Share of class-days with records" }
unit = "share"
---*/
WITH reported AS (
  SELECT DISTINCT d.day, d.school, d.class FROM class_day AS d {{calendar d}} WHERE d.homework_expected + d.homework_exempt > 0 AND {{school_day d}}
),
grid AS (
  SELECT r.day, c.school, c.grade, c.class
  FROM (SELECT DISTINCT day FROM reported) AS r
  CROSS JOIN class AS c
  LEFT JOIN school AS s ON s.school = c.school
  WHERE COALESCE(c.valid_from <= r.day, TRUE) AND COALESCE(r.day <= c.valid_to, TRUE)
    AND COALESCE(s.valid_from <= r.day, TRUE) AND COALESCE(r.day <= s.valid_to, TRUE)
),
placed AS (
  SELECT {{dimensions g}} TRUE AS whole, g.school AS in_school, concat(g.school, ' ', g.class) AS in_class, r.class IS NOT NULL AS reports
  FROM grid AS g LEFT JOIN reported AS r ON r.day = g.day AND r.school = g.school AND r.class = g.class
  {{joins g}}
  WHERE {{filters g}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, count(DISTINCT in_school) AS schools, count(DISTINCT CASE WHEN reports THEN in_school END) AS reporting_schools,
    count(DISTINCT in_class) AS classes, count(DISTINCT CASE WHEN reports THEN in_class END) AS reporting_classes,
    count(*) AS class_days, count(*) FILTER (WHERE reports) AS reporting_days
  FROM placed
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  schools, reporting_schools, CAST(reporting_schools AS DOUBLE) / schools AS reporting_schools_share,
  classes, reporting_classes, CAST(reporting_classes AS DOUBLE) / classes AS reporting_classes_share,
  class_days, CAST(reporting_days AS DOUBLE) / class_days AS class_days_share
FROM sums
ORDER BY {{by}} whole
