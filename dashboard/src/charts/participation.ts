/** Participation by subject: one thin bar for each on a full-width track. */
import { percent } from "../format";
import { tooltipStyle, type ChartOption, type Draw, type Tokens } from "./tokens";

export interface ParticipationBar {
  subject: string;
  name: string;
  rate: number | null;
  /** what is written beside the rate */
  note: string;
}

export const ROW_HEIGHT = 50;

/** About how many pixels a text takes. */
const pixels = (text: string, size: number): number =>
  [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? size : size * 0.6), 0);

/** The note, or its first part, or nothing: whatever stands beside the name on one line. */
export function fitting(bar: ParticipationBar, width: number): string {
  const room = width - pixels(`${bar.name}  ${percent(bar.rate)}  `, 14) - 8;
  const [first = ""] = bar.note.split(" · ");
  return [bar.note, first].find((note) => pixels(note, 12) <= room) ?? "";
}

export function participationChart(bars: readonly ParticipationBar[]): Draw {
  return (width: number, tokens: Tokens): ChartOption => ({
    animationDuration: 400,
    textStyle: { fontFamily: tokens.font },
    grid: { left: 2, right: 2, top: 16, bottom: 0 },
    tooltip: {
      ...tooltipStyle(tokens),
      formatter: (item) => {
        const bar = bars[(Array.isArray(item) ? item[0] : item)?.dataIndex ?? -1];
        return bar ? `${bar.name}　<b>${percent(bar.rate)}</b><br>${bar.note}` : "";
      },
    },
    xAxis: { type: "value", min: 0, max: 1, show: false },
    yAxis: { type: "category", inverse: true, data: bars.map((bar) => bar.name), show: false },
    series: [
      {
        type: "bar",
        barWidth: 8,
        showBackground: true,
        backgroundStyle: { color: tokens.track, borderRadius: 4 },
        data: bars.map((bar) => ({
          value: bar.rate ?? 0,
          itemStyle: { color: tokens.subject(bar.subject), borderRadius: 4 },
          label: {
            formatter: `{name|${bar.name}}  {rate|${percent(bar.rate)}}  {note|${fitting(bar, width)}}`,
          },
        })),
        label: {
          show: true,
          position: [0, -21],
          rich: {
            name: { color: tokens.ink, fontSize: 13.5, fontWeight: 500 },
            rate: { color: tokens.ink, fontSize: 13.5, fontWeight: 700 },
            note: { color: tokens.muted, fontSize: 12 },
          },
        },
        emphasis: { disabled: true },
      },
    ],
  });
}
