import type { Note } from "../api/types";
import { notes } from "../state/notes";
import { colour, hue } from "../state/theme";
import { seen } from "../state/view";
import { pitchName } from "./format";


/** Where times and pitches are in the editor's picture. */
export interface Scale {
  x(seconds: number): number;
  time(x: number): number;
  y(pitch: number): number;
  pitch(y: number): number;
  each: number;
  low: number;
  high: number;
}

export function scaleOf(width: number, height: number, low: number, high: number): Scale {
  const { from, to } = seen.value;
  const each = height / (high - low + 1);
  return {
    x: (seconds) => ((seconds - from) / (to - from)) * width,
    time: (x) => from + (x / width) * (to - from),
    y: (pitch) => (high - pitch) * each,
    pitch: (y) => high - Math.floor(y / each),
    each, low, high,
  };
}

const BLACK = [1, 3, 6, 8, 10];

export function drawEditor(context: CanvasRenderingContext2D, width: number, height: number, scale: Scale, list: readonly Note[], stem: string, selected: number): void {
  const { bars, beats } = notes.value;
  for (let pitch = scale.low; pitch <= scale.high; pitch++) {
    const y = scale.y(pitch);
    if (BLACK.includes(pitch % 12)) {
      context.fillStyle = colour("--roll-black");
      context.fillRect(0, y, width, scale.each);
    }
    if (pitch % 12 === 0) {
      context.fillStyle = colour("--line-strong");
      context.fillRect(0, y + scale.each - 1, width, 1);
    }
  }
  const apart = beats.length > 1 ? scale.x(beats[1]!) - scale.x(beats[0]!) : 0;
  context.fillStyle = colour("--line");
  if (apart > 12) for (const beat of beats) context.fillRect(Math.round(scale.x(beat)), 0, 1, height);
  context.fillStyle = colour("--line-strong");
  for (const bar of bars) context.fillRect(Math.round(scale.x(bar)), 0, 1, height);
  list.forEach((note, at) => {
    const x = scale.x(note.start);
    const wide = Math.max(3, scale.x(note.stop) - x - 1);
    if (x > width || x + wide < 0) return;
    context.globalAlpha = 0.35 + (0.65 * note.velocity) / 127;
    context.fillStyle = colour(hue(stem));
    context.fillRect(x, scale.y(note.pitch) + 0.5, wide, scale.each - 1);
    context.globalAlpha = 1;
    if (at !== selected) return;
    context.strokeStyle = colour("--text");
    context.lineWidth = 2;
    context.strokeRect(x, scale.y(note.pitch) + 0.5, wide, scale.each - 1);
  });
  context.font = `10px ${colour("--font") || "sans-serif"}`;
  context.textBaseline = "middle";
  for (let pitch = scale.low; pitch <= scale.high; pitch++) {
    if (pitch % 12 !== 0) continue;
    context.fillStyle = colour("--raised");
    context.fillRect(0, scale.y(pitch), 24, scale.each - 1);
    context.fillStyle = colour("--text-soft");
    context.fillText(pitchName(pitch), 4, scale.y(pitch) + scale.each / 2);
  }
}
