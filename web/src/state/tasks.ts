import { signal } from "@preact/signals";
import { api } from "../api/client";
import type { Task } from "../api/types";
import { trying } from "./errors";
import { mine } from "./live";
import { notes } from "./notes";
import { project, seeJob, take } from "./projects";

/** Which form is open. */
export type Form = "separate" | "generate" | "arrange" | "vary" | "extend";
export const form = signal<Form>("separate");

/** What the forms hold: kept while the user looks elsewhere. Empty text: left open. */
export interface Wishes {
  quality: string;
  stems: string[] | null;
  make: string[] | null;
  style: string;
  key: string;
  bpm: string;
  chords: string;
  form: string;
  bars: string;
  seed: string;
  noise: number;
  softness: number;
  seconds: string;
  instruments: Record<string, string>;
}

export const wishes = signal<Wishes>({
  quality: "normal", stems: null, make: null, style: "", key: "", bpm: "", chords: "", form: "", bars: "16", seed: "0", noise: 0.6, softness: 0,
  seconds: "10", instruments: {},
});
export const wish = (change: Partial<Wishes>): void => {
  wishes.value = { ...wishes.value, ...change };
};

const number = (text: string): number | undefined => (text.trim() === "" ? undefined : Number(text));
const words = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());

function conditions(made: readonly string[]): Record<string, unknown> {
  const { style, key, bpm, chords, seed, instruments, quality } = wishes.value;
  const chosen = Object.entries(instruments).filter(([stem, name]) => name !== "" && made.includes(stem));
  return { style: words(style), key: words(key), bpm: number(bpm), chords: words(chords), seed: number(seed) ?? 0, quality, instruments: Object.fromEntries(chosen) };
}

export async function start(task: Task, settings: Record<string, unknown>, id = project.value?.id): Promise<boolean> {
  if (id === undefined) return false;
  return trying(async () => {
    const job = await api.start(id, task, settings);
    mine.add(job.id);
    seeJob(job);
  });
}

const openTakeId = (): string | undefined => (take.value === null || take.value.id === "song" ? undefined : take.value.id);

/** Separate the song of the open project, or of another one. */
export const separate = (id?: string): Promise<boolean> =>
  start("separate", { quality: wishes.value.quality, ...(wishes.value.stems === null ? {} : { stems: wishes.value.stems }) }, id);

export const generate = (make: string[]): Promise<boolean> => {
  const { bars, form: sections } = wishes.value;
  return start("generate", { ...conditions(make), make, bars: number(bars), form: words(sections) });
};

export const arrange = (keep: string[], make: string[]): Promise<boolean> =>
  start("arrange", { ...conditions(make), take: openTakeId(), keep, make, noise: wishes.value.softness });

export const vary = (): Promise<boolean> =>
  start("vary", { take: openTakeId(), noise: wishes.value.noise, seed: number(wishes.value.seed) ?? 0, quality: wishes.value.quality });

export const extend = (): Promise<boolean> =>
  start("extend", { take: openTakeId(), seconds: number(wishes.value.seconds) ?? 10, seed: number(wishes.value.seed) ?? 0, quality: wishes.value.quality });

export const transcribe = (bpm: string): Promise<boolean> =>
  start("transcribe", { take: openTakeId(), bpm: number(bpm), quality: wishes.value.quality });

/** The bars, counted from 1, that a range of seconds touches. */
export function barsIn(range: { start: number; stop: number }): [number, number] | null {
  const lines = notes.value.bars;
  if (lines.length < 2) return null;
  // The last line is the end of the last bar.
  const barAt = (seconds: number): number => Math.max(1, Math.min(lines.length - 1, lines.filter((line) => line <= seconds + 1e-3).length));
  const first = barAt(range.start);
  const last = Math.max(first, barAt(range.stop - 2e-3));
  return [first, last];
}

let replays = 0;

/** Play bars of one stem anew, the other stems and the other bars staying. Each press draws another seed. */
export const replay = (stem: string, bars: [number, number]): Promise<boolean> => {
  const others = (take.value?.stems ?? []).map((one) => one.name).filter((name) => name !== stem);
  replays += 1;
  const seed = (number(wishes.value.seed) ?? 0) + replays;
  return start("arrange", { take: openTakeId(), ...(others.length > 0 ? { keep: others } : {}), make: [stem], bars, seed, quality: wishes.value.quality });
};
