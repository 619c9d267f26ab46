/** The day's load: one stacked bar, one line for the limit, and a hatched zone for what lies above it. */
import type { BarSeriesOption } from "echarts/charts";
import { minutes } from "../format";
import { axisEnd, totalOf, type Segment } from "../model/load";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface LoadWords {
  subject: (code: string) => string;
  unit: string;
  limit: string | null;
}

export interface LoadLimit {
  minutes: number;
  over: boolean;
}

const HEIGHT = 46;
const RADIUS = 9;

function bar(
  part: Segment,
  index: number,
  last: number,
  room: number,
  words: LoadWords,
  tokens: Tokens,
) {
  const name = words.subject(part.subject);
  const wide = name.length > 3 ? name.length * 7.5 : name.length * 14;
  const text = room >= Math.max(wide, 24) + 10 ? `${name}\n${minutes(part.minutes)}` : "";
  const number = room >= 36 ? minutes(part.minutes) : "";
  return {
    type: "bar",
    name,
    stack: "load",
    barWidth: HEIGHT,
    data: [part.minutes],
    itemStyle: {
      color: tokens.subject(part.subject),
      borderColor: tokens.surface,
      borderWidth: 1.5,
      borderRadius: [
        index === 0 ? RADIUS : 2,
        index === last ? RADIUS : 2,
        index === last ? RADIUS : 2,
        index === 0 ? RADIUS : 2,
      ],
    },
    label: {
      show: true,
      formatter: text || number,
      color: tokens.onSubject,
      fontSize: 12,
      fontWeight: 600,
      lineHeight: 16,
    },
    emphasis: { disabled: true },
  } satisfies BarSeriesOption;
}

/** Two unseen bars over the first one: up to the limit, and the excess with its hatching. */
function overlay(
  total: number,
  { minutes: limit, over }: LoadLimit,
  end: number,
  words: LoadWords,
  tokens: Tokens,
): BarSeriesOption[] {
  const near = limit / end < 0.15;
  const line: BarSeriesOption = {
    type: "bar",
    stack: "limit",
    barGap: "-100%",
    barWidth: HEIGHT,
    silent: true,
    data: [limit],
    itemStyle: { color: "transparent" },
    tooltip: { show: false },
    markLine: {
      silent: true,
      symbol: "none",
      animation: false,
      lineStyle: { color: over ? tokens.over.strong : tokens.ink, width: 2, type: "solid" },
      label: {
        formatter: words.limit ?? "",
        position: "end",
        align: near ? "left" : "center",
        distance: 6,
        color: over ? tokens.over.strong : tokens.ink,
        fontSize: 12.5,
        fontWeight: 600,
      },
      data: [{ xAxis: limit }],
    },
  };
  if (!over) return [line];
  const excess: BarSeriesOption = {
    type: "bar",
    stack: "limit",
    barWidth: HEIGHT + 12,
    silent: true,
    data: [total - limit],
    tooltip: { show: false },
    itemStyle: {
      color: "transparent",
      borderColor: tokens.over.strong,
      borderWidth: 2,
      borderRadius: [0, RADIUS + 2, RADIUS + 2, 0],
    },
  };
  return [line, excess];
}

export function loadChart(
  parts: readonly Segment[],
  limit: LoadLimit | null,
  words: LoadWords,
): Draw {
  return (width: number, tokens: Tokens): ChartOption => {
    const total = totalOf(parts);
    const end = axisEnd(total, limit?.minutes ?? null);
    const pixels = (value: number): number => (value / end) * (width - 24);
    const last = parts.length - 1;
    const bars = parts.map((part, index) =>
      bar(part, index, last, pixels(part.minutes), words, tokens),
    );
    return {
      animationDuration: 400,
      textStyle: { fontFamily: tokens.font },
      grid: { left: 4, right: 20, top: 30, bottom: 24 },
      tooltip: {
        ...tooltipStyle(tokens),
        trigger: "item",
        formatter: (item) => {
          const one = Array.isArray(item) ? item[0] : item;
          return one
            ? `${one.seriesName}　<b>${minutes(one.value as number)}</b> ${words.unit}`
            : "";
        },
      },
      xAxis: {
        type: "value",
        min: 0,
        max: end,
        interval: end > 150 ? 60 : 30,
        axisLabel: { color: tokens.muted, fontSize: 11, showMaxLabel: end % 30 === 0 },
        splitLine: { showMaxLine: end % 30 === 0, lineStyle: { color: tokens.line } },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      yAxis: { type: "category", data: [""], show: false },
      series: limit === null ? bars : [...bars, ...overlay(total, limit, end, words, tokens)],
    };
  };
}
