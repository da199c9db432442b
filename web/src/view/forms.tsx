import type { JSX } from "preact";
import { ownerOf } from "../api/client";
import { about, project, SONG, take } from "../state/projects";
import { arrange, extend, generate, separate, vary, wish, wishes } from "../state/tasks";
import { addStem } from "../state/upload";
import { Conditions, SeedAndQuality } from "./conditions";
import { Choice, Field, Slider, Text } from "./controls";
import { qualityOptions } from "./dropZone";
import { StemChips } from "./stemChips";
import { useSignal } from "@preact/signals";

function Go({ word, disabled, why, act }: { word: string; disabled: boolean; why: string; act: () => Promise<unknown> }): JSX.Element {
  return (
    <>
      <button type="button" class="button primary wide" disabled={disabled} onClick={() => void act()}>{word}</button>
      {disabled && <p class="soft why">{why}</p>}
    </>
  );
}

export function SeparateForm(): JSX.Element {
  const stems = about.value?.stems ?? [];
  const { stems: chosen, quality } = wishes.value;
  return (
    <>
      <p class="soft">Takes the song apart into stems that sum to it.</p>
      <StemChips label="Stems" stems={stems} chosen={chosen ?? stems} onChange={(next) => wish({ stems: next.length === stems.length ? null : next })} />
      <Field label="Quality"><Choice value={quality} options={qualityOptions()} onChange={(value) => wish({ quality: value })} /></Field>
      <Go word="Separate" act={() => separate()} disabled={!project.value?.song || chosen?.length === 0} why={project.value?.song ? "Choose a stem." : "Drop a song first."} />
    </>
  );
}

export function ComposeForm(): JSX.Element {
  const makes = about.value?.makes ?? [];
  const { make, bars, form } = wishes.value;
  const made = make ?? makes;
  return (
    <>
      <p class="soft">Invents a new piece, stem by stem. Young: keys and styles hold, tunes wander.</p>
      <StemChips label="Stems" stems={makes} chosen={made} onChange={(next) => wish({ make: next.length === makes.length ? null : next })} />
      <Conditions made={made} />
      <div class="field-row">
        <Field label="Bars"><Text type="number" min={1} max={512} step={1} value={bars} onInput={(value) => wish({ bars: value })} /></Field>
        <Field label="Form"><Text value={form} placeholder="any, or AABA" onInput={(value) => wish({ form: value })} /></Field>
      </div>
      <SeedAndQuality />
      <Go word="Compose" act={() => generate(made)} disabled={made.length === 0} why="Choose a stem." />
    </>
  );
}

/** For every stem: stays, is played anew, or is left out. */
export function ArrangeForm(): JSX.Element {
  const open = take.value;
  const makes = about.value?.makes ?? [];
  const owner = open === null ? "" : ownerOf(project.value?.id ?? "", open);
  const fates = useSignal<Record<string, Fate>>({});
  const there = open === null || open.id === SONG ? [] : open.stems.map((stem) => stem.name);
  const fateOf = (stem: string): Fate => fates.value[`${owner}/${stem}`] ?? (there.includes(stem) ? "keep" : "out");
  const all = [...new Set([...there, ...makes])];
  const made = all.filter((stem) => fateOf(stem) === "make");
  const kept = there.filter((stem) => fateOf(stem) === "keep");
  return (
    <>
      <p class="soft">Keeps some stems of the open take and has others played to them.</p>
      <div class="fates">
        {all.map((stem) => (
          <FateRow key={stem} stem={stem} fate={fateOf(stem)} can={{ keep: there.includes(stem), make: makes.includes(stem) }}
                   onChange={(fate) => (fates.value = { ...fates.value, [`${owner}/${stem}`]: fate })} />
        ))}
      </div>
      <OwnStem />
      <Conditions made={made} />
      <SeedAndQuality />
      <Go word="Play anew" act={() => arrange(kept, made)} disabled={made.length === 0 || kept.length === 0}
          why={there.length === 0 ? "Separate the song first, or add a stem of your own." : "Choose at least one stem to keep and one to play anew."} />
    </>
  );
}

type Fate = "keep" | "make" | "out";
const FATES: readonly (readonly [Fate, string])[] = [["keep", "Keep"], ["make", "Anew"], ["out", "Leave out"]];

function FateRow({ stem, fate, can, onChange }: { stem: string; fate: Fate; can: { keep: boolean; make: boolean }; onChange: (fate: Fate) => void }): JSX.Element {
  return (
    <fieldset class="fate" style={{ "--stem": `var(--stem-${stem}, var(--stem-song))` }}>
      <legend class="stem-name">{stem}</legend>
      {FATES.map(([one, word]) => (
        <label key={one} class="segment">
          <input type="radio" name={`fate-${stem}`} checked={fate === one} disabled={one !== "out" && !can[one]} onChange={() => onChange(one)} />
          <span>{word}</span>
        </label>
      ))}
    </fieldset>
  );
}

function OwnStem(): JSX.Element {
  const stem = useSignal("bass");
  const stems = about.value?.makes ?? [];
  return (
    <details class="more">
      <summary>Add a stem of your own</summary>
      <div class="field-row">
        <Choice label="Which stem it is" value={stem.value} options={stems.map((one) => [one, one] as const)} onChange={(value) => (stem.value = value)} />
        <label class="button file-button">Choose a file
          <input type="file" accept="audio/*,.mid,.midi" onChange={(event) => { const file = event.currentTarget.files?.[0]; if (file) void addStem(stem.value, file); event.currentTarget.value = ""; }} />
        </label>
      </div>
    </details>
  );
}

const noTake = (): boolean => take.value === null || take.value.id === SONG || !take.value.whole;

export function VaryForm(): JSX.Element {
  const { noise } = wishes.value;
  return (
    <>
      <p class="soft">Plays all stems of the open take anew, a little or a lot.</p>
      <Field label="How different" hint={`${Math.round(100 * noise)} %`}>
        <Slider label="How different" value={noise} min={0} max={1} step={0.05} neutral={0.6} text={`${Math.round(100 * noise)} %`} onInput={(value) => wish({ noise: value })} />
      </Field>
      <SeedAndQuality />
      <Go word="Vary" act={vary} disabled={noTake()} why="Open a take first." />
    </>
  );
}

export function ContinueForm(): JSX.Element {
  return (
    <>
      <p class="soft">Goes on where the open take ends.</p>
      <Field label="Seconds"><Text type="number" min={1} max={3600} step="any" value={wishes.value.seconds} onInput={(value) => wish({ seconds: value })} /></Field>
      <SeedAndQuality />
      <Go word="Continue" act={extend} disabled={noTake()} why="Open a take first." />
    </>
  );
}
