import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Note } from "../api/types";
import { notes, notesOf } from "../state/notes";
import { colour, hue } from "../state/theme";
import { seen } from "../state/view";
import { Canvas, type Draw } from "./canvas";

/** Lowest and highest pitch that a roll shows, an octave at least. */
export function pitches(list: readonly Note[]): { low: number; high: number } {
  if (list.length === 0) return { low: 54, high: 66 };
  const low = Math.min(...list.map((note) => note.pitch));
  const high = Math.max(...list.map((note) => note.pitch));
  const spare = Math.max(1, Math.ceil((12 - (high - low)) / 2));
  return { low: Math.max(0, low - spare), high: Math.min(127, high + spare) };
}

/** The notes of a stem, to look at. */
export function Roll({ stem }: { stem: string }): JSX.Element {
  const list = notesOf(stem);
  const draw = useMemo<Draw>(() => (context, width, height) => {
    const played = notesOf(stem);
    const { from, to } = seen.value;
    const { low, high } = pitches(played);
    const x = (seconds: number): number => ((seconds - from) / (to - from)) * width;
    const each = height / (high - low + 1);
    context.fillStyle = colour("--line");
    for (const bar of notes.value.bars) if (bar >= from && bar <= to) context.fillRect(Math.round(x(bar)), 0, 1, height);
    context.fillStyle = colour(hue(stem));
    for (const note of played) {
      if (note.stop < from || note.start > to) continue;
      context.globalAlpha = 0.4 + (0.6 * note.velocity) / 127;
      context.fillRect(x(note.start), (high - note.pitch) * each, Math.max(2, x(note.stop) - x(note.start) - 0.5), Math.max(2, each - 0.5));
    }
    context.globalAlpha = 1;
  }, [stem]);
  return <Canvas draw={draw} label={`Piano roll of ${stem}: ${list.length} notes`} kind="roll" />;
}
