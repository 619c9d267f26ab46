import { describe, expect, test } from "vitest";
import { policyPath } from "../src/policy";
import { pageOf, figureOf } from "../src/page";
import { band, nearest } from "../src/charts/load_days";
import { heights } from "../src/charts/spread";
import { daysOf, scopeFrom } from "../src/composables/useScope";
import { searchOf } from "../src/composables/useAddress";
import { grouped, limitSets, limitsOf, matching, sinceOf } from "../src/model/catalogue";
import {
  choices,
  commonLimit,
  dayPoints,
  heatTable,
  ofSource,
  placeOf,
  type LoadRow,
} from "../src/model/policy";
import { reasonIn } from "../src/model/reason";
import { metricPath, type Metric } from "../src/api";

const row = (change: Partial<LoadRow>): LoadRow => ({
  students: 40,
  mean_minutes: 50,
  median_minutes: 48,
  p90_minutes: 80,
  limit_minutes: 60,
  over_limit_share: 0.1,
  written_share: 1,
  coverage: 0.9,
  ...change,
});

const metric = (name: string, zh: string, en: string): Metric => ({
  name,
  title: { zh, en },
  description: { zh, en },
  unit: "min",
  grain: null,
  source: null,
  dimensions: [],
  defaultBy: [],
  params: [],
  columns: [],
  sql: "",
});

describe("the address", () => {
  test("says which page and what is looked at", () => {
    expect([pageOf("/"), pageOf("/policy"), pageOf("/catalogue/a/b"), pageOf("/else")]).toEqual([
      "class",
      "policy",
      "catalogue",
      "class",
    ]);
    expect(figureOf("/catalogue/workload/daily_minutes")).toBe("workload/daily_minutes");
    expect(figureOf("/catalogue/")).toBeNull();
    expect(figureOf("/catalogue/%E4%ZZ")).toBe("%E4%ZZ");
    const scope = scopeFrom("?county=320902&date=2026-10-20&source=measured&level=school");
    expect(scopeFrom(searchOf(scope, "en"))).toEqual(scope);
    expect(scopeFrom("?from=yesterday&source=guessed")).toMatchObject({
      from: null,
      source: "all",
    });
  });

  test("keeps the kind of school and the term, and figures are asked for the kind and the term's days", () => {
    const search = "?stage=primary&school_type=211&area=城区&public=private&term=2026-2027-1";
    const scope = scopeFrom(search);
    expect(scope).toMatchObject({ stage: "primary", school_type: "211", area: "城区" });
    expect(scopeFrom(searchOf(scope, "zh"))).toEqual(scope);
    const asked = { by: [], stage: "primary", area: "城区", public: "private", from: "2026-09-01" };
    expect(decodeURI(metricPath("a/b", asked))).toBe(
      "/v1/metrics/a/b?stage=primary&area=城区&public=private&from=2026-09-01",
    );
    const days = { first_day: "2026-09-01", last_day: "2027-01-22", school_days: 98 };
    const terms = [{ term: "2026-2027-1", ...days }];
    expect(daysOf("2026-2027-1", terms)).toEqual({
      term: "2026-2027-1",
      from: "2026-09-01",
      to: "2027-01-22",
    });
    expect(daysOf(null, terms)).toEqual({ term: null, from: null, to: null });
  });

  test("of a door has the scope beside the question", () => {
    const path = policyPath("changes", { grade: "16", by: ["day"] }, { metric: "a/b" });
    expect(path).toBe("/v1/policy/changes?metric=a%2Fb&grade=16");
  });
});

describe("days of a load", () => {
  const rows = [
    row({ day: "2026-11-03", limit_minutes: null }),
    row({ day: "2026-11-02" }),
    row({ day: "2026-11-02", minutes_source: "measured", mean_minutes: 20 }),
  ];

  test("are of one source of minutes and in order", () => {
    expect(dayPoints(rows, "all").map((point) => point.day)).toEqual(["2026-11-02", "2026-11-03"]);
    expect(dayPoints(rows, "measured").map((point) => point.mean)).toEqual([20]);
  });

  test("a level's rows are of the source that is chosen, never of another", () => {
    expect(ofSource(rows, "measured").map((one) => one.mean_minutes)).toEqual([20]);
    expect(ofSource(rows, "reported")).toEqual([]);
  });

  test("a band that begins below zero is as high as its ends are apart, and is stacked from there", () => {
    const [low, height] = band("b", [-30, "-"], [20, 5], "#000");
    expect(low?.data).toEqual([-30, "-"]);
    expect(height?.data).toEqual([50, "-"]);
    expect(low?.stackStrategy).toBe("all");
    expect(height?.stackStrategy).toBe("all");
  });

  test("have a line only where all their limits are one", () => {
    expect(commonLimit(dayPoints(rows, "all"))).toBe(60);
    const other = [...rows, row({ day: "2026-11-04", limit_minutes: 90 })];
    expect(commonLimit(dayPoints(other, "all"))).toBeNull();
  });

  test("a date that is no school day is marked on the next", () => {
    expect(nearest(["2026-11-02", "2026-11-05"], "2026-11-03")).toBe("2026-11-05");
  });
});

