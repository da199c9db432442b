import type { JSX } from "preact";
import { LEAST_GAIN } from "../engine/mixer";
import type { StemOfTake, Take } from "../api/types";
import { laneOf, mixOf, setLane, setMix, toggleMute, toggleSolo } from "../state/mix";
import { hearNotes, range } from "../state/transport";
import { barsIn, replay } from "../state/tasks";
import { decibels, panned } from "./format";
import { RowFiles } from "./rowFiles";
import { Icon } from "./icons";
import { IconButton, Slider } from "./controls";

/** The controls of one stem. */
export function RowHead({ take, stem }: { take: Take; stem: StemOfTake }): JSX.Element {
  const { name } = stem;
  const { gain, pan, mute, solo } = mixOf(name);
  const lane = laneOf(name);
  return (
    <div class="row-head">
      <div class="row-line">
        <h3 class="stem-name">{name}{stem.made && <span class="made" title="Made by the model">made</span>}</h3>
        <Replay name={name} />
        <button type="button" class="letter mute" aria-pressed={mute} aria-label={`Mute ${name}`} title={`Mute ${name} (M)`} onClick={() => toggleMute(name)}>M</button>
        <button type="button" class="letter solo" aria-pressed={solo} aria-label={`Solo ${name}`} title={`Solo ${name} (S)`} onClick={() => toggleSolo(name)}>S</button>
      </div>
      <div class="row-line">
        <Slider kind="gain" label={`Gain of ${name}`} value={gain} min={LEAST_GAIN} max={12} step={0.5} neutral={0} text={`${decibels(gain, LEAST_GAIN)} dB`}
                onInput={(value) => setMix(name, { gain: value })} />
        <span class="value">{decibels(gain, LEAST_GAIN)}</span>
        <Slider kind="pan" label={`Pan of ${name}`} value={pan} min={-1} max={1} step={0.05} neutral={0} text={panned(pan)}
                onInput={(value) => setMix(name, { pan: value })} />
        <span class="value pan-value">{panned(pan)}</span>
      </div>
      <div class="row-line tools">
        {stem.sound && <IconButton icon="spectrum" label={`Spectrogram of ${name}`} pressed={lane.spectrogram} onClick={() => setLane(name, { spectrogram: !lane.spectrogram })} />}
        {stem.notes && (
          <>
            <IconButton icon="roll" label={`Piano roll of ${name}`} pressed={lane.notes} onClick={() => setLane(name, { notes: !lane.notes, edit: false })} />
            <IconButton icon="pencil" label={`Edit the notes of ${name}`} pressed={lane.edit} onClick={() => setLane(name, { edit: !lane.edit, notes: true })} />
            <IconButton icon="notes" label={`Hear the notes of ${name}, not its sound`} pressed={lane.hearNotes} onClick={() => void hearNotes(name, !lane.hearNotes)} />
          </>
        )}
        <span class="spring" />
        {take.whole && <RowFiles take={take} stem={stem} />}
      </div>
    </div>
  );
}

/** Once bars are chosen: have this stem played anew in them. */
function Replay({ name }: { name: string }): JSX.Element | null {
  const chosen = range.value;
  const bars = chosen === null ? null : barsIn(chosen);
  if (bars === null || name === "song") return null;
  const numbers = bars[0] === bars[1] ? String(bars[0]) : `${bars[0]}–${bars[1]}`;
  const label = `Play ${bars[0] === bars[1] ? "bar" : "bars"} ${numbers} of ${name} anew`;
  return (
    <button type="button" class="button small replay" aria-label={label} title={label} onClick={() => void replay(name, bars)}>
      <Icon name="again" size={14} /> {numbers}
    </button>
  );
}
