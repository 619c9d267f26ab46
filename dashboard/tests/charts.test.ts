import { expect, test } from "vitest";
import { loadChart } from "../src/charts/load";
import { fitting } from "../src/charts/participation";
import type { Tokens } from "../src/charts/tokens";
import { lowEnd, trendChart } from "../src/charts/trend";
import { weekChart } from "../src/charts/week";
import { segments } from "../src/model/load";
import { subject } from "./fixtures";

const shades = { strong: "#111", pale: "#222" };
const tokens: Tokens = {
  ink: "#000",
  muted: "#666",
  line: "#ddd",
  surface: "#fff",
  track: "#eee",
  accent: "#066",
  amber: "#d99a2b",
  violet: "#6557a8",
  within: shades,
  over: { strong: "#c00", pale: "#ecc" },
  free: shades,
  onSubject: "#fff",
  font: "sans-serif",
  subject: () => "#369",
};
const words = { subject: (code: string) => code, unit: "min", limit: "limit 60 min" };
const parts = segments([subject("math", 45), subject("english", 30)]);
const seriesOf = (option: { series?: unknown }) =>
  (option.series as { stack?: string; data: unknown[]; markLine?: { data: unknown[] } }[]) ?? [];

test("the load bar stacks every subject and draws the limit's line", () => {
  const series = seriesOf(loadChart(parts, { minutes: 60, over: true }, words)(600, tokens));
  expect(series.filter((one) => one.stack === "load").map((one) => one.data[0])).toEqual([45, 30]);
  expect(series.find((one) => one.markLine)?.markLine?.data).toEqual([{ xAxis: 60 }]);
  expect(series.filter((one) => one.stack === "limit").map((one) => one.data[0])).toEqual([60, 15]);
});

test("without a limit there is no line", () => {
  const series = seriesOf(loadChart(parts, null, words)(600, tokens));
  expect(series.every((one) => one.stack === "load")).toBe(true);
});

test("a narrow segment carries no text that would not fit", () => {
  const series = loadChart(
    segments([subject("math", 200), subject("art", 2)]),
    null,
    words,
  )(320, tokens).series;
  const labels = (series as { label: { formatter: string } }[]).map((one) => one.label.formatter);
  expect(labels).toEqual(["math\n200", ""]);
});

test("days without a limit have no limit line, days over it the colour for it", () => {
  const day = {
    mean: 70,
    limit: 60,
    label: "Fri",
    tick: "Fri",
    note: "–",
    selected: true,
    over: true,
  };
  const days = [
    { ...day, day: "2026-11-20" },
    { ...day, day: "2026-11-21", limit: null, over: false },
  ];
  const [bars, limits] = seriesOf(weekChart(days, words)(300, tokens));
  const colours = (bars?.data as { itemStyle: { color: string } }[]).map(
    (one) => one.itemStyle.color,
  );
  expect(colours).toEqual(["#c00", "#111"]);
  expect(limits?.data).toEqual([60, "-"]);
});

test("a week's figure that the limit's line would cross stands inside its bar", () => {
  const one = { limit: 90, label: "", tick: "", note: "", selected: false, over: false };
  const means = [57, 84, 90, 95, null];
  const days = means.map((mean, place) => ({ ...one, mean, day: `2026-11-${20 + place}` }));
  const [bars] = seriesOf(weekChart(days, words)(300, tokens));
  const places = (bars?.data as { label: { position: string } }[]).map((bar) => bar.label.position);
  expect(places).toEqual(["top", "insideTop", "insideTop", "top", "top"]);
});

test("the trend's scale starts below its lowest value and ends at all", () => {
  expect(lowEnd([0.95, 0.99])).toBe(0.94);
  expect(lowEnd([])).toBeLessThan(1);
  const option = trendChart([
    { label: "a", value: 0.9 },
    { label: "b", value: null },
  ])(300, tokens);
  expect(seriesOf(option)[0]?.data).toEqual([0.9, "-"]);
});

test("a note that has no room is cut at a part, never within a word", () => {
  const bar = {
    subject: "math",
    name: "Mathematics",
    rate: 0.738,
    note: "2.2 acts each · 82.1% correct",
  };
  expect(fitting(bar, 400)).toBe("2.2 acts each · 82.1% correct");
  expect(fitting(bar, 270)).toBe("2.2 acts each");
  expect(fitting(bar, 150)).toBe("");
});
