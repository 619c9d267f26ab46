/*---
title = { zh = "作业批改：批改率、全批全改率、反馈时长、订正率", en = "Marking: rate, all marked, hours to feedback, corrections" }
unit = "share"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject", "form",
]
default_by = ["school"]
grain = { zh = "一名学生交来的一份作业；一份布置的作业", en = "one pupil's piece of homework that was handed in; one assignment" }
source = { zh = "2021 年要求全批全改、不得要求学生自批自改 [F20][K]；指标：RULES B3 第 7 项 [D]", en = "2021: teachers mark all, pupils do not mark themselves [F20][K]; indicator 7 of RULES B3 [D]" }

[description]
zh = """
handed_in = 按时与迟交的份数。marked_known = 其中写明是否批改的；marking_rate = 已批改 ÷ marked_known；marking_coverage = marked_known ÷ handed_in。
assignments = 至少有一份交来且写明是否批改的作业数（布置给几个班、学生记录上有几种形式的各计一份）；all_marked_share（全批全改率）= 交来的每一份都写明已批改、且没有一份是自批或互批的作业 ÷ assignments。
self_marked_share = 自批或互批的份数 ÷ 写明批改方式的已批改份数。median_feedback_hours = 批改时间 − 提交时间的中位数（小时；各份先向上取整到十分之一小时），只取两个时间都有且不为负的份数；feedback_coverage = 这样的份数 ÷ 已批改份数。
correction_rate（订正率）= 已订正 ÷ 已批改、写明是否订正且得分率不为 1 的份数（没有得分率的也计入）。students = 有交来作业的不同学生数。
"""
en = """
handed_in = pieces handed in on time or late. marked_known = those that say whether they were marked; marking_rate = marked / marked_known; marking_coverage = marked_known / handed_in.
assignments = assignments with at least one such piece (one for each class that it was set for, and each form that pupils' records say); all_marked_share = assignments of which every piece handed in is known to be marked and none by the pupil or a peer / assignments.
self_marked_share = pieces marked by the pupil or a peer / marked pieces that say by whom. median_feedback_hours = median of marked_at - submitted_at in hours (each rounded up to a tenth), over pieces with both times and not below zero; feedback_coverage = such pieces / marked pieces.
correction_rate = corrected / marked pieces that say whether they were corrected and whose score rate is not 1 (those without a score rate included). students = different pupils with work handed in.
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

# The pieces that were handed in, looked at an assignment at a time.
[grains.marking]
class = """
WITH pieces AS (
  SELECT
    day, school, grade, class, subject, form, assignment, student, marked, marked_by IN ('self', 'peer') AS by_pupils,
    CASE WHEN marked AND marked_at >= submitted_at THEN (CAST(marked_at AS BIGINT) - CAST(submitted_at AS BIGINT) + 359999999) / 360000000 END AS wait_tenths,
    CASE WHEN marked AND COALESCE(score_rate < 1, TRUE) THEN corrected END AS corrected
  FROM homework
  WHERE status IN ('submitted', 'late')
),
assignments AS (
  SELECT
    day, school, grade, class, subject, form, assignment, pupil_set(student, school, grade) AS pupils, count(*) AS handed_in, count(marked) AS known,
    count(*) FILTER (WHERE marked) AS marked, count(by_pupils) FILTER (WHERE marked) AS said_by, count(*) FILTER (WHERE marked AND by_pupils) AS by_pupils,
    histogram(wait_tenths) AS waits, count(corrected) AS correctable, count(*) FILTER (WHERE corrected) AS corrected,
    bool_and(COALESCE(marked, FALSE) AND NOT COALESCE(by_pupils, FALSE)) AS all_marked
  FROM pieces
  GROUP BY day, school, grade, class, subject, form, assignment
)
SELECT
  day, school, grade, {class} subject, form, pupil_union(pupils) AS pupils, sum(handed_in) AS handed_in, sum(known) AS known, sum(marked) AS marked,
  sum(said_by) AS said_by, sum(by_pupils) AS by_pupils, histogram_sum(waits) AS waits, sum(correctable) AS correctable, sum(corrected) AS corrected,
  count(*) FILTER (WHERE known > 0) AS assignments, count(*) FILTER (WHERE known > 0 AND all_marked) AS all_marked
FROM assignments
GROUP BY {class} day, school, grade, subject, form
"""

[[columns]]
name = "students"
title = { zh = "学生数", en = "Pupils" }
unit = "1"

[[columns]]
name = "handed_in"
title = { zh = "已交份数", en = "Handed in" }
unit = "1"

[[columns]]
name = "marking_rate"
title = { zh = "批改率", en = "Marking rate" }
unit = "share"

[[columns]]
name = "marking_coverage"
title = { zh = "批改信息覆盖率", en = "Coverage of marking" }
unit = "share"

[[columns]]
name = "assignments"

[[columns]]
name = "all_marked_share"
title = { zh = "全批全改率", en = "Share of assignments all marked" }
unit = "share"

[[columns]]
name = "self_marked_share"
title = { zh = "自批互批占比", en = "Share marked by pupils" }
unit = "share"

[[columns]]
name = "median_feedback_hours"
title = { zh = "反馈时长中位数", en = "Median hours to feedback" }
unit = "h"

[[columns]]
name = "feedback_coverage"
title = { zh = "反馈时长覆盖率", en = "Coverage of feedback hours" }
unit = "share"

[[columns]]
name = "correction_rate"
title = { zh = "订正率", en = "Correction rate" }
unit = "share"
---*/
WITH cells AS (
  SELECT
    {{dimensions d}} TRUE AS whole, d.pupils, d.handed_in, d.known, d.marked, d.said_by, d.by_pupils, d.waits, d.correctable, d.corrected, d.assignments,
    d.all_marked
  FROM {{marking}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, pupils_in(pupils) AS students, sum(handed_in) AS handed_in, sum(known) AS known, sum(marked) AS marked, sum(said_by) AS said_by,
    sum(by_pupils) AS by_pupils, histogram_sum(waits) AS waits, sum(correctable) AS correctable, sum(corrected) AS corrected, sum(assignments) AS assignments,
    sum(all_marked) AS all_marked
  FROM cells
  GROUP BY {{by}} TRUE
)
SELECT
  {{by}}
  students, handed_in,
  CAST(marked AS DOUBLE) / NULLIF(known, 0) AS marking_rate,
  CAST(known AS DOUBLE) / NULLIF(handed_in, 0) AS marking_coverage,
  assignments,
  CAST(all_marked AS DOUBLE) / NULLIF(assignments, 0) AS all_marked_share,
  CAST(by_pupils AS DOUBLE) / NULLIF(said_by, 0) AS self_marked_share,
  histogram_decile(waits, 5) / 10 AS median_feedback_hours,
  CAST(histogram_count(waits) AS DOUBLE) / NULLIF(marked, 0) AS feedback_coverage,
  CAST(corrected AS DOUBLE) / NULLIF(correctable, 0) AS correction_rate
FROM sums
ORDER BY {{by}} whole
