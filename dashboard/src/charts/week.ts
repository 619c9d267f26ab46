/** Seven days: a bar for each mean, a short line over each day for that day's limit. */
import { minutes } from "../format";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface WeekDay {
  day: string;
  mean: number | null;
  limit: number | null;
  label: string;
  /** what stands under the bar: there is little room on a phone */
  tick: string;
  /** shown when there is no figure */
  note: string;
  selected: boolean;
  over: boolean;
}

export interface WeekWords {
  unit: string;
  limit: string;
}

function colourOf(day: WeekDay, tokens: Tokens): string {
  const strength = day.selected ? "strong" : "pale";
  if (day.over) return tokens.over[strength];
  return day.limit === null ? tokens.free[strength] : tokens.within[strength];
}

/** A figure above its bar needs so much of the chart's height. */
const ROOM = 0.16;

/** Whether the line of the limit would run through the figure above the bar. */
function isCrossed({ mean, limit }: WeekDay, highest: number): boolean {
  return mean !== null && limit !== null && mean <= limit && limit - mean < highest * ROOM;
}

function labelOf(day: WeekDay, tokens: Tokens, highest: number) {
  const inside = isCrossed(day, highest);
  const onBar = day.selected ? tokens.surface : tokens.ink;
  return {
    show: true,
    position: inside ? ("insideTop" as const) : ("top" as const),
    distance: 5,
    formatter: day.mean === null ? day.note : minutes(day.mean),
    color: inside ? onBar : day.selected ? tokens.ink : tokens.muted,
    fontSize: day.mean === null ? 11 : 12.5,
    fontWeight: day.selected ? 700 : 500,
    backgroundColor: inside ? "transparent" : tokens.surface,
    padding: [0, 2],
  };
}

function bars(days: readonly WeekDay[], tokens: Tokens, highest: number) {
  return {
    type: "bar" as const,
    barWidth: "58%",
    barMaxWidth: 34,
    cursor: "pointer",
    data: days.map((day) => ({
      value: day.mean ?? 0,
      itemStyle: {
        color: colourOf(day, tokens),
        borderRadius: [6, 6, 2, 2],
      },
      label: labelOf(day, tokens, highest),
    })),
    emphasis: { disabled: true },
  };
}

export function weekChart(days: readonly WeekDay[], words: WeekWords): Draw {
  return (width: number, tokens: Tokens): ChartOption => {
    const room = (width - 16) / days.length;
    const highest = Math.max(10, ...days.flatMap((day) => [day.mean ?? 0, day.limit ?? 0]));
    return {
      animationDuration: 400,
      textStyle: { fontFamily: tokens.font },
      grid: { left: 8, right: 8, top: 22, bottom: 42 },
      tooltip: {
        ...tooltipStyle(tokens),
        trigger: "axis",
        axisPointer: { type: "shadow", shadowStyle: { color: tokens.track, opacity: 0.5 } },
        formatter: (items) => {
          const first = Array.isArray(items) ? items[0] : items;
          const day = first ? days[first.dataIndex] : undefined;
          if (!day) return "";
          const limit =
            day.limit === null ? "" : `<br>${words.limit} ${minutes(day.limit)} ${words.unit}`;
          const figure = day.mean === null ? day.note : `<b>${minutes(day.mean)}</b> ${words.unit}`;
          return `${day.label}　${figure}${limit}`;
        },
      },
      xAxis: {
        type: "category",
        data: days.map((day) => day.tick),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: tokens.line } },
        axisLabel: {
          interval: 0,
          margin: 10,
          lineHeight: 16,
          fontSize: 11.5,
          color: tokens.muted,
        },
      },
      yAxis: { type: "value", show: false, min: 0, max: Math.ceil(highest * 1.14) },
      series: [
        bars(days, tokens, highest),
        {
          type: "scatter",
          silent: true,
          symbol: "rect",
          symbolSize: [room * 0.92, 2],
          itemStyle: { color: tokens.ink, opacity: 0.85 },
          data: days.map((day) => day.limit ?? "-"),
          z: 3,
        },
      ],
    };
  };
}
