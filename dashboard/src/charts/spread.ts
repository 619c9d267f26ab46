/** A dot for each school along the minutes; those that would lie on each other are put above. */
import { minutes } from "../format";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface SpreadDot {
  name: string;
  value: number;
}

/** How high each dot is put: the lowest free place in its column of `step` minutes. */
export function heights(values: readonly number[], step: number): number[] {
  const taken = new Map<number, number>();
  return values.map((value) => {
    const column = Math.round(value / step);
    const height = taken.get(column) ?? 0;
    taken.set(column, height + 1);
    return height;
  });
}

export function spreadChart(dots: readonly SpreadDot[], unit: string): Draw {
  return (width: number, tokens: Tokens): ChartOption => {
    const values = dots.map((dot) => dot.value);
    const range = Math.max(...values, 1) - Math.min(...values, 0);
    const up = heights(values, (range * 11) / Math.max(width, 100));
    return {
      animationDuration: 300,
      textStyle: { fontFamily: tokens.font },
      grid: { left: 12, right: 24, top: 12, bottom: 26 },
      tooltip: {
        ...tooltipStyle(tokens),
        trigger: "item",
        formatter: (item) => {
          const one = Array.isArray(item) ? item[0] : item;
          const dot = one ? dots[one.dataIndex] : undefined;
          return dot ? `${dot.name}　<b>${minutes(dot.value)}</b> ${unit}` : "";
        },
      },
      xAxis: {
        type: "value",
        min: 0,
        axisLabel: { color: tokens.muted, fontSize: 11 },
        splitLine: { lineStyle: { color: tokens.line } },
      },
      yAxis: { type: "value", show: false, min: 0, max: Math.max(4, ...up) + 1 },
      series: [
        {
          type: "scatter",
          symbolSize: 10,
          data: dots.map((dot, at) => ({
            value: [dot.value, (up[at] ?? 0) + 0.5],
            itemStyle: { color: tokens.accent, borderColor: tokens.surface, borderWidth: 1 },
          })),
        },
      ],
    };
  };
}
