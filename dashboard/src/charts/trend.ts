/** A share over days as a quiet line; its lowest and highest values name the scale. */
import { percent } from "../format";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface TrendPoint {
  label: string;
  value: number | null;
}

/** A low end below all values: the scale is cut, so the chart is a line and never a bar. */
export function lowEnd(values: readonly number[]): number {
  const lowest = Math.min(1, ...values);
  return Math.max(0, Math.floor((lowest - 0.005) * 50) / 50);
}

export function trendChart(points: readonly TrendPoint[]): Draw {
  return (_width: number, tokens: Tokens): ChartOption => {
    const values = points.flatMap((point) => (point.value === null ? [] : [point.value]));
    const low = lowEnd(values);
    return {
      animationDuration: 400,
      textStyle: { fontFamily: tokens.font },
      grid: { left: 42, right: 10, top: 10, bottom: 22 },
      tooltip: {
        ...tooltipStyle(tokens),
        trigger: "axis",
        axisPointer: { type: "line", lineStyle: { color: tokens.line } },
        formatter: (items) => {
          const first = Array.isArray(items) ? items[0] : items;
          const point = first ? points[first.dataIndex] : undefined;
          return point ? `${point.label}　<b>${percent(point.value)}</b>` : "";
        },
      },
      xAxis: {
        type: "category",
        data: points.map((point) => point.label),
        boundaryGap: false,
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: {
          color: tokens.muted,
          fontSize: 11,
          interval: (index: number) => index === 0 || index === points.length - 1,
          alignMinLabel: "left",
          alignMaxLabel: "right",
          showMinLabel: true,
          showMaxLabel: true,
        },
      },
      yAxis: {
        type: "value",
        min: low,
        max: 1,
        interval: (1 - low) / 2,
        axisLabel: {
          color: tokens.muted,
          fontSize: 11,
          formatter: (value: number) => percent(value),
        },
        splitLine: { lineStyle: { color: tokens.line } },
      },
      series: [
        {
          type: "line",
          data: points.map((point) => point.value ?? "-"),
          symbol: "circle",
          symbolSize: 5,
          showAllSymbol: true,
          lineStyle: { color: tokens.accent, width: 2 },
          itemStyle: {
            color: tokens.accent,
          },
        },
      ],
    };
  };
}
