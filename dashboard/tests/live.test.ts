import { computed, effectScope, ref } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useLive, type Place } from "../src/composables/useLive";

/** A stand-in for the browser's own. */
class Source extends EventTarget {
  static all: Source[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(readonly path: string) {
    super();
    Source.all.push(this);
  }

  close(): void {
    this.closed = true;
  }
}

beforeEach(() => {
  Source.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("answers changes in quick succession once, and moves with the class", async () => {
  const place = ref<Place | null>({ school: "S1", class: "高一 1" });
  const changed = vi.fn();
  const alerts = vi.fn();
  const scope = effectScope();
  const live = scope.run(() =>
    useLive(
      computed(() => place.value),
      changed,
      alerts,
    ),
  )!;

  const first = Source.all[0]!;
  expect(first.path).toBe("/v1/live?school=S1&class=%E9%AB%98%E4%B8%80+1");
  first.onopen?.();
  expect(live.connected.value).toBe(true);
  first.dispatchEvent(new Event("changed"));
  first.dispatchEvent(new Event("changed"));
  vi.advanceTimersByTime(600);
  expect(changed).toHaveBeenCalledTimes(1);
  first.dispatchEvent(new Event("reset"));
  vi.advanceTimersByTime(600);
  expect(changed).toHaveBeenCalledTimes(2);
  first.dispatchEvent(new Event("alerts"));
  expect([changed.mock.calls.length, alerts.mock.calls.length]).toEqual([2, 2]);
  first.onerror?.();
  expect(live.connected.value).toBe(false);

  place.value = { school: "S1", class: "2" };
  await Promise.resolve();
  expect(first.closed).toBe(true);
  expect(Source.all).toHaveLength(2);

  scope.stop();
  expect(Source.all[1]!.closed).toBe(true);
});
