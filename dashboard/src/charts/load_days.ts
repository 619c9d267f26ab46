/** A load over days: its means and limit, what a change at a date is judged by, what is foretold; below, the coverage. */
import { minutes, percent } from "../format";
import type { DayPoint } from "../model/policy";
import type { Forecast, StudyPoint } from "../policy";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface LoadDays {
  points: readonly DayPoint[];
  limit: number | null;
  study: readonly StudyPoint[];
  date: string | null;
  changes: readonly string[];
  ahead: Forecast["days"];
}

export interface LoadDaysWords {
  mean: string;
  limit: string;
  fitted: string;
  counterfactual: string;
  forecast: string;
  coverage: string;
  change: string;
  unit: string;
  day: (day: string) => string;
}

type Value = number | "-";
const or = (value: number | null | undefined): Value => value ?? "-";

/** A band between two lines: a line that is not seen, and the height of the band stacked upon it, also from below zero. */
export function band(name: string, low: Value[], high: Value[], colour: string) {
  const height = high.map((top, at) => {
    const bottom = low[at];
    return typeof top === "number" && typeof bottom === "number" ? top - bottom : ("-" as const);
  });
  const plain = {
    type: "line" as const,
    stack: name,
    stackStrategy: "all" as const,
    symbol: "none",
    silent: true,
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
  };
  return [
    { ...plain, data: low },
    { ...plain, data: height, areaStyle: { color: colour, opacity: 0.16 } },
  ];
}

function line(data: Value[], colour: string, more: { type?: "dashed" | "dotted"; width?: number }) {
  return {
    type: "line" as const,
    data,
    symbol: "none",
    silent: true,
    lineStyle: { color: colour, width: more.width ?? 2, type: more.type ?? ("solid" as const) },
  };
}

function mark(days: readonly string[], text: string, colour: string, type: "solid" | "dashed") {
  return days.map((day) => ({
    xAxis: day,
    label: { show: text !== "", formatter: text, color: colour, fontSize: 11 },
    lineStyle: { color: colour, type, width: 1.5 },
  }));
}

export function loadDaysChart(load: LoadDays, words: LoadDaysWords): Draw {
  const days = [
    ...new Set([...load.points.map((point) => point.day), ...load.ahead.map((one) => one.day)]),
  ].sort();
  const points = new Map(load.points.map((point) => [point.day, point]));
  const study = new Map(load.study.map((point) => [point.day, point]));
  const ahead = new Map(load.ahead.map((one) => [one.day, one]));
  const over = <T>(found: Map<string, T>, pick: (one: T) => number | null): Value[] =>
    days.map((day) => {
      const one = found.get(day);
      return one === undefined ? "-" : or(pick(one));
    });
  return (width: number, tokens: Tokens): ChartOption => {
    const marks = [
      ...mark(load.date ? [nearest(days, load.date)] : [], "", tokens.ink, "solid"),
      ...mark(load.changes, words.change, tokens.muted, "dashed"),
    ];
    return {
      animationDuration: 300,
      textStyle: { fontFamily: tokens.font },
      grid: [
        { left: 40, right: 12, top: 24, bottom: 92 },
        { left: 40, right: 12, height: 36, bottom: 26 },
      ],
      tooltip: {
        ...tooltipStyle(tokens),
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: tokens.line } },
        formatter: (items) => {
          const first = Array.isArray(items) ? items[0] : items;
          const day = first ? days[first.dataIndex] : undefined;
          if (!day) return "";
          const point = points.get(day);
          const told = ahead.get(day);
          const lines = [`${words.day(day)}`];
          if (point) lines.push(`${words.mean} <b>${minutes(point.mean)}</b> ${words.unit}`);
          if (point?.limit !== null && point) lines.push(`${words.limit} ${minutes(point.limit)}`);
          if (point) lines.push(`${words.coverage} ${percent(point.coverage)}`);
          const fitted = study.get(day);
          if (fitted) lines.push(`${words.fitted} ${minutes(fitted.fitted)}`);
          if (fitted && fitted.counterfactual !== null)
            lines.push(`${words.counterfactual} ${minutes(fitted.counterfactual)}`);
          if (told)
            lines.push(
              `${words.forecast} <b>${minutes(told.value)}</b> (${minutes(told.low)} … ${minutes(told.high)})`,
            );
          return lines.join("<br>");
        },
      },
      xAxis: [0, 1].map((gridIndex) => ({
        type: "category" as const,
        gridIndex,
        data: days,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: tokens.line } },
        axisLabel: {
          show: gridIndex === 1,
          color: tokens.muted,
          fontSize: 11,
          hideOverlap: true,
          formatter: (day: string) => words.day(day),
          interval: Math.max(0, Math.ceil((days.length * 64) / Math.max(width, 1)) - 1),
        },
      })),
      yAxis: [
        {
          type: "value",
          gridIndex: 0,
          min: 0,
          name: words.unit,
          nameTextStyle: {
            color: tokens.muted,
            fontSize: 11,
            align: "left",
            padding: [0, 0, 0, -30],
          },
          axisLabel: { color: tokens.muted, fontSize: 11 },
          splitLine: { lineStyle: { color: tokens.line } },
        },
        {
          type: "value",
          gridIndex: 1,
          min: 0,
          max: 1,
          interval: 1,
          axisLabel: { color: tokens.muted, fontSize: 11, formatter: (v: number) => percent(v) },
          splitLine: { lineStyle: { color: tokens.line } },
        },
      ],
      series: [
        ...band(
          "counterfactual",
          over(study, (one) => one.counterfactual_low),
          over(study, (one) => one.counterfactual_high),
          tokens.amber,
        ),
        ...band(
          "ahead",
          over(ahead, (one) => one.low),
          over(ahead, (one) => one.high),
          tokens.accent,
        ),
        {
          type: "line",
          data: over(points, (point) => point.mean),
          symbol: "circle",
          symbolSize: 5,
          showAllSymbol: true,
          lineStyle: { color: tokens.within.pale, width: 1.5 },
          itemStyle: { color: tokens.accent },
          ...(marks.length === 0
            ? {}
            : { markLine: { silent: true, symbol: "none", data: marks, animation: false } }),
        },
        ...(load.limit === null
          ? []
          : [
              line(
                over(points, (point) => point.limit),
                tokens.over.strong,
                { width: 1.5 },
              ),
            ]),
        line(
          over(study, (one) => one.fitted),
          tokens.ink,
          {},
        ),
        line(
          over(study, (one) => one.counterfactual),
          tokens.amber,
          { type: "dashed" },
        ),
        line(
          over(ahead, (one) => one.value),
          tokens.accent,
          { type: "dashed" },
        ),
        {
          type: "bar",
          xAxisIndex: 1,
          yAxisIndex: 1,
          barWidth: "70%",
          silent: true,
          data: over(points, (point) => point.coverage),
          itemStyle: { color: tokens.free.pale },
        },
      ],
    };
  };
}

/** The first day on the axis that is not before `date`, for a date may be no school day. */
export const nearest = (days: readonly string[], date: string): string =>
  days.find((day) => day >= date) ?? days[days.length - 1] ?? date;
