/*---
title.zh = "学生记录日"
title.en = "Student record day"
description.zh = "每名学生每个上课日、按记录上的年级：当天布置的作业及其按来源区分的用时、完整记录的考勤节点、课堂行为。年级可能缺失；补全年级后见 student_day。"
description.en = "Per student, school day and the grade that the records give, which may be missing: the homework set for that day with its minutes by where they come from, the checkpoints of complete attendance records, and the acts in lessons. With the grades filled in, this is student_day."
from = ["homework", "attendance", "interaction"]
key = ["day", "school", "grade", "class", "student"]
stored = false
---*/
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
  sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE form = 'written') AS written_seconds
FROM homework
GROUP BY day, school, grade, class, student
UNION ALL BY NAME
SELECT
  day, school, grade, class, student,
  count(*) FILTER (WHERE status <> 'unknown') AS checkpoints,
  count(*) FILTER (WHERE status = 'present') AS present,
  count(*) FILTER (WHERE status = 'late') AS late,
  count(*) FILTER (WHERE status = 'early_leave') AS early_leave,
  count(*) FILTER (WHERE status = 'sick_leave') AS sick_leave,
  count(*) FILTER (WHERE status = 'personal_leave') AS personal_leave,
  count(*) FILTER (WHERE status = 'official_leave') AS official_leave,
  count(*) FILTER (WHERE status = 'truant') AS truant
FROM attendance
WHERE recording = 'all'
GROUP BY day, school, grade, class, student
UNION ALL BY NAME
SELECT
  day, school, grade, class, student,
  count(*) AS acts,
  count(*) FILTER (WHERE act = 'answer') AS answers,
  count(*) FILTER (WHERE act = 'answer' AND correct) AS answers_correct
FROM interaction
WHERE student IS NOT NULL
GROUP BY day, school, grade, class, student
