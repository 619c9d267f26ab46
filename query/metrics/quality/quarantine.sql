/*---
title = { zh = "隔离数据", en = "Rows in quarantine" }
unit = "1"
dimensions = ["day", "month", "kind", "mapping", "source", "rule", "field"]
default_by = ["source", "rule"]
grain = { zh = "一条被隔离的记录的一处错误", en = "one fault of one record that was not taken" }
source = { zh = "数据质量：ZJ23 (二)4(1)", en = "data quality: ZJ23 (二)4(1)" }

[description]
zh = """
rejects = 隔离区中现有的不合标准的记录数（同一来源、行、规则、字段、原文的重复发送只计一次；重新读入成功的不再计入）。
sources = 这些记录来自多少个来源。日期为最近一次收到的日期。field 为空表示整条记录有误。原文不在此显示。
"""
en = """
rejects = records in quarantine that broke the data standard (the same source, line, rule, field and text sent again counts once; what was read again with success no longer counts).
sources = how many sources they come from. The day is the day last received. An empty field means that the record as a whole was wrong. The raw text is not shown here.
"""

[params]
from = {}
to = {}
source = { type = "text", title = { zh = "来源", en = "Source" } }
rule = { type = "text", title = { zh = "规则", en = "Rule" } }

[dimension_titles]
kind = { zh = "数据类别", en = "Kind" }
mapping = { zh = "映射", en = "Mapping" }
source = { zh = "来源", en = "Source" }
rule = { zh = "规则", en = "Rule" }
field = { zh = "字段", en = "Field" }

[[columns]]
name = "rejects"
title = { zh = "隔离条数", en = "Rejects" }
unit = "1"

[[columns]]
name = "sources"
title = { zh = "来源数", en = "Sources" }
unit = "1"
---*/
WITH cells AS (
  SELECT day, to_char(day, '%Y-%m') AS month, kind, mapping, source, rule, field, source AS of_source, TRUE AS whole
  FROM rejects
  WHERE ($from IS NULL OR day >= $from) AND ($to IS NULL OR day <= $to)
    AND ($source IS NULL OR source = $source) AND ($rule IS NULL OR rule = $rule)
)
SELECT {{by}} count(*) AS rejects, count(DISTINCT of_source) AS sources
FROM cells
GROUP BY {{by}} TRUE
ORDER BY {{by}} TRUE
