import { computed, signal } from "@preact/signals";
import { api, ownerOf } from "../api/client";
import type { Note, Notes } from "../api/types";
import { project, seeJob, take } from "./projects";
import { trying } from "./errors";

/** Notes as the server has them, by take. */
const known = signal<ReadonlyMap<string, Notes>>(new Map());
/** Notes that the user changed and that were not rendered yet, by take and stem; the last entry is what is seen. */
const edits = signal<ReadonlyMap<string, readonly (readonly Note[])[]>>(new Map());

function keyOf(stem?: string): string {
  const from = project.value;
  const open = take.value;
  const owner = from === null || open === null ? "" : ownerOf(from.id, open);
  return stem === undefined ? owner : `${owner}/${stem}`;
}

/** Drop the notes of takes that are gone. */
export function forgetNotes(gone: (key: string) => boolean): void {
  const left = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    [...map.keys()].some(gone) ? new Map([...map].filter(([key]) => !gone(key))) : map;
  known.value = left(known.peek());
  edits.value = left(edits.peek());
}

const NONE: Notes = { stems: {}, bars: [], beats: [], chords: [], key: null, bpm: null };

export const notes = computed<Notes>(() => known.value.get(keyOf()) ?? NONE);

export const notesOf = (stem: string): readonly Note[] => edits.value.get(keyOf(stem))?.at(-1) ?? notes.value.stems[stem] ?? [];
export const edited = (stem: string): boolean => (edits.value.get(keyOf(stem))?.length ?? 0) > 0;

/** Fetch the notes of the open take, once it is whole. */
export async function loadNotes(): Promise<void> {
  const open = take.value;
  const from = project.value;
  if (open === null || from === null || !open.whole || open.id === "song") return;
  const key = keyOf();
  if (known.value.has(key)) return;
  await trying(async () => {
    const found = await api.notes(from.id, open.id);
    known.value = new Map(known.value).set(key, found);
  });
}

const MOST_UNDO = 200;

export function edit(stem: string, changed: readonly Note[]): void {
  const key = keyOf(stem);
  const before = edits.value.get(key) ?? [];
  edits.value = new Map(edits.value).set(key, [...before, changed].slice(-MOST_UNDO));
}

export function undo(stem: string): void {
  const key = keyOf(stem);
  edits.value = new Map(edits.value).set(key, (edits.value.get(key) ?? []).slice(0, -1));
}

/** Have the edited notes of a stem played: a new take. */
export async function renderAgain(stem: string): Promise<void> {
  const open = take.value;
  const from = project.value;
  if (open === null || from === null) return;
  const played = [...notesOf(stem)].sort((one, two) => one.start - two.start || one.pitch - two.pitch);
  await trying(async () => seeJob(await api.start(from.id, "render", { take: open.id, stem, notes: played })));
}
