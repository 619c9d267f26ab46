/**
 * Two languages, 简体中文 first. The language is in the URL (`?lang=en`), else remembered, else Chinese; the
 * document's `lang` always says which.
 */
import { readonly, ref, watchEffect } from "vue";
import type { Text } from "../api";
import { en } from "./en";
import { zh } from "./zh";

export type Lang = "zh" | "en";
export type MessageKey = keyof typeof zh;
export type Messages = Record<MessageKey, string>;

export const messages: Record<Lang, Messages> = { zh, en };

const STORE = "xueqing.lang";
const HTML_LANG: Record<Lang, string> = { zh: "zh-CN", en: "en" };

const isLang = (value: unknown): value is Lang => value === "zh" || value === "en";

function stored(): Lang | null {
  try {
    const value = localStorage.getItem(STORE);
    return isLang(value) ? value : null;
  } catch {
    return null; // storage may be switched off
  }
}

export function langFrom(search: string): Lang {
  const asked = new URLSearchParams(search).get("lang");
  return isLang(asked) ? asked : (stored() ?? "zh");
}

const current = ref<Lang>(langFrom(window.location.search));

export const lang = readonly(current);

export function setLang(value: Lang): void {
  current.value = value;
  try {
    localStorage.setItem(STORE, value);
  } catch {
    // not remembered: the URL still says it
  }
}

/** Fills `{name}` places; a place without a value stays visible, so that it is noticed. */
export function fill(message: string, values: Record<string, string | number>): string {
  return message.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

export const t = (key: MessageKey, values: Record<string, string | number> = {}): string =>
  fill(messages[current.value][key], values);

/** The text in the current language. */
export const say = (text: Text): string => text[current.value] || text.zh || text.en;

watchEffect(() => {
  document.documentElement.lang = HTML_LANG[current.value];
});
