import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { ownerOf } from "../api/client";
import type { Peaks, Take } from "../api/types";
import { peaksOf } from "../state/peaks";
import { project } from "../state/projects";
import { colour, hue } from "../state/theme";
import { seconds, seen } from "../state/view";
import { Canvas, type Draw } from "./canvas";

const COARSE = 2000;
const FINE = 16_000;
const FINE_FROM = 3; // times that one must have zoomed in

/** The greatest peak of each stem of the take that is seen: all are drawn to one scale, the loudest fills its row. */
const loudest = signal<{ take: string; peaks: Record<string, number> }>({ take: "", peaks: {} });
const LEAST_PEAK = 6; // of 127; nothing softer is drawn larger
const ROOT = 0.75; // soft sound is drawn a little larger than it is

function seePeaks(take: string, stem: string, { min, max }: Peaks): void {
  const greatest = max.reduce((most, value, at) => Math.max(most, value, -min[at]!), 0);
  const before = loudest.peek();
  loudest.value = { take, peaks: { ...(before.take === take ? before.peaks : {}), [stem]: greatest } };
}

const scaled = (value: number, most: number): number => Math.sign(value) * Math.min(1, Math.abs(value) / most) ** ROOT;

/** The waveform of a stem, as far as it is there. */
export function Waveform({ take, stem }: { take: Take; stem: string }): JSX.Element {
  const peaks = useMemo(() => signal<Peaks | null>(null), []);
  const id = project.value?.id;
  const fine = seconds.value / (seen.value.to - seen.value.from) > FINE_FROM;
  const grown = take.whole ? take.total : Math.floor((8 * take.frames) / take.rate); // while it grows: four times a second at most
  const owner = id === undefined ? "" : ownerOf(id, take);
  useEffect(() => {
    peaks.value = null; // another sound: what is drawn of the last one is wrong
  }, [owner, stem]);
  useEffect(() => {
    let current = true;
    if (id === undefined || take.frames === 0) return;
    peaksOf(id, take, stem, fine ? FINE : COARSE)
      .then((data) => {
        if (!current) return;
        peaks.value = data;
        seePeaks(owner, stem, data);
      })
      .catch(() => undefined); // a waveform that is missing says so itself
    return () => {
      current = false;
    };
  }, [owner, stem, fine, grown]);
  const draw = useMemo<Draw>(() => (context, width, height) => {
    const middle = height / 2;
    context.fillStyle = colour("--line");
    context.fillRect(0, Math.round(middle), width, 1);
    const data = peaks.value;
    if (data === null) return;
    const { from, to } = seen.value;
    const each = seconds.value / data.max.length; // seconds of a column
    const full = Math.max(LEAST_PEAK, ...Object.values(loudest.value.peaks));
    context.fillStyle = colour(hue(stem));
    for (let x = 0; x < width; x++) {
      const first = Math.floor((from + ((to - from) * x) / width) / each);
      const last = Math.max(first + 1, Math.floor((from + ((to - from) * (x + 1)) / width) / each));
      let least = 127;
      let most = -127;
      for (let at = first; at < last && at < data.max.length; at++) {
        least = Math.min(least, data.min[at]!);
        most = Math.max(most, data.max[at]!);
      }
      if (most < least) continue;
      const top = middle - scaled(most, full) * (middle - 3);
      const bottom = middle - scaled(least, full) * (middle - 3);
      if (bottom - top > 0.2) context.fillRect(x, top, 1, Math.max(1, bottom - top));
    }
  }, [stem]);
  return <Canvas draw={draw} label={`Waveform of ${stem}`} kind="waveform" />;
}
