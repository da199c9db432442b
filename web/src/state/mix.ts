import { computed, signal } from "@preact/signals";
import { UNITY, type StemMix } from "../engine/mixer";

/** What the user set for each stem, by name: it stays when another take is opened, so that takes compare fairly. */
export const mix = signal<ReadonlyMap<string, StemMix>>(new Map());
export const volume = signal(0); // decibels

export const mixOf = (stem: string): StemMix => mix.value.get(stem) ?? UNITY;

export const anySolo = computed(() => [...mix.value.values()].some((one) => one.solo));

export function setMix(stem: string, change: Partial<StemMix>): void {
  mix.value = new Map(mix.value).set(stem, { ...mixOf(stem), ...change });
}

export const toggleMute = (stem: string): void => setMix(stem, { mute: !mixOf(stem).mute });
export const toggleSolo = (stem: string): void => setMix(stem, { solo: !mixOf(stem).solo });

/** What a stem's row shows, and whether its notes sound in place of its recording. */
export interface Lane {
  spectrogram: boolean;
  notes: boolean;
  edit: boolean;
  hearNotes: boolean;
}

const PLAIN: Lane = { spectrogram: false, notes: true, edit: false, hearNotes: false };
export const lanes = signal<ReadonlyMap<string, Lane>>(new Map());
export const laneOf = (stem: string): Lane => lanes.value.get(stem) ?? PLAIN;
export function setLane(stem: string, change: Partial<Lane>): void {
  lanes.value = new Map(lanes.value).set(stem, { ...laneOf(stem), ...change });
}
