/** Why the server refused, in the language that is read. */
import type { Lang } from "../i18n";

const BOTH = /^(?:[a-z_]+: )?(.+) · (.*\p{Script=Han}.*)$/su;

/** Statistics give their reason as `code: English · 中文`; any other detail is shown as it came. */
export function reasonIn(detail: string, lang: Lang): string {
  const [, en, zh] = BOTH.exec(detail) ?? [];
  return (lang === "zh" ? zh : en) ?? detail;
}
