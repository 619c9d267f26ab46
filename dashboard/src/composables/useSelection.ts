/**
 * What is looked at, kept in the URL: `?school=…&class=…&day=…&lang=…`. Choosing pushes a history entry, so
 * that "back" works; filling in a default replaces the entry.
 */
import { onScopeDispose, reactive, readonly, watch } from "vue";
import { lang, langFrom, setLang } from "../i18n";
import { isDay } from "../model/days";

export interface Selection {
  school: string | null;
  class: string | null;
  /** null: the class's latest day */
  day: string | null;
}

export function selectionFrom(search: string): Selection {
  const params = new URLSearchParams(search);
  const day = params.get("day");
  return {
    school: params.get("school") || null,
    class: params.get("class") || null,
    day: isDay(day) ? day : null,
  };
}

export function searchOf(selection: Selection, language: string): string {
  const params = new URLSearchParams();
  if (selection.school) params.set("school", selection.school);
  if (selection.class) params.set("class", selection.class);
  if (selection.day) params.set("day", selection.day);
  if (language !== "zh") params.set("lang", language);
  const text = params.toString();
  return text ? `?${text}` : "";
}

export function useSelection() {
  const selection = reactive(selectionFrom(window.location.search));

  function address(): string {
    return window.location.pathname + searchOf(selection, lang.value);
  }

  function choose(change: Partial<Selection>, keepHistory = true): void {
    Object.assign(selection, change);
    if (keepHistory) window.history.pushState(null, "", address());
    else window.history.replaceState(null, "", address());
  }

  function back(): void {
    Object.assign(selection, selectionFrom(window.location.search));
    setLang(langFrom(window.location.search));
  }

  window.addEventListener("popstate", back);
  onScopeDispose(() => window.removeEventListener("popstate", back));
  watch(lang, () => window.history.replaceState(null, "", address()));

  return { selection: readonly(selection), choose };
}
