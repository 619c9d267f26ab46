/** Which page the address names. Pages are reached by plain links, so that each has an address to send on. */
import { watchEffect } from "vue";
import { lang, t } from "./i18n";

export const PAGES = ["class", "policy", "catalogue"] as const;
export type Page = (typeof PAGES)[number];

const PATHS: Record<Page, string> = { class: "/", policy: "/policy", catalogue: "/catalogue" };

export function pageOf(path: string): Page {
  const first = path.split("/")[1] ?? "";
  return PAGES.find((page) => page !== "class" && page === first) ?? "class";
}

export const page: Page = pageOf(window.location.pathname);

/** The address of a page, or of something on it, in the language that is read now. */
export const linkTo = (target: Page, rest = ""): string =>
  PATHS[target] + rest + (lang.value === "zh" ? "" : `?lang=${lang.value}`);

/** The figure that the catalogue's address names: `/catalogue/workload/daily_minutes`. */
export const figureOf = (path: string): string | null =>
  decoded(path.replace(/^\/catalogue\/?/, "")).replace(/\/+$/, "") || null;

/** An address that is not well formed names nothing that exists: it is shown as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

watchEffect(() => {
  document.title = `${t("app.name")} · ${t(`page.${page}`)}`;
});
