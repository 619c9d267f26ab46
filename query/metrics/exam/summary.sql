/*---
title = { zh = "考试概况", en = "Exam summary" }
unit = "score"
n = "students"
dimensions = ["exam", "term", "school", "grade", "class", "subject"]
default_by = ["exam", "subject"]
grain = { zh = "一名学生在一次考试中一门学科的成绩", en = "one student's result in one exam and subject" }
source = { zh = "双减后各校各学科质量监测：JS23 §8(1)、§16(3)；标准分 z = (x − μ)/σ：RULES E [K]（未核实）。成绩以等级呈现、不得排名：RULES B1 [F7][F9]", en = "quality per school and subject after double reduction: JS23 §8(1), §16(3); standard score z = (x - mu)/sigma: RULES E [K] (unverified). Results are to be shown as levels and never ranked: RULES B1 [F7][F9]" }

[description]
zh = """
只取学科总分（小题编号为空的记录）。n = 有成绩的人次；absent 缺考、exempt 免考、cheating 作弊分别计人次，从不按零分计入。students = 有成绩的不同学生数。
mean = 成绩平均值；sd_sample = 样本标准差（除以 n − 1）；sd_population = 总体标准差（除以 n）。跨考试、跨学科合并时满分不同，均值仅供参考。
standard_score = 组内 z 的平均值，z = (成绩 − μ) ÷ σ，μ 与 σ（总体标准差）取全库该考试 × 该学科的全部有成绩者，与筛选条件无关；σ 为零时为空。成绩精确到万分之一分，各项和为整数，与读入顺序无关。
"""
en = """
Subject totals only (records without an item). n = results with a score; absent, exempt and cheating are counted apart and are never a zero. students = different students with a score.
mean = mean score; sd_sample = sample standard deviation (divided by n - 1); sd_population = population standard deviation (divided by n). Groups over several exams or subjects mix full marks: read their mean with care.
standard_score = mean of z in the group, z = (score - mu) / sigma, with mu and sigma (population standard deviation) of everybody with a score in that exam and subject in the whole lake, whatever the filter; empty where sigma is zero. Scores are exact to a ten-thousandth of a point and sums are whole numbers, whatever the order of reading.
"""

[params]
exam = {}
term = {}
from = {}
to = {}
school = {}
grade = {}
class = {}
subject = {}

[[columns]]
name = "students"

[[columns]]
name = "n"
title = { zh = "有成绩人次", en = "Results with a score" }
unit = "1"

[[columns]]
name = "absent"
title = { zh = "缺考", en = "Absent" }
unit = "1"

[[columns]]
name = "exempt"
title = { zh = "免考", en = "Exempt" }
unit = "1"

[[columns]]
name = "cheating"
title = { zh = "作弊", en = "Cheating" }
unit = "1"

[[columns]]
name = "mean"
title = { zh = "平均分", en = "Mean" }
unit = "score"

[[columns]]
name = "sd_sample"
title = { zh = "样本标准差", en = "Sample standard deviation" }
unit = "score"

[[columns]]
name = "sd_population"
title = { zh = "总体标准差", en = "Population standard deviation" }
unit = "score"

[[columns]]
name = "standard_score"
title = { zh = "平均标准分", en = "Mean standard score" }
unit = "z"
---*/
-- Sums are of whole ten-thousandths of a point and of z in units of 1e-12, so that they are exact in any order.
WITH results AS (
  SELECT
    exam, subject, term, school, grade, class, student, day, status,
    CASE WHEN status = 'scored' THEN CAST(round(score * 10000) AS BIGINT) END AS points
  FROM assessment
  WHERE COALESCE(item, '') = ''
    AND ($exam IS NULL OR exam = $exam) AND ($subject IS NULL OR subject = $subject)
),
moments AS (
  SELECT
    exam AS of_exam, subject AS of_subject, CAST(count(points) AS DECIMAL(10, 0)) AS size,
    CAST(sum(points) AS DECIMAL(18, 0)) AS total, CAST(sum(CAST(points * points AS DECIMAL(20, 0))) AS DECIMAL(28, 0)) AS squares
  FROM results
  GROUP BY exam, subject
),
scales AS (
  SELECT
    of_exam, of_subject, CAST(total AS DOUBLE) / NULLIF(CAST(size AS DOUBLE), 0) AS mu,
    NULLIF(sqrt(CAST(size * squares - total * total AS DOUBLE)), 0) / CAST(size AS DOUBLE) AS sigma
  FROM moments
),
standard AS (
  SELECT results.*, TRUE AS whole, CAST(round((points - mu) / sigma * 1e12) AS DECIMAL(20, 0)) AS z
  FROM results JOIN scales ON exam = of_exam AND subject = of_subject
  WHERE ($term IS NULL OR term = $term) AND ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to)
    AND ($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade) AND ($class IS NULL OR class = $class)
),
sums AS (
  SELECT
    {{by}} TRUE AS whole,
    count(DISTINCT CASE WHEN points IS NOT NULL THEN student END) AS students,
    count(points) AS n,
    count(*) FILTER (WHERE status = 'absent') AS absent,
    count(*) FILTER (WHERE status = 'exempt') AS exempt,
    count(*) FILTER (WHERE status = 'cheating') AS cheating,
    CAST(sum(points) AS DECIMAL(18, 0)) AS total,
    CAST(sum(CAST(points * points AS DECIMAL(20, 0))) AS DECIMAL(28, 0)) AS squares,
    CAST(sum(z) AS DOUBLE) / 1e12 / NULLIF(count(z), 0) AS standard_score
  FROM standard
  GROUP BY {{by}} TRUE
),
spread AS (
  SELECT sums.*, CAST(CAST(n AS DECIMAL(10, 0)) * squares - total * total AS DOUBLE) / 1e8 AS spread
  FROM sums
)
SELECT
  {{by}} students, n, absent, exempt, cheating,
  CAST(total AS DOUBLE) / 1e4 / NULLIF(n, 0) AS mean,
  sqrt(spread / NULLIF(CAST(n AS DOUBLE) * (n - 1), 0)) AS sd_sample,
  sqrt(spread) / NULLIF(n, 0) AS sd_population,
  standard_score
FROM spread
ORDER BY {{by}} whole
