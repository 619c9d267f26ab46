/** The definitions behind the figures, and which one is open. */
import { computed, inject, provide, shallowRef, type InjectionKey } from "vue";
import { fetchMetrics, type Answer, type Column, type Metric } from "../api";
import { useResource, type Resource } from "./useResource";

export interface Opened {
  metric: string;
  /** the column that was asked about */
  column: string | null;
  answer: Answer | null;
  address: string | null;
}

/** `asked` is the address of an answer that is of the figure but not the figure's own, such as an estimate. */
type Open = (
  metric: string,
  column: string | null,
  resource?: Resource<Answer>,
  asked?: string | null,
) => void;

const OPEN: InjectionKey<Open> = Symbol("open a definition");

export function provideDefinitions() {
  const { resource, reload } = useResource<Metric[]>(() => ({
    key: "/v1/metrics",
    load: fetchMetrics,
  }));
  const opened = shallowRef<Opened | null>(null);
  const definition = computed(
    () => resource.data?.find((metric) => metric.name === opened.value?.metric) ?? null,
  );
  /** the answer names the columns that it has; the definition is the fallback */
  const columns = computed<Column[]>(
    () => opened.value?.answer?.columns ?? definition.value?.columns ?? [],
  );

  const open: Open = (metric, column, figure, asked) => {
    const data = figure?.data ?? null;
    opened.value = { metric, column, answer: data, address: figure?.address ?? asked ?? null };
    if (resource.state === "error") void reload();
  };
  provide(OPEN, open);
  return { opened, definition, columns, close: () => (opened.value = null) };
}

export const useOpenDefinition = (): Open => inject(OPEN, () => undefined);
