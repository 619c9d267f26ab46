/**
 * Figures as text. Promises: an unknown figure is "—", never 0; rounding never turns "almost all" into
 * "all" or "hardly any" into "none"; days are calendar days and no time zone can move them.
 */
import type { Cell } from "./api";
import type { Lang } from "./i18n";

export const UNKNOWN = "—";

const LOCALE: Record<Lang, string> = { zh: "zh-CN", en: "en-GB" };

type Figure = Cell | undefined;

const known = (value: Figure): value is number =>
  typeof value === "number" && Number.isFinite(value);

function rounded(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return digits > 0 ? text.replace(/\.0+$/, "") : text;
}

/** Minutes with at most one decimal. */
export const minutes = (value: Figure): string => (known(value) ? rounded(value, 1) : UNKNOWN);

/** A plain number with at most two decimals. */
export const decimal = (value: Figure): string =>
  known(value) ? rounded(value, 2).replace(/(\.\d)0$/, "$1") : UNKNOWN;

export const count = (value: Figure): string =>
  known(value) ? Math.round(value).toLocaleString("en-US") : UNKNOWN;

/** A share of 0..1 as a percentage with at most one decimal. */
export function percent(value: Figure): string {
  if (!known(value)) return UNKNOWN;
  const text = rounded(value * 100, 1);
  if (text === "100" && value < 1) return ">99.9%";
  if (text === "0" && value > 0) return "<0.1%";
  return `${text}%`;
}

/** The exact figure, for machines that read the page. */
export const exact = (value: Figure): string => (known(value) ? String(value) : "");

const atNoon = (day: string): Date => new Date(`${day}T12:00:00Z`);

const dayText = (day: string, lang: Lang, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(LOCALE[lang], { timeZone: "UTC", ...options }).format(atNoon(day));

/** A moment in the reader's own zone: "11月20日 18:00" or "20 Nov, 18:00"; unknown when it is none. */
export function moment(text: string, lang: Lang): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return UNKNOWN;
  const options: Intl.DateTimeFormatOptions = {
    month: lang === "zh" ? "long" : "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  };
  return new Intl.DateTimeFormat(LOCALE[lang], options).format(at);
}

/** "11月21日 星期五" or "Fri 21 Nov". */
export function longDay(day: string, lang: Lang): string {
  const date = dayText(day, lang, { month: lang === "zh" ? "long" : "short", day: "numeric" });
  const weekday = dayText(day, lang, { weekday: lang === "zh" ? "long" : "short" });
  return lang === "zh" ? `${date} ${weekday}` : `${weekday} ${date}`;
}

/** "周五" or "Fri". */
export const weekday = (day: string, lang: Lang): string =>
  dayText(day, lang, { weekday: "short" });

/** "11/21" in Chinese, "21 Nov" in English. */
export const shortDay = (day: string, lang: Lang): string =>
  lang === "zh"
    ? `${Number(day.slice(5, 7))}/${Number(day.slice(8, 10))}`
    : dayText(day, lang, { day: "numeric", month: "short" });

/** As short as a chart's tick must be: "11/21" in Chinese, "21" in English. */
export const tickDay = (day: string, lang: Lang): string =>
  lang === "zh" ? shortDay(day, lang) : String(Number(day.slice(8, 10)));
