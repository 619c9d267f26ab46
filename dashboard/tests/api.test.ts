import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchMetric, fetchMetrics, metricPath, Problem } from "../src/api";
import { searchOf } from "../src/composables/useAddress";
import { selectionFrom } from "../src/composables/useSelection";
import { answer } from "./fixtures";

function serve(status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  vi.stubGlobal("fetch", async () => new Response(text, { status }));
}

async function problemOf(request: Promise<unknown>): Promise<Problem> {
  const error = await request.then(() => null).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

afterEach(() => vi.unstubAllGlobals());

describe("a figure", () => {
  test("is asked for by an address that can be shared", () => {
    const query = {
      by: ["day"],
      school: "s 1",
      class: "七(1)",
      from: "2026-11-14",
      to: "2026-11-20",
    };
    const url = new URL(metricPath("workload/daily_minutes", query), "http://localhost");
    expect(url.pathname).toBe("/v1/metrics/workload/daily_minutes");
    expect(Object.fromEntries(url.searchParams)).toEqual({ ...query, by: "day" });
  });

  test("is handed on unchanged", async () => {
    const body = answer([{ mean_minutes: 52.43333333333333 }]);
    serve(200, body);
    expect(await fetchMetric("a/b", {})).toEqual(body);
  });
});

describe("a failure is a problem", () => {
  test("with the titles of RFC 9457 in both languages", async () => {
    const body = {
      title: "t",
      title_zh: "未知参数",
      title_en: "Unknown parameter",
      detail: "d",
      code: "c",
    };
    serve(400, body);
    const problem = await problemOf(fetchMetric("a/b", {}));
    expect(problem.title).toEqual({ zh: "未知参数", en: "Unknown parameter" });
    expect([problem.status, problem.code, problem.detail]).toEqual([400, "c", "d"]);
  });

  test("when the answer is no JSON", async () => {
    serve(200, "<html>");
    expect((await problemOf(fetchMetric("a/b", {}))).code).toBe("unreadable");
    serve(502, "<html>");
    expect((await problemOf(fetchMetric("a/b", {}))).status).toBe(502);
  });

  test("when the answer has another shape", async () => {
    serve(200, { rows: 1 });
    expect((await problemOf(fetchMetric("a/b", {}))).code).toBe("unreadable");
  });

  test("when the network fails", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    expect((await problemOf(fetchMetric("a/b", {}))).code).toBe("unreachable");
  });
});

test("definitions keep both languages", async () => {
  const title = { zh: "题", en: "title" };
  const source = { zh: "文件", en: "document" };
  serve(200, {
    metrics: [{ name: "a/b", title, description: title, source, columns: [{ name: "x", title }] }],
  });
  const [metric] = await fetchMetrics();
  expect(metric).toMatchObject({
    name: "a/b",
    title,
    source,
    columns: [{ name: "x", title, unit: null }],
  });
});

test("what is looked at survives the way through the URL", () => {
  const selection = { school: "3302", class: "七(1)班", day: "2026-11-20" };
  expect(selectionFrom(searchOf(selection, "en"))).toEqual(selection);
  expect(searchOf(selection, "en")).toContain("lang=en");
  expect(selectionFrom("?day=yesterday")).toEqual({ school: null, class: null, day: null });
});
