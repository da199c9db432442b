import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { looping, place, playing, range } from "../state/transport";
import { follow, seen } from "../state/view";

/** The line that moves, and the chosen range, over all rows. */
export function Playhead(): JSX.Element {
  const line = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    if (playing.value) follow(place.value);
    const { from, to } = seen.value;
    const part = (place.value - from) / (to - from);
    if (line.current === null) return;
    line.current.style.left = `${100 * part}%`;
    line.current.hidden = part < 0 || part > 1;
  });
  const { from, to } = seen.value;
  const chosen = range.value;
  const percent = (seconds: number): number => (100 * (seconds - from)) / (to - from);
  return (
    <div class="over-lanes" aria-hidden="true">
      {chosen !== null && (
        <div class={`range ${looping.value ? "looping" : ""}`} style={{ left: `${percent(chosen.start)}%`, width: `${percent(chosen.stop) - percent(chosen.start)}%` }} />
      )}
      <div class="playhead" ref={line} />
    </div>
  );
}
