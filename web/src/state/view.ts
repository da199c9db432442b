import { computed, signal } from "@preact/signals";
import { take } from "./projects";

/** The part of the song that is seen, in seconds. */
export interface Window {
  from: number;
  to: number;
}

const LEAST = 0.5; // seconds
const chosen = signal<Window | null>(null);

export const seconds = computed(() => {
  const open = take.value;
  return open === null ? 1 : Math.max(0.1, open.total / open.rate || open.seconds || 0.1);
});

/** The whole song unless the user zoomed in. */
export const seen = computed<Window>(() => {
  const whole = seconds.value;
  const window = chosen.value;
  if (window === null) return { from: 0, to: whole };
  const length = Math.min(window.to - window.from, whole);
  const from = Math.max(0, Math.min(window.from, whole - length));
  return { from, to: from + length };
});

export const zoomed = computed(() => seen.value.to - seen.value.from < seconds.value - 1e-6);

export function show(from: number, length: number): void {
  const whole = seconds.value;
  const size = Math.max(Math.min(LEAST, whole), Math.min(length, whole));
  if (size >= whole) {
    chosen.value = null;
    return;
  }
  const start = Math.max(0, Math.min(from, whole - size));
  chosen.value = { from: start, to: start + size };
}

/** Zoom by a factor (more than 1: closer) and keep the place at `centre` where it is. */
export function zoom(factor: number, centre?: number): void {
  const { from, to } = seen.value;
  const at = centre ?? (from + to) / 2;
  show(at - (at - from) / factor, (to - from) / factor);
}

export function scroll(by: number): void {
  const { from, to } = seen.value;
  show(from + by, to - from);
}

export const zoomOut = (): void => {
  chosen.value = null;
};

/** Keep a place that moves in sight, a page at a time. */
export function follow(place: number): void {
  const { from, to } = seen.value;
  if (!zoomed.value || (place >= from && place <= to)) return;
  show(place - (to - from) * 0.05, to - from);
}
