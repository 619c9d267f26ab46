/** Light, dark, or as the system says; remembered. Components read colours from the style sheet's variables. */
import { computed, ref, watchEffect } from "vue";

export type Theme = "auto" | "light" | "dark";

const STORE = "xueqing.theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

function stored(): Theme {
  try {
    const value = localStorage.getItem(STORE);
    return THEMES.find((theme) => theme === value) ?? "auto";
  } catch {
    return "auto";
  }
}

const theme = ref<Theme>(stored());
const systemDark = ref(false);

if (typeof window.matchMedia === "function") {
  const query = window.matchMedia("(prefers-color-scheme: dark)");
  systemDark.value = query.matches;
  query.addEventListener("change", (event) => (systemDark.value = event.matches));
}

const dark = computed(() => theme.value === "dark" || (theme.value === "auto" && systemDark.value));

watchEffect(
  () => {
    document.documentElement.dataset.theme = dark.value ? "dark" : "light";
  },
  { flush: "sync" },
);

function setTheme(value: Theme): void {
  theme.value = value;
  try {
    localStorage.setItem(STORE, value);
  } catch {
    // not remembered
  }
}

export const useTheme = () => ({ theme, dark, setTheme, themes: THEMES });
