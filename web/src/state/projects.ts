import { computed, signal } from "@preact/signals";
import { api, ApiError } from "../api/client";
import type { About, Job, Project, ProjectInList, Take } from "../api/types";
import { trying } from "./errors";
import { go, route } from "./route";

export const about = signal<About | null>(null);
export const projects = signal<ProjectInList[] | null>(null);
export const project = signal<Project | null>(null);
/** Why the project that the address names is not open. */
export const fault = signal<{ id: string; line: string } | null>(null);
/** All jobs that were seen, by id. */
export const jobs = signal<ReadonlyMap<string, Job>>(new Map());

export const SONG = "song";

/** The takes of the open project, the song itself first. */
export const takes = computed<Take[]>(() => {
  const open = project.value;
  if (open === null) return [];
  const found = [...open.takes].sort((one, two) => Number(one.id) - Number(two.id));
  return open.song === null ? found : [songAsTake(open), ...found];
});

export const take = computed<Take | null>(() => {
  const list = takes.value;
  return list.find((one) => one.id === route.value.take) ?? list.at(-1) ?? null;
});

/** The take that was open before this one: the other side of A/B. */
export const other = signal<string | null>(null);

function songAsTake({ song, created }: Project): Take {
  const { frames } = song!;
  return {
    id: SONG, task: "given", title: "Song", created, whole: true, rate: song!.rate, channels: song!.channels, frames, total: frames,
    stems: [{ name: SONG, sound: true, notes: false, made: false }], key: null, bpm: null, chords: [], mix: false, seconds: song!.seconds,
    settings: {}, remarks: [], files: {},
  };
}

export async function loadProjects(): Promise<void> {
  projects.value = await api.projects();
}

const NO_PROJECT = [404, 422]; // 422: what the address names is no id

/** Fetch the project that the address names; where there is none, `fault` says so. */
export async function loadProject(id: string): Promise<void> {
  let loaded: Project;
  try {
    loaded = await api.project(id);
  } catch (error) {
    if (!(error instanceof ApiError) || route.peek().project !== id) throw error;
    const none = NO_PROJECT.includes(error.status);
    if (!none && (error.status === 0 || project.peek() !== null)) throw error; // what is open stays; what is away may come back
    fault.value = { id, line: none ? "There is no such project." : error.message };
    project.value = null;
    return;
  }
  if (route.peek().project !== id) return;
  fault.value = null;
  project.value = loaded;
  for (const job of loaded.jobs) seeJob(job);
}

export function openProject(id: string | null, takeId: string | null = null): void {
  other.value = null;
  go({ project: id, take: takeId });
}

export function openTake(id: string): void {
  const now = take.value?.id;
  if (now === id) return;
  other.value = now ?? null;
  go({ project: route.value.project, take: id });
}

export async function newProject(title?: string): Promise<Project | null> {
  let made: Project | null = null;
  await trying(async () => {
    made = await api.newProject(title);
    await loadProjects();
    openProject((made as Project).id);
    await loadProject((made as Project).id);
  });
  return made;
}

/** Replace one take by what the server now says of it. */
export function seeTake(id: string, seen: Take): void {
  const open = project.value;
  if (open === null || open.id !== id) return;
  const known = open.takes.some((one) => one.id === seen.id);
  project.value = { ...open, takes: known ? open.takes.map((one) => (one.id === seen.id ? seen : one)) : [...open.takes, seen] };
}

/** Whether a job waits or is at work. */
export const alive = (job: Job): boolean => job.state === "running" || job.state === "queued";

/** How far a job is, in whole percent: one number wherever it is shown. */
export const percentOf = (job: Job): number => Math.floor(100 * (job.fraction ?? 0));

/** The job that makes a take of the open project. */
export const makerOf = (id: string): Job | undefined =>
  [...jobs.value.values()].find((job) => job.take === id && job.project === project.value?.id && alive(job));

export function seeJob(job: Job): void {
  jobs.value = new Map(jobs.value).set(job.id, job);
}
