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
standard_score = 组内 z 的平均值，z = (成绩 − μ) ÷ σ，μ 与 σ（总体标准差）取全库该考试 × 该学科的全部有成绩者，与筛选条件无关；σ 为零时为空。
"""
en = """
Subject totals only (records without an item). n = results with a score; absent, exempt and cheating are counted apart and are never a zero. students = different students with a score.
mean = mean score; sd_sample = sample standard deviation (divided by n - 1); sd_population = population standard deviation (divided by n). Groups over several exams or subjects mix full marks: read their mean with care.
standard_score = mean of z in the group, z = (score - mu) / sigma, with mu and sigma (population standard deviation) of everybody with a score in that exam and subject in the whole lake, whatever the filter; empty where sigma is zero.
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
title = { zh = "学生数", en = "Students" }
unit = "1"

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
WITH results AS (
  SELECT exam, subject, term, school, grade, class, student, day, status, CASE WHEN status = 'scored' THEN score END AS score
  FROM assessment
  WHERE COALESCE(item, '') = ''
    AND ($exam IS NULL OR exam = $exam) AND ($subject IS NULL OR subject = $subject)
),
moments AS (
  SELECT exam AS of_exam, subject AS of_subject, avg(score) AS mu, NULLIF(stddev_pop(score), 0) AS sigma
  FROM results
  GROUP BY exam, subject
),
standard AS (
  SELECT results.*, TRUE AS whole, (score - mu) / sigma AS z
  FROM results JOIN moments ON exam = of_exam AND subject = of_subject
  WHERE ($term IS NULL OR term = $term) AND ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to)
    AND ($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade) AND ($class IS NULL OR class = $class)
),
sums AS (
  SELECT
    {{by}} whole,
    count(DISTINCT CASE WHEN score IS NOT NULL THEN student END) AS students,
    count(score) AS n,
    count(*) FILTER (WHERE status = 'absent') AS absent,
    count(*) FILTER (WHERE status = 'exempt') AS exempt,
    count(*) FILTER (WHERE status = 'cheating') AS cheating,
    avg(score) AS mean, stddev_samp(score) AS sd_sample, stddev_pop(score) AS sd_population, avg(z) AS standard_score
  FROM standard
  GROUP BY {{by}} whole
)
SELECT {{by}} students, n, absent, exempt, cheating, mean, sd_sample, sd_population, standard_score
FROM sums
ORDER BY {{by}} whole
