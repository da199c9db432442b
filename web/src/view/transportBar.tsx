import type { JSX } from "preact";
import { LEAST_GAIN } from "../engine/mixer";
import { volume } from "../state/mix";
import { notes } from "../state/notes";
import { take } from "../state/projects";
import { looping, place, playing, range, speed, stop, toggle, waiting } from "../state/transport";
import { seconds } from "../state/view";
import { IconButton, Slider } from "./controls";
import { clock, decibels } from "./format";

const LEAST_SPEED = 0.5;

/** Play, stop, loop, the place, speed and volume. */
export function TransportBar(): JSX.Element {
  const none = take.value === null;
  return (
    <footer class="transport" aria-label="Transport">
      <div class="transport-buttons">
        <IconButton icon="stop" label="Stop" keys="Home" disabled={none} onClick={stop} />
        <IconButton icon={playing.value ? "pause" : "play"} kind="play" label={playing.value ? "Pause" : "Play"} keys="Space" disabled={none} onClick={toggle} />
        <IconButton icon="loop" label="Loop the chosen range" keys="L" pressed={looping.value} disabled={range.value === null}
                    onClick={() => (looping.value = !looping.value)} />
      </div>
      <Clock />
      <span class="buffering" role="status">{waiting.value ? "Waiting for sound…" : ""}</span>
      <span class="spring" />
      <label class="transport-value">
        <span>Speed</span>
        <Slider label="Speed, at the same pitch" value={speed.value} min={LEAST_SPEED} max={1} step={0.05} neutral={1} text={`${Math.round(100 * speed.value)} %`}
                onInput={(value) => (speed.value = value)} />
        <output>{Math.round(100 * speed.value)} %</output>
      </label>
      <label class="transport-value volume">
        <span>Volume</span>
        <Slider label="Volume" value={volume.value} min={LEAST_GAIN} max={6} step={0.5} neutral={0} text={`${decibels(volume.value, LEAST_GAIN)} dB`}
                onInput={(value) => (volume.value = value)} />
        <output>{decibels(volume.value, LEAST_GAIN)} dB</output>
      </label>
    </footer>
  );
}

function Clock(): JSX.Element {
  const { bars, beats } = notes.value;
  const at = place.value;
  const bar = bars.filter((line) => line <= at + 1e-3).length;
  const beat = bar === 0 ? 0 : beats.filter((line) => line <= at + 1e-3 && line >= bars[bar - 1]! - 1e-3).length;
  return (
    <div class="clock" role="timer" aria-label="Place">
      <span class="clock-time">{clock(at, 1)}</span>
      <span class="clock-rest">/ {clock(seconds.value)}</span>
      {bars.length > 1 && <span class="clock-bar" title="Bar and beat">{bar}.{beat}</span>}
    </div>
  );
}
