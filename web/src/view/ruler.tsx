import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { notes } from "../state/notes";
import { colour } from "../state/theme";
import { place, seek, wholeSecond } from "../state/transport";
import { seconds, seen } from "../state/view";
import { Canvas, type Draw } from "./canvas";
import { clock, spoken } from "./format";
import { press, wheel } from "./surface";

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const APART = 70; // pixels between labels, at least

const drawRuler: Draw = (context, width, height) => {
  const { from, to } = seen.value;
  const x = (time: number): number => ((time - from) / (to - from)) * width;
  const { bars, chords } = notes.value;
  context.font = `11px ${colour("--font") || "sans-serif"}`;
  context.textBaseline = "middle";
  const step = STEPS.find((one) => (one / (to - from)) * width >= APART) ?? 1200;
  for (let at = Math.ceil(from / step); at * step <= to; at++) {
    context.fillStyle = colour("--line-strong");
    context.fillRect(Math.round(x(at * step)), 0, 1, 6);
    context.fillStyle = colour("--text-soft");
    context.fillText(clock(at * step, step < 1 ? 1 : 0), x(at * step) + 4, 10);
  }
  if (bars.length < 2) return;
  const apart = ((bars[1]! - bars[0]!) / (to - from)) * width;
  const every = [1, 2, 4, 8, 16, 32, 64].find((one) => one * apart >= 44) ?? 128;
  bars.forEach((bar, index) => {
    if (index % every !== 0 || bar < from - 30 || bar > to) return;
    context.fillStyle = colour("--line-strong");
    context.fillRect(Math.round(x(bar)), 20, 1, height - 20);
    context.fillStyle = colour("--text");
    context.fillText(String(index + 1), x(bar) + 4, 28);
    const chord = chords[index];
    if (chord === undefined || chord === "N" || chord === "") return;
    context.fillStyle = colour("--text-soft");
    context.fillText(chord, x(bar) + 4, height - 8, every * apart - 6);
  });
};

/** Time, bars and chords; a slider for the place in the song. */
export function Ruler(): JSX.Element {
  const draw = useMemo(() => drawRuler, []);
  const key = (event: KeyboardEvent): void => {
    const by: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const step = by[event.key];
    if (step === undefined && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    event.stopPropagation();
    seek(event.key === "Home" ? 0 : event.key === "End" ? seconds.value : place.peek() + step!);
  };
  return (
    <div class="ruler" role="slider" tabIndex={0} aria-label="Place in the song" aria-valuemin={0} aria-valuemax={Math.round(seconds.value)}
         aria-valuenow={wholeSecond.value} aria-valuetext={spoken(wholeSecond.value)} title="Click: go there. Drag: choose bars to loop or to play anew."
         onPointerDown={press} onWheel={wheel} onKeyDown={key}>
      <Canvas draw={draw} label="Time, bars and chords" />
    </div>
  );
}
