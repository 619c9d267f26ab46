/** All figures of one class on one day, each asked for by the name of its metric. */
import { computed, onScopeDispose, type ComputedRef } from "vue";
import { fetchMetric, metricPath, type Answer, type Query, type Row } from "../api";
import { schoolDays, SEARCH_DAYS } from "../model/attendance";
import { addDays } from "../model/days";
import { alertsPath, fetchAlerts, type Alert } from "../alerts";
import type {
  Attendance,
  DailyMinutes,
  Participation,
  Submission,
  SubjectMinutes,
  Tonight,
  TonightPiece,
} from "../model/rows";
import { useLive } from "./useLive";
import { useResource, type Request, type Resource } from "./useResource";

export interface ClassDay {
  school: string;
  class: string;
  day: string;
}

/** How often the page asks when the server cannot tell it of changes. */
const REFRESH_SECONDS = 20;

export type MetricResource<R extends Row> = Resource<Answer<R>>;

function request<R extends Row>(name: string, query: Query): Request<Answer<R>> {
  return { key: metricPath(name, query), load: () => fetchMetric<R>(name, query) };
}

export function useClassDay(target: ComputedRef<ClassDay | null>) {
  function metric<R extends Row>(name: string, by: string, back = 0) {
    return useResource<Answer<R>>(() => {
      const at = target.value;
      if (!at) return null;
      const { school, class: name_ } = at;
      const from = addDays(at.day, -back);
      return request<R>(name, { by: [by], school, class: name_, from, to: at.day });
    });
  }

  const load = metric<DailyMinutes>("workload/daily_minutes", "class");
  const subjects = metric<SubjectMinutes>("workload/subject_minutes", "subject");
  const week = metric<DailyMinutes>("workload/daily_minutes", "day", 6);
  const submissions = metric<Submission>("homework/submission_rate", "subject");
  const submitted = metric<Submission>("homework/submission_rate", "class");
  const attendance = metric<Attendance>("attendance/rate", "class");
  const history = metric<Attendance>("attendance/rate", "day", SEARCH_DAYS);
  const tonight = metric<Tonight>("workload/tonight", "class");
  const pieces = metric<TonightPiece>("workload/tonight", "subject,assignment");
  const participation = metric<Participation>("classroom/participation", "subject");

  const window_ = computed(() => schoolDays(history.resource.data?.rows ?? []));
  const chronic = useResource<Answer<Attendance>>(() => {
    const at = target.value;
    const first = window_.value[0]?.day;
    if (!at || !first) return null;
    const { school, class: name_ } = at;
    return request<Attendance>("attendance/rate", {
      by: ["class"],
      school,
      class: name_,
      from: first,
      to: at.day,
    });
  });

  const alerts = useResource<Alert[]>(() => {
    const at = target.value;
    if (!at) return null;
    const key = alertsPath(at.school, at.class);
    return { key, load: () => fetchAlerts(key) };
  });

  const all = [load, subjects, week, submissions, submitted, attendance, history, chronic];
  const more = [participation, tonight, pieces];
  const reload = () => void Promise.all([...all, ...more].map((one) => one.reload()));

  const reloadAlerts = () => void alerts.reload();
  const { connected } = useLive(target, reload, reloadAlerts);
  const timer = window.setInterval(() => {
    if (document.visibilityState === "visible" && !connected.value) {
      reload();
      reloadAlerts();
    }
  }, REFRESH_SECONDS * 1000);
  onScopeDispose(() => window.clearInterval(timer));

  return {
    load: load.resource,
    subjects: subjects.resource,
    week: week.resource,
    submissions: submissions.resource,
    submitted: submitted.resource,
    attendance: attendance.resource,
    history: history.resource,
    chronic: chronic.resource,
    participation: participation.resource,
    tonight: tonight.resource,
    pieces: pieces.resource,
    alerts: alerts.resource,
    schoolDays: window_,
    reload,
    reloadAlerts,
  };
}
