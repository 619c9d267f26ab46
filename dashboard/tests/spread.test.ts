import { mount } from "@vue/test-utils";
import { expect, test } from "vitest";
import type { Answer } from "../src/api";
import SpreadCard from "../src/components/policy/SpreadCard.vue";
import type { GlanceRow } from "../src/composables/usePolicy";
import { emptyResource } from "../src/composables/useResource";
import type { LoadRow } from "../src/model/policy";
import { setLang } from "../src/i18n";

const answer = <T>(rows: T[]) => ({ rows, columns: [] }) as unknown as Answer<T & GlanceRow>;

/** The card with the variation between schools in the state that is given; null is not yet answered. */
function shown(row: GlanceRow | null): string {
  setLang("zh");
  const equity = emptyResource<Answer<GlanceRow>>();
  if (row) Object.assign(equity, { state: "ready", data: answer([row]) });
  const schools = emptyResource<Answer<LoadRow>>();
  const rows = [{ school: "a", mean_minutes: 40 } as unknown as LoadRow];
  Object.assign(schools, { state: "ready", data: answer(rows) });
  const card = mount(SpreadCard, {
    props: { equity, schools, schoolName: (code: string) => code },
    global: { stubs: { BaseChart: true } },
  });
  return card.get('[data-testid="between-cv"]').text();
}

test("a variation that is not yet answered, withheld, unknown or known is said as such", () => {
  expect(shown(null)).toBe("…");
  expect(shown({ school_cv: null, suppressed: true })).toBe("人数过少，不显示");
  expect(shown({ school_cv: null })).toBe("—");
  expect(shown({ school_cv: 0.44 })).toBe("0.44");
});
