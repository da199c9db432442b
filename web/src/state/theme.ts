import { effect, signal } from "@preact/signals";

export type Theme = "dark" | "light";

const KEY = "msgld-theme";
const light = matchMedia("(prefers-color-scheme: light)");
const stored = localStorage.getItem(KEY);

/** What the user chose; null: what the system says. */
export const choice = signal<Theme | null>(stored === "dark" || stored === "light" ? stored : null);
const system = signal<Theme>(light.matches ? "light" : "dark");
light.addEventListener("change", () => {
  system.value = light.matches ? "light" : "dark";
});

export const theme = signal<Theme>("dark");

effect(() => {
  const now = choice.value ?? system.value;
  document.documentElement.dataset["theme"] = now; // before the signal: canvases read their colours from the style
  theme.value = now;
});

export function switchTheme(): void {
  choice.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, choice.value);
}

/** A colour of the style sheet, for canvases. */
export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const HUES = ["bass", "drums", "guitar", "piano", "vocals", "other"];

/** The name of the style sheet's colour for a stem; a stem of the user's own takes one of the six. */
export function hue(stem: string): string {
  if (stem === "song" || stem === "mix" || stem === "mixture" || stem === "residual") return "--stem-song";
  if (HUES.includes(stem)) return `--stem-${stem}`;
  const sum = [...stem].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return `--stem-${HUES[sum % HUES.length]}`;
}
