import { signal } from "@preact/signals";
import { api, uploadSong, uploadStem } from "../api/client";
import { say, trying } from "./errors";
import { about, loadProject, loadProjects, newProject, openProject, openTake, project } from "./projects";
import { route, type Route } from "./route";
import { separate } from "./tasks";

/** The file that is being sent, and how much of it was; at 1 the server reads it. */
export const sending = signal<{ name: string; fraction: number } | null>(null);

const titleOf = (file: File): string => file.name.replace(/\.[^.]{1,5}$/, "").trim() || "Song";

/** Whether a file cannot be taken, before a byte of it is sent; a line says why. */
function refused(file: File): boolean {
  const most = about.value?.limits["upload"];
  const line =
    sending.value !== null ? "Another file is still being sent."
    : file.size === 0 ? `${named(file)} is empty.`
    : most !== undefined && file.size > most ? `${named(file)} is too large: it has ${size(file.size)}, this studio takes up to ${size(most)}. Export it as MP3 or FLAC.`
    : null;
  if (line !== null) say(line, "error");
  return line !== null;
}

const LONGEST = 60; // letters of a name in a line
const named = ({ name }: File): string => (name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 1)}…`);

const MIB = 2 ** 20;
/** "12.1 MiB", rounded up, so that what is too large never looks like what is not. */
function size(bytes: number): string {
  const [unit, word] = bytes >= 1024 * MIB ? [1024 * MIB, "GiB"] : [MIB, "MiB"];
  return `${Math.ceil((100 * bytes) / unit) / 100} ${word}`;
}

async function sent(name: string, act: (onProgress: (fraction: number) => void) => Promise<unknown>): Promise<boolean> {
  if (sending.value !== null) {
    say("Another file is still being sent.", "error");
    return false;
  }
  sending.value = { name, fraction: 0 };
  const well = await trying(() => act((fraction) => (sending.value = { name, fraction })));
  sending.value = null;
  return well;
}

/** Remove a project that was made for a file that was then refused, unless something else has come into it; back to what was open. */
async function takeBack(id: string, before: Route): Promise<void> {
  try {
    const { song, takes, jobs } = await api.project(id);
    if (song !== null || takes.length + jobs.length > 0) return;
    if (route.value.project === id) openProject(before.project, before.take);
    await api.deleteProject(id);
    await loadProjects();
  } catch {
    // the server is away: the project stays in the list, where it can be deleted
  }
}

/** What is open, to come back to. */
const nowOpen = (): Route => ({ project: project.value?.id ?? null, take: project.value === null ? null : route.value.take });

/** Put a song into the open project if it has none, else into a new one, and separate it. */
export async function dropSong(files: readonly File[]): Promise<void> {
  const file = files[0];
  if (file === undefined || refused(file)) return;
  if (files.length > 1) say("One song at a time: the first file was taken.", "error");
  const before = nowOpen();
  const open = project.value;
  const fits = open !== null && open.song === null && !open.error;
  const goal = fits ? open : await newProject(titleOf(file));
  if (goal === null) return;
  if (await sent(file.name, (onProgress) => uploadSong(goal.id, file, onProgress))) {
    await trying(() => loadProject(goal.id));
    await separate(goal.id);
  } else if (!fits) await takeBack(goal.id, before);
}

/** Add a stem that the user has, to make others to it. */
export async function addStem(stem: string, file: File): Promise<void> {
  if (refused(file)) return;
  const before = nowOpen();
  const open = project.value;
  const goal = open ?? (await newProject(titleOf(file)));
  if (goal === null) return;
  const well = await sent(file.name, async (onProgress) => {
    const take = await uploadStem(goal.id, stem, file, onProgress);
    await loadProject(goal.id);
    if (route.value.project === goal.id) openTake(take.id);
  });
  if (!well && open === null) await takeBack(goal.id, before);
}
