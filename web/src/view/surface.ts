import { notes } from "../state/notes";
import { choose, seek } from "../state/transport";
import { scroll, seconds, seen, zoom } from "../state/view";

const DRAG = 4; // pixels until a press counts as a drag

const timeAt = (element: Element, x: number): number => {
  const { left, width } = element.getBoundingClientRect();
  const { from, to } = seen.value;
  return from + ((to - from) * Math.max(0, Math.min(1, (x - left) / width)));
};

/** A range grows to whole bars, where bars are known. */
function toBars(start: number, stop: number): { start: number; stop: number } {
  const lines = notes.value.bars;
  const first = lines.findLast((line) => line <= start + 1e-3) ?? Math.min(start, 0);
  const last = lines.find((line) => line >= stop - 1e-3) ?? seconds.value;
  return lines.length > 1 ? { start: first, stop: last } : { start, stop };
}

/** A click sets the place, a drag chooses a range (whole bars, or free with Shift). For the ruler and the waveforms. */
export function press(event: PointerEvent): void {
  if (event.button !== 0) return;
  const element = event.currentTarget as Element;
  const origin = event.clientX;
  const start = timeAt(element, origin);
  let dragged = false;
  const move = (moved: PointerEvent): void => {
    dragged ||= Math.abs(moved.clientX - origin) > DRAG;
    if (!dragged) return;
    const now = timeAt(element, moved.clientX);
    const [one, two] = [Math.min(start, now), Math.max(start, now)];
    choose(moved.shiftKey ? { start: one, stop: two } : toBars(one, two));
  };
  const end = (): void => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    if (!dragged) seek(start);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}

/** Wheel: sideways scrolls, with Ctrl it zooms about the pointer. */
export function wheel(event: WheelEvent): void {
  const { from, to } = seen.value;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, timeAt(event.currentTarget as Element, event.clientX));
  } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
    event.preventDefault();
    scroll(((event.deltaX || event.deltaY) / 800) * (to - from));
  }
}
