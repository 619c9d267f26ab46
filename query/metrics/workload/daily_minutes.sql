/*---
title = { zh = "每日作业时长", en = "Daily homework minutes" }
unit = "min"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "minutes_source",
]
default_by = ["day"]
grain = { zh = "一名学生在一天内各学科已知作业时长之和（一个“学生日”）", en = "one student's known homework minutes of one day, added up over subjects (a student-day)" }
source = { zh = "《义务教育阶段学校作业管理十条》2021-04 与“双减”意见 2021-07-24 的书面作业时长上限；监测对象：JS23 §8(1)、§16(3)；指标：RULES B3 第 1、2、13 项。文件号教基厅函〔2021〕13号未核实 [K]", en = "limits of written homework in the ten articles of 2021-04 and the double-reduction opinions of 2021-07-24; what to monitor: JS23 §8(1), §16(3); indicators 1, 2 and 13 of RULES B3. The document number 教基厅函〔2021〕13号 is unverified [K]" }

[description]
zh = """
学生日：某学生某日（布置日）至少有一份已知时长的作业。一个学生日的值 = 该生当日各学科已知时长之和（实测、学生或家长填报、教师估计三种来源合计；
按 minutes_source 分组时只取该来源）。时长未知的作业不按零计，因此完全没有已知时长的学生日不进入均值、中位数、P90；由 coverage 说明缺口。
mean_minutes = 值之和 ÷ 学生日数。median_minutes、p90_minutes：对全部学生日排序后线性插值（位置 = (学生日数 − 1) × 0.5 或 0.9，与 numpy 默认一致），精确值。
limit_minutes：该年级当日书面作业上限；组内上限不一致时为空；一二年级不布置书面家庭作业，没有分钟上限（见 homework/early_written）；高中无上限；周末、假期、寒暑假无分钟上限（校历有该日则以校历为准，
否则周一至周五视为上学日）；2021-07-24 之前无上限。over_limit_share = 书面作业已知时长超过上限的学生日 ÷ 有上限的学生日（均限已知时长的学生日）；按 minutes_source 分组时为空，因为上限针对总量。
上限原文是“平均”完成时间，未规定平均单位；这里逐学生日判断。written_share = 有书面作业已知时长的学生日 ÷ 学生日数；按 minutes_source 分组时为空。
measured_share、reported_share、estimated_share = 该来源的已知时长作业份数 ÷ 已知时长作业份数。coverage = 已知时长作业份数 ÷ 应交作业份数（按时、迟交、未交；免交不计），含没有已知时长的学生日；按来源分组时分子只取该来源。
students = 有已知时长的不同学生数。平台外的纸质作业与家长、机构另加的作业不在数据内；关闭交作业时间会截断实测时长。
"""
en = """
Student-day: a student has at least one piece of homework with known minutes, assigned on that day. Its value = the sum over subjects of the known minutes
(measured, reported by student or parent, or estimated by the teacher; grouped by minutes_source: of that source alone). Unknown minutes are not counted as zero:
student-days without any known minutes are left out of mean, median and P90, and coverage tells how much is missing.
mean_minutes = sum of values / student-days. median_minutes, p90_minutes: exact, linear interpolation over all student-days (position = (student-days - 1) x 0.5 or 0.9, numpy's default).
limit_minutes: the limit of written homework of that grade on that day; empty where the group has several; none in grades 1 and 2, which are set no written homework (see homework/early_written); none in senior high; none on weekends, holidays and vacations
(the calendar decides where it has the day, else Monday to Friday are school days); none before 2021-07-24. over_limit_share = student-days whose known written minutes exceed the limit / student-days with a limit
(of those with known minutes); empty when grouped by minutes_source, because the limit is on the total. The rule speaks of an average and does not say over what; here each student-day is judged. written_share = student-days with known written minutes / student-days; empty when grouped by minutes_source.
measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes. coverage = pieces with known minutes / pieces expected (on time, late or missing; exempt ones apart),
including student-days without known minutes; grouped by source, the numerator is of that source. students = different students with known minutes.
Paper homework outside the platform and homework added by parents or tutors are not in the data; a closing hour for submissions cuts measured minutes off.
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
name = "students"

[[columns]]
name = "student_days"

[[columns]]
name = "mean_minutes"
title = { zh = "平均时长", en = "Mean minutes" }
unit = "min"

[[columns]]
name = "median_minutes"
title = { zh = "中位时长", en = "Median minutes" }
unit = "min"

[[columns]]
name = "p90_minutes"
title = { zh = "P90 时长", en = "P90 minutes" }
unit = "min"

[[columns]]
name = "limit_minutes"

[[columns]]
name = "over_limit_share"
title = { zh = "超限学生日占比", en = "Share of student-days over the limit" }
unit = "share"

[[columns]]
name = "written_share"
title = { zh = "有书面作业的学生日占比", en = "Share of student-days with written work" }
unit = "share"

[[columns]]
name = "measured_share"

[[columns]]
name = "reported_share"

[[columns]]
name = "estimated_share"

[[columns]]
name = "coverage"
---*/
WITH homework_days AS (
  SELECT
    {{dimensions - minutes_source d}} TRUE AS whole, d.day AS on_day, d.student, d.homework_expected AS expected,
    d.timed_measured, d.timed_reported, d.timed_estimated,
    d.seconds_measured, d.seconds_reported, d.seconds_estimated, d.written_seconds,
    {{minute_limit_seconds d}} AS limit_seconds
  FROM student_day AS d
  {{limits d}}
  {{joins d}}
  WHERE d.homework_expected + d.homework_exempt > 0 AND {{filters d}}
),
-- One row per student-day, or one per source of minutes where that is a dimension.
sources AS (
  SELECT column1 AS minutes_source FROM (VALUES ('all'), ('measured'), ('reported'), ('estimated'))
  WHERE (column1 <> 'all') = $by_minutes_source
),
pieces AS (
  SELECT
    homework_days.*, minutes_source,
    CASE WHEN minutes_source IN ('all', 'measured') THEN timed_measured ELSE 0 END AS measured,
    CASE WHEN minutes_source IN ('all', 'reported') THEN timed_reported ELSE 0 END AS reported,
    CASE WHEN minutes_source IN ('all', 'estimated') THEN timed_estimated ELSE 0 END AS estimated,
    CASE minutes_source
      WHEN 'measured' THEN seconds_measured WHEN 'reported' THEN seconds_reported WHEN 'estimated' THEN seconds_estimated
      ELSE seconds_measured + seconds_reported + seconds_estimated
    END AS seconds
  FROM homework_days CROSS JOIN sources
),
-- A student in several classes has one value, unless the classes are looked at apart.
student_days AS (
  SELECT
    {{by}} whole, student, on_day,
    sum(expected) AS expected, sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated,
    sum(measured + reported + estimated) > 0 AS timed,
    sum(seconds) AS seconds, sum(written_seconds) AS written_seconds, max(limit_seconds) AS limit_seconds
  FROM pieces
  GROUP BY {{by}} whole, student, on_day
),
sums AS (
  SELECT
    {{by}} whole,
    count(DISTINCT CASE WHEN timed THEN student END) AS students,
    count(*) FILTER (WHERE timed) AS student_days,
    sum(seconds) FILTER (WHERE timed) AS seconds,
    decile(seconds, 5) FILTER (WHERE timed) AS median_seconds, decile(seconds, 9) FILTER (WHERE timed) AS p90_seconds,
    CASE WHEN min(limit_seconds) = max(limit_seconds) THEN max(limit_seconds) / 60 END AS limit_minutes,
    count(*) FILTER (WHERE timed AND written_seconds > limit_seconds) AS over_limit,
    count(*) FILTER (WHERE timed AND limit_seconds IS NOT NULL) AS limited,
    count(*) FILTER (WHERE timed AND written_seconds > 0) AS written,
    sum(measured) AS measured, sum(reported) AS reported, sum(estimated) AS estimated,
    sum(measured + reported + estimated) AS pieces, sum(expected) AS expected
  FROM student_days
  GROUP BY {{by}} whole
)
SELECT
  {{by}}
  students,
  student_days,
  seconds / 60.0 / NULLIF(student_days, 0) AS mean_minutes,
  median_seconds / 60.0 AS median_minutes,
  p90_seconds / 60.0 AS p90_minutes,
  limit_minutes,
  CASE WHEN NOT $by_minutes_source THEN CAST(over_limit AS DOUBLE) / NULLIF(limited, 0) END AS over_limit_share,
  CASE WHEN NOT $by_minutes_source THEN CAST(written AS DOUBLE) / NULLIF(student_days, 0) END AS written_share,
  CAST(measured AS DOUBLE) / NULLIF(pieces, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(pieces, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(pieces, 0) AS estimated_share,
  CAST(pieces AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM sums
WHERE pieces > 0 OR NOT $by_minutes_source
ORDER BY {{by}} whole
