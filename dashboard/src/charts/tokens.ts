/** The style sheet's colours, for charts. */
import type { BarSeriesOption, LineSeriesOption, ScatterSeriesOption } from "echarts/charts";
import type { GridComponentOption, TooltipComponentOption } from "echarts/components";
import type { ComposeOption } from "echarts/core";
import { colourVariable } from "../model/subjects";

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | TooltipComponentOption
>;

interface Shades {
  strong: string;
  pale: string;
}

export interface Tokens {
  ink: string;
  muted: string;
  line: string;
  surface: string;
  track: string;
  accent: string;
  amber: string;
  violet: string;
  within: Shades;
  over: Shades;
  free: Shades;
  onSubject: string;
  font: string;
  subject: (subject: string) => string;
}

/** Draws for a width in pixels. */
export type Draw = (width: number, tokens: Tokens) => ChartOption;

export function readTokens(element: Element): Tokens {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: value("--ink"),
    muted: value("--muted"),
    line: value("--line"),
    surface: value("--surface"),
    track: value("--track"),
    accent: value("--accent"),
    amber: value("--amber"),
    violet: value("--subject-3"),
    within: { strong: value("--accent"), pale: value("--accent-pale") },
    over: { strong: value("--over"), pale: value("--over-pale") },
    free: { strong: value("--muted"), pale: value("--muted-pale") },
    onSubject: value("--on-subject"),
    font: style.fontFamily,
    subject: (subject) => value(colourVariable(subject)),
  };
}

export const tooltipStyle = (tokens: Tokens): TooltipComponentOption => ({
  backgroundColor: tokens.surface,
  borderColor: tokens.line,
  borderWidth: 1,
  padding: [8, 12],
  confine: true,
  transitionDuration: 0,
  textStyle: { color: tokens.ink, fontSize: 13, fontFamily: tokens.font },
  extraCssText: "border-radius:10px;box-shadow:0 6px 24px rgb(0 0 0 / .14)",
});
