/*---
title = { zh = "学期名录", en = "Directory of terms" }
unit = "1"
grain = { zh = "校历中的一个学期", en = "one term of the calendar" }
source = { zh = "校历参考表", en = "the reference table of the calendar" }

[description]
zh = "校历（calendar）中写明的每个学期：first_day、last_day = 其最早与最晚的一天；school_days = 其中的上学日（上学、调休补课、无作业日）。看板与报告按学期选取日期时用它。"
en = "Every term that the calendar names: first_day and last_day = its first and last date; school_days = its school days (school_day, make_up, no_homework). The dashboard and reports choose days by term from it."

[[columns]]
name = "term"
title = { zh = "学期", en = "Term" }

[[columns]]
name = "first_day"
title = { zh = "第一天", en = "First day" }

[[columns]]
name = "last_day"
title = { zh = "最后一天", en = "Last day" }

[[columns]]
name = "school_days"
title = { zh = "上学日", en = "School days" }
unit = "1"
---*/
SELECT
  term, min(date) AS first_day, max(date) AS last_day,
  count(*) FILTER (WHERE day_kind IN ('school_day', 'make_up', 'no_homework')) AS school_days
FROM calendar
WHERE term IS NOT NULL AND term <> ''
GROUP BY term
ORDER BY term
