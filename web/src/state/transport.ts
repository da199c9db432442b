import { batch, computed, effect, signal } from "@preact/signals";
import type { NotePlayer } from "../engine/notes";
import { Player, type Programme } from "../engine/player";
import { say } from "./errors";
import { laneOf, lanes, mix, setLane, volume } from "./mix";
import { notesOf } from "./notes";
import { project, take } from "./projects";

export const playing = signal(false);
export const waiting = signal(false);
/** Place in the song in seconds, followed while it plays. */
export const place = signal(0);
/** The same for people who listen to it: it changes once a second. */
export const wholeSecond = computed(() => Math.floor(place.value + 1e-6));
export const speed = signal(1);
/** The chosen range, in seconds; it is looped if `looping`. */
export const range = signal<{ start: number; stop: number } | null>(null);
export const looping = signal(false);

let notePlayer: { context: AudioContext; ready: Promise<NotePlayer>; now: NotePlayer | null } | null = null;

export const player = new Player({
  playing: (is) => {
    playing.value = is;
    place.value = player.seconds;
    sounded = performance.now();
    if (is) requestAnimationFrame(tick);
  },
  failed: (error) => say(error instanceof Error ? error.message : String(error), "error"),
  placed: (piece, when, seconds) => {
    const rate = take.value?.rate ?? 1;
    for (const stem of hearingNotes()) notePlayer?.now?.place(stem, notesOf(stem), piece, rate, when, seconds);
  },
  silenced: () => notePlayer?.now?.silence(),
});

const PATIENCE = 400; // milliseconds without sound until the page says so
let sounded = 0;

function tick(): void {
  place.value = player.seconds;
  const now = performance.now();
  if (!player.starved || !playing.value) sounded = now;
  waiting.value = now - sounded > PATIENCE;
  if (playing.value) requestAnimationFrame(tick);
}

/** The stems of the open take whose notes sound in place of their recording. */
const hearingNotes = (): string[] =>
  (take.value?.stems ?? []).filter((stem) => stem.notes && laneOf(stem.name).hearNotes).map((stem) => stem.name);

/** What the open take is to the player: changes when other stems are heard, not whenever more of a take is ready. */
function programme(): Programme | null {
  const open = take.value;
  const from = project.value;
  if (open === null || from === null || open.total <= 0) return null;
  const sounding = open.stems.filter((stem) => stem.sound && !(stem.notes && laneOf(stem.name).hearNotes));
  const sources = new Map(sounding.map(({ name }) => [name, { project: from.id, take: open.id, created: open.created, stem: name }]));
  return { sources, rate: open.rate, total: open.total };
}

let loaded = "";
effect(() => {
  const next = programme();
  const signature = next === null ? "" : JSON.stringify([...next.sources.values(), next.rate, next.total, hearingNotes()]);
  if (signature === loaded) return;
  loaded = signature;
  player.load(next);
  place.value = player.seconds;
});
effect(() => player.setMix(mix.value));
effect(() => player.setVolume(volume.value));
effect(() => player.setSpeed(speed.value));
effect(() => player.setLoop(looping.value ? range.value : null));

export function toggle(): void {
  if (playing.value) player.pause();
  else player.play();
  place.value = player.seconds;
}

export function stop(): void {
  player.stop();
  place.value = player.seconds;
}

export function seek(seconds: number): void {
  player.seek(seconds);
  place.value = player.seconds;
}

/** Choose a range and loop it, or drop it. */
export function choose(next: { start: number; stop: number } | null): void {
  batch(() => {
    range.value = next;
    looping.value = next !== null;
  });
}

/** The player of notes, opened when it is first wanted. */
export async function openNotes(): Promise<NotePlayer> {
  if (player.context === null) player.prepare();
  const { context, mixer } = player;
  if (notePlayer?.context !== context) {
    const opened = { context: context!, ready: import("../engine/notes").then((notes) => notes.NotePlayer.open(context!, mixer!)), now: null as NotePlayer | null };
    notePlayer = opened;
    opened.now = await opened.ready;
  }
  return notePlayer!.ready;
}

export async function hearNotes(stem: string, on: boolean): Promise<void> {
  try {
    if (on) await openNotes();
    setLane(stem, { hearNotes: on });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  }
}

/** Forget what belonged to the take of another project. */
export function reset(): void {
  batch(() => {
    choose(null);
    mix.value = new Map();
    lanes.value = new Map();
  });
  stop();
}
