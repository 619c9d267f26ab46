/** Tells when figures of a class, or alerts, have changed: `GET /v1/live`. The browser connects again by itself and goes on where it was. */
import { onScopeDispose, ref, watch, type ComputedRef } from "vue";
import { livePath } from "../api";

/** Changes in quick succession are answered once. */
const GATHER_MS = 500;

export interface Place {
  school: string;
  class: string;
}

export function useLive(place: ComputedRef<Place | null>, changed: () => void, alerts = () => {}) {
  const connected = ref(false);
  let source: EventSource | null = null;
  let waiting: number | null = null;

  function tell(): void {
    waiting ??= window.setTimeout(() => {
      waiting = null;
      changed();
    }, GATHER_MS);
  }

  function leave(): void {
    source?.close();
    source = null;
    connected.value = false;
    if (waiting !== null) window.clearTimeout(waiting);
    waiting = null;
  }

  watch(
    () => (place.value ? livePath(place.value.school, place.value.class) : null),
    (path) => {
      leave();
      if (path === null || typeof EventSource === "undefined") return;
      source = new EventSource(path);
      source.onopen = () => (connected.value = true);
      source.onerror = () => (connected.value = false);
      source.addEventListener("changed", tell);
      source.addEventListener("reset", tell);
      source.addEventListener("alerts", alerts);
      source.addEventListener("reset", alerts);
    },
    { immediate: true },
  );
  onScopeDispose(leave);

  return { connected };
}
