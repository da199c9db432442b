/** 75.25 -> "1:15", with `decimals` "1:15.3". */
export function clock(seconds: number, decimals = 0): string {
  const unit = 10 ** decimals;
  const rounded = Math.floor(Math.max(0, seconds) * unit + 1e-6) / unit;
  const rest = (rounded % 60).toFixed(decimals).padStart(decimals > 0 ? 3 + decimals : 2, "0");
  const minutes = Math.floor(rounded / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** For a screen reader: "1 minute 15 seconds". */
export function spoken(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  return minutes === 0 ? count(rest, "second") : `${count(minutes, "minute")} ${count(rest, "second")}`;
}

export const decibels = (value: number, least: number): string =>
  value <= least ? "−∞" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;

export function panned(pan: number): string {
  const percent = Math.round(Math.abs(pan) * 100);
  return percent === 0 ? "C" : `${pan < 0 ? "L" : "R"}${percent}`;
}

const LETTERS = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
export const pitchName = (pitch: number): string => `${LETTERS[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** "in 40 s", "in 3 min". */
export function left(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s left` : `${Math.round(seconds / 60)} min left`;
}
