/*---
title = { zh = "每名学生两种来源的时长", en = "Each pupil's minutes by two sources" }
unit = "min"
grain = { zh = "一名学生", en = "one pupil" }
source = { zh = "见 quality/source_agreement", en = "see quality/source_agreement" }

[description]
zh = "每名学生每份作业时长的均值：实测（填报）与教师估计只取两者都有的作业；实测与填报先按学科求均值，只取两者都有的学科。"
en = "A pupil's mean minutes a piece: measured (reported) and the teacher's estimate over pieces that have both; measured and reported as means of subjects that have both."

[params]
from = {}
to = {}
region = {}
county = {}
school_type = {}
urban_rural = {}
area = {}
public = {}
school = {}
stage = {}
grade = {}
class = {}
subject = {}

[[columns]]
name = "measured"
title = { zh = "有实测", en = "Any measured" }

[[columns]]
name = "reported"
title = { zh = "有填报", en = "Any reported" }

[[columns]]
name = "estimated"
title = { zh = "有估计", en = "Any estimated" }

[[columns]]
name = "measured_of_estimated"
title = { zh = "实测（有估计的作业）", en = "Measured, of pieces with an estimate" }
unit = "min"

[[columns]]
name = "estimated_of_measured"
title = { zh = "估计（有实测的作业）", en = "Estimated, of pieces measured" }
unit = "min"

[[columns]]
name = "reported_of_estimated"
title = { zh = "填报（有估计的作业）", en = "Reported, of pieces with an estimate" }
unit = "min"

[[columns]]
name = "estimated_of_reported"
title = { zh = "估计（有填报的作业）", en = "Estimated, of pieces reported" }
unit = "min"

[[columns]]
name = "measured_of_reported"
title = { zh = "实测（有填报的学科）", en = "Measured, of subjects with reports" }
unit = "min"

[[columns]]
name = "reported_of_measured"
title = { zh = "填报（有实测的学科）", en = "Reported, of subjects measured" }
unit = "min"
---*/
WITH pieces AS (
  SELECT
    h.student, h.subject, a.estimated_minutes AS estimated,
    CASE WHEN h.minutes_source = 'measured' THEN h.minutes END AS measured,
    CASE WHEN h.minutes_source = 'reported' THEN h.minutes END AS reported
  FROM homework AS h
  LEFT JOIN assignment AS a ON a.assignment = h.assignment AND NOT COALESCE(a.withdrawn, FALSE) AND a.estimated_minutes > 0
  WHERE {{filters h}}
),
subjects AS (SELECT student, subject, avg(measured) AS measured, avg(reported) AS reported FROM pieces GROUP BY student, subject),
both_sources AS (
  SELECT student, avg(measured) AS measured, avg(reported) AS reported FROM subjects
  WHERE measured IS NOT NULL AND reported IS NOT NULL
  GROUP BY student
),
means AS (
  SELECT
    student, count(measured) > 0 AS measured, count(reported) > 0 AS reported, count(estimated) > 0 AS estimated,
    avg(measured) FILTER (WHERE estimated IS NOT NULL) AS measured_of_estimated, avg(estimated) FILTER (WHERE measured IS NOT NULL) AS estimated_of_measured,
    avg(reported) FILTER (WHERE estimated IS NOT NULL) AS reported_of_estimated, avg(estimated) FILTER (WHERE reported IS NOT NULL) AS estimated_of_reported
  FROM pieces
  GROUP BY student
)
SELECT
  m.measured, m.reported, m.estimated,
  -- Averages of floats differ in their last digits by the order of rows; rounded, the same question has the same answer.
  round(m.measured_of_estimated, 9) AS measured_of_estimated, round(m.estimated_of_measured, 9) AS estimated_of_measured,
  round(m.reported_of_estimated, 9) AS reported_of_estimated, round(m.estimated_of_reported, 9) AS estimated_of_reported,
  round(b.measured, 9) AS measured_of_reported, round(b.reported, 9) AS reported_of_measured
FROM means AS m LEFT JOIN both_sources AS b ON b.student = m.student
ORDER BY m.student
