/*---
title.zh = "作业日"
title.en = "Assignment day"
description.zh = "每份作业每个上课日：收到记录的学生数、完成情况、按来源区分的用时。"
description.en = "Per piece of homework and school day: the students with a record, what became of it, and its minutes by where they come from."
from = ["homework"]
key = ["day", "school", "grade", "class", "subject", "assignment"]
---*/
SELECT
  day, school, grade, class, subject, assignment,
  count(*) AS students,
  count(*) FILTER (WHERE status IN ('submitted', 'late', 'missing')) AS expected,
  count(*) FILTER (WHERE status = 'submitted') AS submitted,
  count(*) FILTER (WHERE status = 'late') AS late,
  count(*) FILTER (WHERE status = 'missing') AS missing,
  count(*) FILTER (WHERE status = 'exempt') AS exempt,
  count(minutes) FILTER (WHERE minutes_source = 'measured') AS timed_measured,
  count(minutes) FILTER (WHERE minutes_source = 'reported') AS timed_reported,
  count(minutes) FILTER (WHERE minutes_source = 'estimated') AS timed_estimated,
  sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'measured') AS seconds_measured,
  sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'reported') AS seconds_reported,
  sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'estimated') AS seconds_estimated,
  sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE form = 'written') AS written_seconds
FROM homework
GROUP BY day, school, grade, class, subject, assignment
