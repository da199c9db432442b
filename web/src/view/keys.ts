import { toggleMute, toggleSolo } from "../state/mix";
import { notes } from "../state/notes";
import { openTake, other, take, takes } from "../state/projects";
import { choose, looping, place, range, seek, stop, toggle } from "../state/transport";
import { seconds, zoom, zoomOut } from "../state/view";
import { helpOpen } from "./help";
import { drawer } from "./sidebar";

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input:not([type=range]):not([type=checkbox]), textarea, select");

const focusedRow = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>(".row") ?? null;

function stepRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(".row")];
  const at = rows.indexOf(focusedRow()!);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by))]?.focus();
}

function stepPlace(sign: 1 | -1, bar: boolean): void {
  const { bars } = notes.value;
  const now = place.value;
  if (!bar || bars.length < 2) seek(now + sign * (bar ? 5 : 1));
  else seek((sign > 0 ? bars.find((line) => line > now + 0.01) : bars.findLast((line) => line < now - 0.05)) ?? (sign > 0 ? seconds.value : 0));
}

function edge(which: "start" | "stop"): void {
  const now = place.value;
  const old = range.value ?? { start: 0, stop: seconds.value };
  const next = { ...old, [which]: now };
  if (next.stop > next.start) choose(next);
}

function stemKey(act: (stem: string) => void): void {
  const stem = focusedRow()?.dataset["stem"];
  if (stem !== undefined) act(stem);
}

const ACTS: Record<string, (event: KeyboardEvent) => void> = {
  " ": toggle,
  Home: stop,
  ArrowLeft: (event) => stepPlace(-1, event.shiftKey),
  ArrowRight: (event) => stepPlace(1, event.shiftKey),
  ArrowUp: () => stepRow(-1),
  ArrowDown: () => stepRow(1),
  m: () => stemKey(toggleMute),
  s: () => stemKey(toggleSolo),
  l: () => range.value !== null && (looping.value = !looping.value),
  "[": () => edge("start"),
  "]": () => edge("stop"),
  Escape: () => choose(null),
  b: () => other.value !== null && openTake(other.value),
  "+": () => zoom(2, place.value),
  "=": () => zoom(2, place.value),
  "-": () => zoom(0.5, place.value),
  "0": () => zoomOut(),
  "?": () => (helpOpen.value = true),
};

function takeKey(key: string): boolean {
  const one = /^[1-9]$/.test(key) ? takes.value[Number(key) - 1] : undefined;
  if (one !== undefined) openTake(one.id);
  return one !== undefined;
}

/** After a click with the mouse a button or link does not keep the focus, so that Space plays; the focus goes to its row. */
export function giveFocusBack(event: MouseEvent): void {
  if (event.detail === 0 || !(event.target instanceof Element)) return; // 0: by keyboard
  const button = event.target.closest<HTMLElement>("button, a");
  if (button === null || button.closest("dialog, .editor") !== null) return;
  const row = button.closest<HTMLElement>(".row");
  if (row === null) button.blur();
  else row.focus({ preventScroll: true });
}

/** A press elsewhere closes an open menu. */
export function closeMenus(event: PointerEvent): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) if (!menu.contains(event.target as Node)) menu.open = false;
}

/** What Escape closes before it drops the range: a menu, else the drawer. Answers whether there was one. */
function closeInnermost(): boolean {
  const menu = document.querySelector<HTMLDetailsElement>("details.menu[open]");
  if (menu !== null) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary")?.focus();
    return true;
  }
  const was = drawer.value;
  drawer.value = false;
  return was;
}

/** The page's keyboard: nothing while one writes, and a focused control keeps the keys that it uses itself. */
export function pageKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]") !== null) return; // it has all keys, wherever the focus is, and closes itself
  if (event.key === "Escape" && closeInnermost()) {
    event.preventDefault();
    return;
  }
  if (typing(event.target)) return;
  const target = event.target as HTMLElement;
  const control = target.closest("button, a, summary, [role=tab]");
  if (event.key === " " && control !== null) return;
  if (event.key.startsWith("Arrow") && (target.matches("input") || control?.matches("[role=tab]"))) return;
  const act = ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act === undefined && !takeKey(event.key)) return;
  if (event.key === "Home" && target.matches("input")) return;
  if (act !== undefined && take.value === null && event.key !== "?") return;
  event.preventDefault();
  act?.(event);
}

