import { signal } from "@preact/signals";
import { uploadSong, uploadStem } from "../api/client";
import { say, trying } from "./errors";
import { loadProject, newProject, openTake, project } from "./projects";
import { separate } from "./tasks";

/** The file that is being sent, and how much of it was; at 1 the server reads it. */
export const sending = signal<{ name: string; fraction: number } | null>(null);

const titleOf = (file: File): string => file.name.replace(/\.[^.]{1,5}$/, "").trim() || "Song";

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

/** Put a song into the open project if it has none, else into a new one, and separate it. */
export async function dropSong(files: readonly File[]): Promise<void> {
  const file = files[0];
  if (file === undefined) return;
  if (files.length > 1) say("One song at a time: the first file was taken.", "error");
  const open = project.value;
  const goal = open !== null && open.song === null ? open : await newProject(titleOf(file));
  if (goal === null) return;
  if (!(await sent(file.name, (onProgress) => uploadSong(goal.id, file, onProgress)))) return;
  await trying(() => loadProject(goal.id));
  await separate();
}

/** Add a stem that the user has, to make others to it. */
export async function addStem(stem: string, file: File): Promise<void> {
  const open = project.value ?? (await newProject(titleOf(file)));
  if (open === null) return;
  await sent(file.name, async (onProgress) => {
    const take = await uploadStem(open.id, stem, file, onProgress);
    await loadProject(open.id);
    openTake(take.id);
  });
}
