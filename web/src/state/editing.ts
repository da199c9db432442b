import type { Note } from "../api/types";
import { notes } from "./notes";

const PARTS = 4; // of a beat: where notes snap to
const FREE = 0.05; // seconds, where no beats are known
const SHORTEST = 0.02; // seconds
export const TYPICAL_VELOCITY = 90;

/** The grid's line next to a time, and the length of its step there. */
export function grid(time: number): { line: number; step: number } {
  const { beats } = notes.value;
  if (beats.length < 2) return { line: Math.round(time / FREE) * FREE, step: FREE };
  let at = beats.findLastIndex((beat) => beat <= time);
  at = Math.max(0, Math.min(at, beats.length - 2));
  const start = beats[at]!;
  const step = (beats[at + 1]! - start) / PARTS;
  return { line: Math.max(0, start + Math.round((time - start) / step) * step), step };
}

const clampPitch = (pitch: number): number => Math.max(0, Math.min(127, Math.round(pitch)));

export function added(list: readonly Note[], time: number, pitch: number): { list: Note[]; index: number } {
  const { line, step } = grid(time);
  const note = { start: line, stop: line + 2 * step, pitch: clampPitch(pitch), velocity: TYPICAL_VELOCITY };
  return { list: [...list, note], index: list.length };
}

export const removed = (list: readonly Note[], index: number): Note[] => list.filter((_, at) => at !== index);

export function changed(list: readonly Note[], index: number, change: Partial<Note>): Note[] {
  return list.map((note, at) => {
    if (at !== index) return note;
    const next = { ...note, ...change };
    const start = Math.max(0, next.start);
    const velocity = Math.max(1, Math.min(127, Math.round(next.velocity)));
    return { start, stop: Math.max(start + SHORTEST, next.stop), pitch: clampPitch(next.pitch), velocity };
  });
}

/** Move a note by a time and some semitones; its start snaps to the grid unless `free`. */
export function moved(list: readonly Note[], index: number, by: number, semitones: number, free = false): Note[] {
  const note = list[index]!;
  const wanted = Math.max(0, note.start + by);
  const start = free || by === 0 ? wanted : grid(wanted).line;
  return changed(list, index, { start, stop: start + note.stop - note.start, pitch: note.pitch + semitones });
}

export function resized(list: readonly Note[], index: number, stop: number, free = false): Note[] {
  const note = list[index]!;
  const { line, step } = grid(stop);
  return changed(list, index, { stop: free ? stop : Math.max(line, note.start + step / 2) });
}

/** The note after or before another in time, for the keyboard; -1 where there is none at all. */
export function neighbour(list: readonly Note[], index: number, by: 1 | -1): number {
  const order = list.map((_, at) => at).sort((one, two) => list[one]!.start - list[two]!.start || list[one]!.pitch - list[two]!.pitch);
  if (order.length === 0) return -1;
  const at = order.indexOf(index);
  return at < 0 ? order[by > 0 ? 0 : order.length - 1]! : order[Math.max(0, Math.min(order.length - 1, at + by))]!;
}