test("schools and subjects make a table; what is withheld is not zero", () => {
  const table = heatTable([
    { school: "b", subject: "math", minutes_per_student_day: 20 },
    { school: "a", subject: "math", minutes_per_student_day: null, suppressed: true },
    { school: "b", subject: "english", minutes_per_student_day: 5 },
  ]);
  expect(table.schools.map((one) => one.school)).toEqual(["a", "b"]);
  expect(table.subjects).toEqual(["english", "math"]);
  expect(table.schools[0]?.cells[1]).toEqual({ value: null, suppressed: true, depth: 0 });
  expect(table.schools[1]?.cells.map((cell) => cell.depth)).toEqual([0.25, 1]);
});

test("what can be chosen is what the other choices leave", () => {
  const place = (county: string, school: string, area: string) =>
    placeOf({ county, school, area, school_type: "211", public: "public", stage: "primary" });
  const places = [place("1", "b", "城区"), place("1", "a", "乡村"), place("2", "c", "")];
  expect(choices(places, {}, "school")).toEqual(["a", "b", "c"]);
  expect(choices(places, { county: "1", area: "城区" }, "school")).toEqual(["b"]);
  // A choice does not narrow its own list, and what is not registered cannot be chosen.
  expect(choices(places, { area: "城区" }, "area")).toEqual(["乡村", "城区"]);
});

test("dots that would hide each other are put above", () => {
  expect(heights([10, 10.2, 30, 9.9], 1)).toEqual([0, 1, 0, 2]);
});

describe("the catalogue", () => {
  const all = [metric("workload/a", "作业时长", "Homework"), metric("exam/b", "考试", "Exams")];

  test("is searched in both languages and grouped by folder", () => {
    expect(matching(all, "考试").map((one) => one.name)).toEqual(["exam/b"]);
    expect(matching(all, "HOME work").map((one) => one.name)).toEqual(["workload/a"]);
    expect(grouped(all).map(([group]) => group)).toEqual(["workload", "exam"]);
  });

  test("knows which limits a figure reads", () => {
    const limits = "LEFT JOIN code_homework_limits AS limited";
    expect(limitSets(`${limits} ${limits}`)).toEqual(["homework_limits"]);
    expect(limitSets("JOIN code_bedtimes AS b")).toEqual(["bedtimes"]);
    expect(limitSets("SELECT 1")).toEqual([]);
    const more = {
      valid_from: "2021-07-24",
      attributes: { minutes: 60, certainty: "found", document: "十条" },
    };
    const [limit] = limitsOf([{ code: "13", title: { zh: "三年级", en: "Grade 3" }, more }]);
    expect(limit).toMatchObject({
      value: "60",
      since: "2021-07-24",
      certainty: "found",
      document: "十条",
    });
  });

  test("names the values of a limit that has several, and says since when any holds", () => {
    const more = { valid_from: "2021-08-30", attributes: { final: "1", midterm: "0" } };
    const title = { zh: "一年级", en: "Grade 1" };
    const limits = limitsOf([
      { code: "11", title, more: { valid_from: null, attributes: { lessons: "4" } } },
      { code: "12", title, more },
    ]);
    expect(limits.map((limit) => limit.value)).toEqual(["4", "final 1 · midterm 0"]);
    expect(sinceOf(limits)).toBe("2021-08-30");
    expect(sinceOf([])).toBe("");
  });
});

test("a refusal is read in one language, without its code", () => {
  const both = "few_days_after: 0 days · after that, 10 are needed · 只有 0 天，至少需要 10 天";
  expect(reasonIn(both, "en")).toBe("0 days · after that, 10 are needed");
  expect(reasonIn(both, "zh")).toBe("只有 0 天，至少需要 10 天");
  expect(reasonIn("nothing answers `/v1/codes`", "zh")).toBe("nothing answers `/v1/codes`");
});
