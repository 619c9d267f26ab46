/*---
title.zh = "班级学科日"
title.en = "Class subject day"
description.zh = "每个班级每个学科每个上课日：布置的作业、完成情况、按来源区分的用时。"
description.en = "Per class, subject and school day: the pieces of homework set, what became of them, and their minutes by where they come from."
from = ["homework"]
key = ["day", "school", "grade", "class", "subject"]
---*/
SELECT
  day, school, grade, class, subject,
  count(DISTINCT student) AS students,
  count(DISTINCT assignment) AS pieces,
  count(*) FILTER (WHERE status IN ('submitted', 'late', 'missing')) AS expected,
  count(*) FILTER (WHERE status = 'submitted') AS submitted,
  count(*) FILTER (WHERE status = 'late') AS late,
  count(*) FILTER (WHERE status = 'missing') AS missing,
  count(*) FILTER (WHERE status = 'exempt') AS exempt,
  count(minutes) FILTER (WHERE minutes_source = 'measured') AS timed_measured,
  count(minutes) FILTER (WHERE minutes_source = 'reported') AS timed_reported,
  count(minutes) FILTER (WHERE minutes_source = 'estimated') AS timed_estimated,
  COALESCE(sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'measured'), 0) AS seconds_measured,
  COALESCE(sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'reported'), 0) AS seconds_reported,
  COALESCE(sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE minutes_source = 'estimated'), 0) AS seconds_estimated,
  COALESCE(sum(CAST(round(minutes * 60) AS BIGINT)) FILTER (WHERE form = 'written'), 0) AS written_seconds
FROM homework
GROUP BY day, school, grade, class, subject
