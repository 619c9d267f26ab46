/*---
title.zh = "学生日"
title.en = "Student day"
description.zh = "每名学生每个上课日：当天布置的作业及其按来源区分的用时、完整记录的考勤节点、课堂行为。缺失的年级取该生当天其他记录的年级，否则取其班级唯一的年级。"
description.en = "Per student and school day: the homework set for that day with its minutes by where they come from, the checkpoints of complete attendance records, and the acts in lessons. A missing grade is that of the student's other rows of the day, else that of the class if it has only one."
from = ["homework", "attendance", "interaction"]
key = ["day", "school", "grade", "class", "student"]
---*/
WITH parts AS (
  SELECT
    day, school, grade, class, student,
    count(*) FILTER (WHERE status IN ('submitted', 'late', 'missing')) AS homework_expected,
    count(*) FILTER (WHERE status = 'submitted') AS homework_submitted,
    count(*) FILTER (WHERE status = 'late') AS homework_late,
    count(*) FILTER (WHERE status = 'missing') AS homework_missing,
    count(*) FILTER (WHERE status = 'exempt') AS homework_exempt,
    count(minutes) FILTER (WHERE minutes_source = 'measured') AS timed_measured,
    count(minutes) FILTER (WHERE minutes_source = 'reported') AS timed_reported,
    count(minutes) FILTER (WHERE minutes_source = 'estimated') AS timed_estimated,
    sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'measured') AS seconds_measured,
    sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'reported') AS seconds_reported,
    sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'estimated') AS seconds_estimated,
    sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE form = 'written') AS written_seconds,
    0 AS checkpoints, 0 AS present, 0 AS late, 0 AS early_leave,
    0 AS sick_leave, 0 AS personal_leave, 0 AS official_leave, 0 AS truant,
    0 AS acts, 0 AS answers, 0 AS answers_correct
  FROM homework
  GROUP BY day, school, grade, class, student
  UNION ALL
  SELECT
    day, school, grade, class, student,
    0, 0, 0, 0, 0,
    0, 0, 0,
    0, 0, 0, 0,
    count(*) FILTER (WHERE status <> 'unknown'),
    count(*) FILTER (WHERE status = 'present'),
    count(*) FILTER (WHERE status = 'late'),
    count(*) FILTER (WHERE status = 'early_leave'),
    count(*) FILTER (WHERE status = 'sick_leave'),
    count(*) FILTER (WHERE status = 'personal_leave'),
    count(*) FILTER (WHERE status = 'official_leave'),
    count(*) FILTER (WHERE status = 'truant'),
    0, 0, 0
  FROM attendance
  WHERE recording = 'all'
  GROUP BY day, school, grade, class, student
  UNION ALL
  SELECT
    day, school, grade, class, student,
    0, 0, 0, 0, 0,
    0, 0, 0,
    0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,
    count(*),
    count(*) FILTER (WHERE act = 'answer'),
    count(*) FILTER (WHERE act = 'answer' AND correct)
  FROM interaction
  WHERE student IS NOT NULL
  GROUP BY day, school, grade, class, student
),
graded AS (
  SELECT
    parts.*,
    max(grade) OVER (PARTITION BY day, school, class, student) AS student_grade,
    min(grade) OVER (PARTITION BY day, school, class) AS lowest_grade,
    max(grade) OVER (PARTITION BY day, school, class) AS highest_grade
  FROM parts
),
placed AS (
  SELECT
    graded.*,
    COALESCE(grade, student_grade, CASE WHEN lowest_grade = highest_grade THEN lowest_grade END) AS known_grade
  FROM graded
)
SELECT
  day, school, known_grade AS grade, class, student,
  sum(homework_expected) AS homework_expected,
  sum(homework_submitted) AS homework_submitted,
  sum(homework_late) AS homework_late,
  sum(homework_missing) AS homework_missing,
  sum(homework_exempt) AS homework_exempt,
  sum(timed_measured) AS timed_measured,
  sum(timed_reported) AS timed_reported,
  sum(timed_estimated) AS timed_estimated,
  sum(COALESCE(seconds_measured, 0)) AS seconds_measured,
  sum(COALESCE(seconds_reported, 0)) AS seconds_reported,
  sum(COALESCE(seconds_estimated, 0)) AS seconds_estimated,
  sum(COALESCE(written_seconds, 0)) AS written_seconds,
  sum(checkpoints) AS checkpoints,
  sum(present) AS present,
  sum(late) AS late,
  sum(early_leave) AS early_leave,
  sum(sick_leave) AS sick_leave,
  sum(personal_leave) AS personal_leave,
  sum(official_leave) AS official_leave,
  sum(truant) AS truant,
  sum(acts) AS acts,
  sum(answers) AS answers,
  sum(answers_correct) AS answers_correct
FROM placed
GROUP BY day, school, known_grade, class, student
