/*---
title = { zh = "作业时长三种来源的一致性", en = "Agreement of the three sources of homework minutes" }
unit = "min"
n = "students"
dimensions = [
  "day", "week", "month", "term", "region", "county", "school_type", "urban_rural", "area", "public", "school", "stage", "grade", "class", "subject", "pair",
]
default_by = ["pair"]
grain = { zh = "一份布置的作业：一种来源的学生时长中位数，对教师布置时的估计；或一个班级学科日：实测中位数对填报中位数", en = "one assignment: the median of pupils' minutes of one source, against the teacher's estimate; or one class-subject-day: median measured against median reported" }
source = { zh = "RULES B2 已知问题与 B3 第 13 项 [D]；一致性界限：Bland–Altman 1986；一致性相关系数：Lin 1989", en = "known problems of RULES B2 and indicator 13 of B3 [D]; limits of agreement: Bland and Altman 1986; concordance: Lin 1989" }

[description]
zh = """
pair：measured-estimated、reported-estimated 按作业（清单中未撤回、估计大于零）配对，值为该作业该来源学生时长的中位数与教师估计；measured-reported 按班级 × 学科 × 日配对，值为两种来源的中位数（同一批学生或不同学生）。
pairs = 对数；students = 单个配对中学生数之和（同一学生在每个配对各计一次，用于小组遮蔽的上限之外不作解释）。difference = 前者 − 后者：mean_difference = 均值；sd_difference = 样本标准差；low_agreement、high_agreement = 均值 ∓ 1.96 × 标准差。
concordance = 2·cov ÷ (var₁ + var₂ + (均值差)²)，方差与协方差除以 n；median_ratio = 各对 前者 ÷ 后者（取到百分之一）的中位数。时长取到秒，配对的作业与记录同日。少于两对时后几项为空。
"""
en = """
pair: measured-estimated and reported-estimated pair by assignment (on the list, not withdrawn, estimate above zero): the median of its pupils' minutes of that source and the teacher's estimate; measured-reported pairs by class x subject x day: the medians of both sources (the same pupils or others).
pairs; students = pupils of the pairs added up (a pupil counts once in each pair; used for suppression only). difference = first - second: mean_difference; sd_difference = sample standard deviation; low_agreement, high_agreement = mean -/+ 1.96 x standard deviation.
concordance = 2 cov / (var1 + var2 + (difference of means)^2), variances and covariance divided by n; median_ratio = median over pairs of first / second, to a hundredth. Minutes are taken to a second, and an assignment is paired with records of its day. With fewer than two pairs these are empty.
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

# Pairs of medians in half seconds: how many, what they add up to, and their squares and products.
[grains.medians]
class = """
WITH timed AS (
  SELECT day, school, grade, class, subject, assignment, minutes_source, round(minutes * 60) AS seconds
  FROM homework
  WHERE minutes IS NOT NULL AND minutes_source IN ('measured', 'reported')
),
of_assignment AS (
  SELECT
    day, school, grade, class, subject, assignment, minutes_source, CAST(2 * median(seconds) AS BIGINT) AS x, count(*) AS pupils
  FROM timed
  GROUP BY day, school, grade, class, subject, assignment, minutes_source
),
pairs AS (
  SELECT
    o.day, o.school, o.grade, o.class, o.subject, concat(o.minutes_source, '-estimated') AS pair, o.pupils, o.x,
    CAST(round(a.estimated_minutes * 120) AS BIGINT) AS y
  FROM of_assignment AS o JOIN assignment AS a ON a.day = o.day AND a.school = o.school AND a.assignment = o.assignment
  WHERE NOT COALESCE(a.withdrawn, FALSE) AND a.estimated_minutes > 0
  UNION ALL
  SELECT
    day, school, grade, class, subject, 'measured-reported' AS pair, count(*) AS pupils,
    CAST(2 * median(seconds) FILTER (WHERE minutes_source = 'measured') AS BIGINT) AS x,
    CAST(2 * median(seconds) FILTER (WHERE minutes_source = 'reported') AS BIGINT) AS y
  FROM timed
  GROUP BY day, school, grade, class, subject
)
SELECT
  day, school, grade, {class} subject, pair, sum(pupils) AS pupils, count(*) AS pairs, sum(x) AS x, sum(y) AS y, sum(x * x) AS xx, sum(y * y) AS yy,
  sum(x * y) AS xy, histogram((200 * x + y) / (2 * NULLIF(y, 0))) AS ratios
FROM pairs
WHERE x IS NOT NULL AND y IS NOT NULL
GROUP BY {class} day, school, grade, subject, pair
"""

[dimension_titles]
pair = { zh = "配对", en = "Pair" }

[[columns]]
name = "students"
title = { zh = "配对学生数之和", en = "Pupils of the pairs, added up" }
unit = "1"

[[columns]]
name = "pairs"
title = { zh = "对数", en = "Pairs" }
unit = "1"

[[columns]]
name = "mean_difference"
title = { zh = "平均差", en = "Mean difference" }
unit = "min"

[[columns]]
name = "sd_difference"
title = { zh = "差的标准差", en = "Standard deviation of differences" }
unit = "min"

[[columns]]
name = "low_agreement"
title = { zh = "一致性下限", en = "Lower limit of agreement" }
unit = "min"

[[columns]]
name = "high_agreement"
title = { zh = "一致性上限", en = "Upper limit of agreement" }
unit = "min"

[[columns]]
name = "concordance"
title = { zh = "一致性相关系数", en = "Concordance" }
unit = "1"

[[columns]]
name = "median_ratio"
title = { zh = "比值中位数", en = "Median ratio" }
unit = "ratio"
---*/
WITH cells AS (
  SELECT {{dimensions d}} TRUE AS whole, d.pupils, d.pairs, d.x, d.y, d.xx, d.yy, d.xy, d.ratios
  FROM {{medians}} AS d
  {{joins d}}
  WHERE {{filters d}}
),
sums AS (
  SELECT
    {{by}} TRUE AS whole, sum(pupils) AS students, sum(pairs) AS pairs, CAST(sum(pairs) AS DOUBLE) AS n, CAST(sum(x) AS DOUBLE) AS x, CAST(sum(y) AS DOUBLE) AS y,
    CAST(sum(xx) AS DOUBLE) AS xx, CAST(sum(yy) AS DOUBLE) AS yy, CAST(sum(xy) AS DOUBLE) AS xy, CAST(sum(x - y) AS DOUBLE) AS apart,
    CAST(sum(xx - 2 * xy + yy) AS DOUBLE) AS apart_squares, histogram_sum(ratios) AS ratios
  FROM cells
  GROUP BY {{by}} TRUE
),
moments AS (
  SELECT
    {{by}} TRUE AS whole, students, pairs, apart / n / 120 AS mean_difference,
    CASE WHEN pairs > 1 THEN sqrt(GREATEST(apart_squares - apart * apart / n, 0) / (n - 1)) / 120 END AS sd_difference,
    xx - x * x / n + yy - y * y / n + apart * apart / n AS scatter, xy - x * y / n AS together, ratios
  FROM sums
)
SELECT
  {{by}}
  students, pairs, mean_difference, sd_difference,
  mean_difference - 1.96 * sd_difference AS low_agreement,
  mean_difference + 1.96 * sd_difference AS high_agreement,
  CASE WHEN pairs > 1 AND scatter > 0 THEN 2 * together / scatter END AS concordance,
  histogram_decile(ratios, 5) / 100 AS median_ratio
FROM moments
ORDER BY {{by}} whole
