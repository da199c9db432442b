import { effect } from "@preact/signals";
import { api } from "../api/client";
import { listen } from "../api/events";
import type { Job } from "../api/types";
import { online, say, trying } from "./errors";
import { keepOnlyWhatIs } from "./keeping";
import { loadNotes } from "./notes";
import { about, fault, jobs, loadProject, loadProjects, openTake, project, seeJob, seeTake, take } from "./projects";
import { route } from "./route";
import { reset } from "./transport";

/** Jobs that this page started: their takes are opened as soon as they can be heard. */
export const mine = new Set<string>();

const NAMES: Record<string, string> = {
  separate: "Separate", generate: "Compose", arrange: "Arrange", vary: "Vary", extend: "Continue", transcribe: "Transcribe", render: "Render", given: "Given",
};
export const taskName = (task: string): string => NAMES[task] ?? task;

function jobChanged(job: Job): void {
  const before = jobs.value.get(job.id);
  seeJob(job);
  if (job.project !== project.value?.id) return;
  if (job.take !== null && before?.take !== job.take) void showTake(job);
  else if (before !== undefined && before.state !== job.state && job.state === "done") void loadProject(job.project).catch(() => undefined);
  if (before?.state !== job.state && before !== undefined) announceEnd(job);
}

function announceEnd(job: Job): void {
  if (job.state === "failed") say(`${taskName(job.task)}: ${job.error ?? "it failed"}`, "error");
  if (job.state === "done") say(`${taskName(job.task)} is done.`);
}

async function showTake(job: Job): Promise<void> {
  await loadProject(job.project).catch(() => undefined);
  if (mine.has(job.id) && job.take !== null && job.project === route.value.project) openTake(job.take);
}

/** Everything anew: after a start, and after the server was away. */
async function refresh(): Promise<void> {
  await trying(async () => {
    about.value = await api.about();
    await loadProjects();
    for (const job of await api.jobs()) seeJob(job);
    const id = route.value.project;
    if (id !== null) await loadProject(id);
  });
}

export function start(): void {
  listen({
    job: jobChanged,
    project: (id) => {
      void loadProjects().catch(() => undefined);
      if (id === route.value.project) void loadProject(id).catch(() => undefined);
    },
    stretch: ({ project: id, take: takeId, frames }) => {
      const known = project.value?.id === id ? project.value.takes.find((one) => one.id === takeId) : undefined;
      if (known !== undefined) seeTake(id, { ...known, frames });
    },
    online: (is) => {
      const was = online.value;
      online.value = is;
      if (is && !was) void refresh();
    },
  });
  void refresh();
  let open: string | null = null;
  effect(() => {
    const id = route.value.project;
    if (id === open) return;
    open = id;
    reset();
    project.value = null;
    fault.value = null;
    if (id !== null) void trying(() => loadProject(id));
  });
  keepOnlyWhatIs();
  effect(() => {
    if (take.value?.whole) void loadNotes();
  });
}
