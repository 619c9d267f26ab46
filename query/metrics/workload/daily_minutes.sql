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
mean_minutes = 值之和 ÷ 学生日数。median_minutes、p90_minutes：各学生日的分钟数向上取整后排序，线性插值（位置 = (学生日数 − 1) × 0.5 或 0.9，与 numpy 默认一致），比不取整的至多高 1 分钟。
limit_minutes：该年级当日书面作业上限；组内上限不一致时为空；一二年级不布置书面家庭作业，没有分钟上限（见 homework/early_written）；高中无上限；周末、假期、寒暑假无分钟上限（校历有该日则以校历为准，
否则周一至周五视为上学日）；2021-07-24 之前无上限。over_limit_share = 书面作业已知时长超过上限的学生日 ÷ 有上限的学生日（均限已知时长的学生日）；按 minutes_source 分组时为空，因为上限针对总量。
上限原文是“平均”完成时间，未规定平均单位；这里逐学生日判断。written_share = 有书面作业已知时长的学生日 ÷ 学生日数；按 minutes_source 分组时为空。
measured_share、reported_share、estimated_share = 该来源的已知时长作业份数 ÷ 已知时长作业份数。coverage = 已知时长作业份数 ÷ 应交作业份数（按时、迟交、未交；免交不计），含没有已知时长的学生日；按来源分组时分子只取该来源。
students = 有已知时长的学生数，取最多的一天（一段时间内不同学生数不少于此）。同一学生同日在几个班有作业，除按班级查看外合为一个学生日。平台外的纸质作业与家长、机构另加的作业不在数据内；关闭交作业时间会截断实测时长。
"""
en = """
Student-day: a student has at least one piece of homework with known minutes, assigned on that day. Its value = the sum over subjects of the known minutes
(measured, reported by student or parent, or estimated by the teacher; grouped by minutes_source: of that source alone). Unknown minutes are not counted as zero:
student-days without any known minutes are left out of mean, median and P90, and coverage tells how much is missing.
mean_minutes = sum of values / student-days. median_minutes, p90_minutes: of the student-days' minutes rounded up, linear interpolation (position = (student-days - 1) x 0.5 or 0.9, numpy's default); at most one minute above those of the exact minutes.
limit_minutes: the limit of written homework of that grade on that day; empty where the group has several; none in grades 1 and 2, which are set no written homework (see homework/early_written); none in senior high; none on weekends, holidays and vacations
(the calendar decides where it has the day, else Monday to Friday are school days); none before 2021-07-24. over_limit_share = student-days whose known written minutes exceed the limit / student-days with a limit
(of those with known minutes); empty when grouped by minutes_source, because the limit is on the total. The rule speaks of an average and does not say over what; here each student-day is judged. written_share = student-days with known written minutes / student-days; empty when grouped by minutes_source.
measured_share, reported_share, estimated_share = pieces with known minutes of that source / pieces with known minutes. coverage = pieces with known minutes / pieces expected (on time, late or missing; exempt ones apart),
including student-days without known minutes; grouped by source, the numerator is of that source. students = students with known minutes on the day that has most of them (over a period there are at least so many different ones). A student with homework in several classes on one day is one student-day, unless looked at by class.
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
title = { zh = "学生数（单日最多）", en = "Pupils (most on one day)" }
unit = "1"

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
WITH loads AS (
  SELECT
    {{dimensions - minutes_source d}} TRUE AS whole, d.limit_minutes AS on_limit, d.homework_expected AS expected,
    d.students_by_day, d.timed_measured, d.timed_reported, d.timed_estimated, d.seconds_measured, d.seconds_reported, d.seconds_estimated,
    d.load_minutes, d.limited, d.over_limit, d.written_students,
    -- Where the sources are not asked for, nothing is counted of them.
    CASE WHEN $by_minutes_source THEN d.measured_minutes END AS measured_minutes, CASE WHEN $by_minutes_source THEN d.reported_minutes END AS reported_minutes,
    CASE WHEN $by_minutes_source THEN d.estimated_minutes END AS estimated_minutes,
    CASE WHEN $by_minutes_source THEN d.measured_by_day END AS measured_by_day, CASE WHEN $by_minutes_source THEN d.reported_by_day END AS reported_by_day,
    CASE WHEN $by_minutes_source THEN d.estimated_by_day END AS estimated_by_day
  FROM {{load}} AS d
  {{joins d}}
  WHERE d.homework_expected + d.homework_exempt > 0 AND {{filters d}}
),
sums AS (
  SELECT
    {{by - minutes_source}} TRUE AS whole, CASE WHEN min(on_limit) = max(on_limit) THEN CAST(max(on_limit) AS BIGINT) END AS limit_minutes,
    sum(over_limit) AS over_limit, sum(limited) AS limited, sum(written_students) AS written, sum(expected) AS expected, sum(timed_measured) AS measured,
    sum(timed_reported) AS reported, sum(timed_estimated) AS estimated, sum(seconds_measured) AS seconds_measured,
    sum(seconds_reported) AS seconds_reported, sum(seconds_estimated) AS seconds_estimated, histogram_most(histogram_sum(students_by_day)) AS students,
    histogram_most(histogram_sum(measured_by_day)) AS students_measured, histogram_most(histogram_sum(reported_by_day)) AS students_reported,
    histogram_most(histogram_sum(estimated_by_day)) AS students_estimated, histogram_sum(load_minutes) AS load_minutes,
    histogram_sum(measured_minutes) AS measured_minutes, histogram_sum(reported_minutes) AS reported_minutes,
    histogram_sum(estimated_minutes) AS estimated_minutes
  FROM loads
  GROUP BY {{by - minutes_source}} TRUE
),
-- All minutes together, or each source of them apart where that is a dimension.
sources AS (
  SELECT column1 AS minutes_source FROM (VALUES ('all'), ('measured'), ('reported'), ('estimated'))
  WHERE (column1 <> 'all') = $by_minutes_source
),
answers AS (
  SELECT
    {{by}} TRUE AS whole, limit_minutes, expected, over_limit, limited, written,
    CASE WHEN minutes_source IN ('all', 'measured') THEN measured ELSE 0 END AS measured,
    CASE WHEN minutes_source IN ('all', 'reported') THEN reported ELSE 0 END AS reported,
    CASE WHEN minutes_source IN ('all', 'estimated') THEN estimated ELSE 0 END AS estimated,
    CASE minutes_source
      WHEN 'measured' THEN students_measured WHEN 'reported' THEN students_reported WHEN 'estimated' THEN students_estimated ELSE students
    END AS students,
    CASE minutes_source
      WHEN 'measured' THEN seconds_measured WHEN 'reported' THEN seconds_reported WHEN 'estimated' THEN seconds_estimated
      ELSE seconds_measured + seconds_reported + seconds_estimated
    END AS seconds,
    CASE minutes_source
      WHEN 'measured' THEN measured_minutes WHEN 'reported' THEN reported_minutes WHEN 'estimated' THEN estimated_minutes ELSE load_minutes
    END AS minutes
  FROM sums CROSS JOIN sources
)
SELECT
  {{by}}
  students,
  histogram_count(minutes) AS student_days,
  CAST(seconds AS DOUBLE) / 60 / NULLIF(histogram_count(minutes), 0) AS mean_minutes,
  histogram_decile(minutes, 5) AS median_minutes,
  histogram_decile(minutes, 9) AS p90_minutes,
  limit_minutes,
  CASE WHEN NOT $by_minutes_source THEN CAST(over_limit AS DOUBLE) / NULLIF(limited, 0) END AS over_limit_share,
  CASE WHEN NOT $by_minutes_source THEN CAST(written AS DOUBLE) / NULLIF(histogram_count(minutes), 0) END AS written_share,
  CAST(measured AS DOUBLE) / NULLIF(measured + reported + estimated, 0) AS measured_share,
  CAST(reported AS DOUBLE) / NULLIF(measured + reported + estimated, 0) AS reported_share,
  CAST(estimated AS DOUBLE) / NULLIF(measured + reported + estimated, 0) AS estimated_share,
  CAST(measured + reported + estimated AS DOUBLE) / NULLIF(expected, 0) AS coverage
FROM answers
WHERE measured + reported + estimated > 0 OR NOT $by_minutes_source
ORDER BY {{by}} whole
