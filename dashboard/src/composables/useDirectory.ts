/** The schools and classes that can be chosen, and the titles of subjects and grades. */
import { computed } from "vue";
import { fetchCodes, fetchMetric, type Answer, type CodeTitle } from "../api";
import { say } from "../i18n";
import type { ClassRow } from "../model/rows";
import { useResource } from "./useResource";

export interface School {
  id: string;
  name: string;
  classes: ClassRow[];
}

const collator = new Intl.Collator("zh-CN", { numeric: true });

export const className = (row: ClassRow): string => row.class_name ?? row.class;

/** Schools by name, their classes by grade and then by name. */
export function schoolsOf(rows: readonly ClassRow[]): School[] {
  const schools = new Map<string, School>();
  for (const row of rows) {
    const found = schools.get(row.school);
    if (found) found.classes.push(row);
    else
      schools.set(row.school, {
        id: row.school,
        name: row.school_name ?? row.school,
        classes: [row],
      });
  }
  const sorted = [...schools.values()].sort((a, b) => collator.compare(a.name, b.name));
  for (const school of sorted) {
    school.classes.sort(
      (a, b) => collator.compare(a.grade, b.grade) || collator.compare(className(a), className(b)),
    );
  }
  return sorted;
}

export function useDirectory() {
  const { resource, reload } = useResource<Answer<ClassRow>>(() => ({
    key: "directory/classes",
    load: () => fetchMetric<ClassRow>("directory/classes", {}),
  }));
  const schools = computed(() => schoolsOf(resource.data?.rows ?? []));
  return { directory: resource, schools, reload };
}

export function useCodes(set: string) {
  const { resource } = useResource<CodeTitle[]>(() => ({
    key: set,
    load: () => fetchCodes(set),
  }));
  const titles = computed(() => new Map((resource.data ?? []).map((one) => [one.code, one.title])));
  return (code: string): string => {
    const title = titles.value.get(code);
    return title ? say(title) : code;
  };
}
