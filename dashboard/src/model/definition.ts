/** A definition's text, which its file wraps for the editor, as sentences for reading. */
import type { Lang } from "../i18n";

const WIDE = "[\\u3000-\\u9fff\\uff00-\\uffef]";
const WRAPPED_IN_CHINESE = new RegExp(`(${WIDE})\\s*\\n\\s*`, "g");

export function sentences(text: string, lang: Lang): string[] {
  const flowing = text
    .trim()
    .replace(WRAPPED_IN_CHINESE, "$1")
    .replace(/\s*\n\s*/g, " ");
  const ends = lang === "zh" ? /(?<=。)/ : /(?<=\.)\s+(?=[\p{L}_])/u;
  return flowing
    .split(ends)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
