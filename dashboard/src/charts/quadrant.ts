/** Load across, quality up: a dot for each unit with whiskers for both intervals, and the lines that divide them. */
import { decimal, minutes } from "../format";
import type { Picture, Placed, Quadrant } from "../policy";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface QuadrantWords {
  load: string;
  quality: string;
  name: (names: readonly string[]) => string;
  quadrant: (quadrant: Quadrant) => string;
}

type Shown = Placed & { place: NonNullable<Placed["place"]> };

/** More units than this have no whiskers: they would hide each other. */
const MOST_WHISKERS = 60;

export const colourOf = (quadrant: Quadrant, tokens: Tokens): string =>
  ({
    light_good: tokens.within.strong,
    heavy_good: tokens.amber,
    light_poor: tokens.violet,
    heavy_poor: tokens.over.strong,
    uncertain: tokens.free.pale,
    withheld: tokens.free.pale,
  })[quadrant];

export function quadrantChart(picture: Picture, words: QuadrantWords): Draw {
  const units = picture.units.filter((unit): unit is Shown => unit.place !== null);
  const xs = units.map((unit) => unit.place.load.value);
  const ys = units.map((unit) => unit.place.quality.value);
  return (_width: number, tokens: Tokens): ChartOption => {
    const whiskers = units.length <= MOST_WHISKERS ? units : [];
    const axis = (name: string) => ({
      type: "value" as const,
      scale: true,
      name,
      nameLocation: "end" as const,
      nameTextStyle: { color: tokens.muted, fontSize: 11 },
      axisLabel: { color: tokens.muted, fontSize: 11 },
      axisLine: { show: false },
      splitLine: { lineStyle: { color: tokens.line } },
    });
    return {
      animationDuration: 300,
      textStyle: { fontFamily: tokens.font },
      grid: { left: 44, right: 56, top: 28, bottom: 28 },
      tooltip: {
        ...tooltipStyle(tokens),
        trigger: "item",
        formatter: (item) => {
          const one = Array.isArray(item) ? item[0] : item;
          const unit = one?.seriesName === "units" ? units[one.dataIndex] : undefined;
          if (!unit) return "";
          const { load, quality, chance } = unit.place;
          return [
            `<b>${words.name(unit.names)}</b>`,
            `${words.quadrant(unit.quadrant)} ${Math.round(chance * 100)}%`,
            `${words.load} ${minutes(load.value)} (${minutes(load.low)} … ${minutes(load.high)})`,
            `${words.quality} ${decimal(quality.value)} (${decimal(quality.low)} … ${decimal(quality.high)})`,
          ].join("<br>");
        },
      },
      xAxis: axis(words.load),
      yAxis: axis(words.quality),
      series: [
        ...whiskers.flatMap((unit) => {
          const { load, quality } = unit.place;
          const style = { color: colourOf(unit.quadrant, tokens), width: 1, opacity: 0.35 };
          const plain = { type: "line" as const, symbol: "none", silent: true, lineStyle: style };
          return [
            {
              ...plain,
              data: [
                [load.low, quality.value],
                [load.high, quality.value],
              ],
            },
            {
              ...plain,
              data: [
                [load.value, quality.low],
                [load.value, quality.high],
              ],
            },
          ];
        }),
        {
          type: "scatter",
          name: "units",
          symbolSize: 9,
          data: units.map((unit, at) => ({
            value: [xs[at] ?? 0, ys[at] ?? 0],
            itemStyle: {
              color: colourOf(unit.quadrant, tokens),
              borderColor: tokens.surface,
              borderWidth: 1,
            },
          })),
          z: 3,
          markLine: {
            silent: true,
            symbol: "none",
            animation: false,
            label: { show: false },
            lineStyle: { color: tokens.muted, type: "dashed", width: 1 },
            data: [{ xAxis: picture.lines.load }, { yAxis: picture.lines.quality }],
          },
        },
      ],
    };
  };
}
