import type { JSX } from "preact";
import { seconds, seen, show, zoomed } from "../state/view";
import { clock } from "./format";

/** Scrolls through the song while one is zoomed in. */
export function ViewBar(): JSX.Element | null {
  if (!zoomed.value) return null;
  const { from, to } = seen.value;
  return (
    <div class="view-bar">
      <input type="range" class="slider pan" aria-label="Part of the song that is shown" aria-valuetext={`from ${clock(from)} to ${clock(to)}`} min={0}
             max={seconds.value - (to - from)} step="any" value={from} onInput={(event) => show(Number(event.currentTarget.value), to - from)} />
    </div>
  );
}
