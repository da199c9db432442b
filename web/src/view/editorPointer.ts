import type { Note } from "../api/types";
import { added, moved, removed, resized } from "../state/editing";
import type { Scale } from "./editorDraw";

const EDGE = 7; // pixels at a note's end that change its length

/** What the pointer does needs: the notes as they are, and ways to show and to keep changes. */
export interface Hand {
  scale(): Scale;
  list(): readonly Note[];
  select(index: number): void;
  preview(list: readonly Note[] | null): void;
  commit(list: readonly Note[]): void;
  sound(note: Note): void;
}

export function noteAt(list: readonly Note[], scale: Scale, x: number, y: number): { index: number; edge: boolean } | null {
  const pitch = scale.pitch(y);
  const index = list.findLastIndex((note) => note.pitch === pitch && x >= scale.x(note.start) - 1 && x <= Math.max(scale.x(note.stop), scale.x(note.start) + 4));
  if (index < 0) return null;
  const note = list[index]!;
  const wide = scale.x(note.stop) - scale.x(note.start);
  return { index, edge: wide > 2 * EDGE && x > scale.x(note.stop) - EDGE };
}

/** Press on nothing: a new note, whose length the drag sets. On a note: move it, at its end its length; with Alt: away with it. */
export function pressNote(event: PointerEvent, hand: Hand): void {
  if (event.button !== 0) return;
  const canvas = event.currentTarget as HTMLElement;
  const { left, top } = canvas.getBoundingClientRect();
  const scale = hand.scale();
  const x = event.clientX - left;
  const y = event.clientY - top;
  let list = hand.list();
  let hit = noteAt(list, scale, x, y);
  if (hit !== null && event.altKey) {
    hand.select(-1);
    hand.commit(removed(list, hit.index));
    return;
  }
  const fresh = hit === null;
  if (hit === null) {
    const made = added(list, scale.time(x), scale.pitch(y));
    list = made.list;
    hit = { index: made.index, edge: true };
    hand.preview(list);
  }
  const { index, edge } = hit;
  hand.select(index);
  hand.sound(list[index]!);
  let result: readonly Note[] | null = fresh ? list : null;
  const move = (moving: PointerEvent): void => {
    const dx = moving.clientX - event.clientX;
    const dy = moving.clientY - event.clientY;
    if (result === null && Math.abs(dx) + Math.abs(dy) < 3) return;
    const to = scale.time(moving.clientX - left);
    const semitones = -Math.round(dy / scale.each);
    if (!edge) result = moved(list, index, scale.time(x + dx) - scale.time(x), semitones, moving.shiftKey);
    else if (Math.abs(dx) >= 3) result = resized(list, index, to, moving.shiftKey);
    hand.preview(result);
  };
  const end = (): void => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    hand.preview(null);
    if (result !== null) hand.commit(result);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}
