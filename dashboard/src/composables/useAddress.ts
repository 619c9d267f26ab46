/**
 * What is looked at, kept in the URL beside the language. Choosing pushes a history entry, so that "back"
 * works; filling in a default replaces the entry.
 */
import { onScopeDispose, reactive, readonly, watch } from "vue";
import { lang, langFrom, setLang } from "../i18n";

export type Chosen = Record<string, string | null>;

/** The search text of what is chosen, in the order of its names; Chinese is the language that needs no saying. */
export function searchOf(chosen: Chosen, language: string): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(chosen)) if (value) params.set(name, value);
  if (language !== "zh") params.set("lang", language);
  const text = params.toString();
  return text ? `?${text}` : "";
}

export function useAddress<T extends Chosen>(from: (search: string) => T) {
  const chosen = reactive({ ...from(window.location.search) }) as T;
  const address = (): string => window.location.pathname + searchOf(chosen, lang.value);

  function choose(change: Partial<T>, keepHistory = true): void {
    Object.assign(chosen, change);
    if (keepHistory) window.history.pushState(null, "", address());
    else window.history.replaceState(null, "", address());
  }

  function back(): void {
    Object.assign(chosen, from(window.location.search));
    setLang(langFrom(window.location.search));
  }

  window.addEventListener("popstate", back);
  onScopeDispose(() => window.removeEventListener("popstate", back));
  watch(lang, () => window.history.replaceState(null, "", address()));

  return { chosen: readonly(chosen) as Readonly<T>, choose };
}
