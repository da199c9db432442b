import type { JSX } from "preact";
import { about } from "../state/projects";
import { wish, wishes } from "../state/tasks";
import { Choice, Field, IconButton, Text } from "./controls";
import { qualityOptions } from "./dropZone";
import { capital } from "./format";

/** What may be asked of music that is made; everything may be left open. */
export function Conditions({ made }: { made: readonly string[] }): JSX.Element {
  const { style, key, bpm, chords } = wishes.value;
  const styles = (about.value?.styles ?? []).map((one) => [one, capital(one)] as const);
  return (
    <>
      <div class="field-row">
        <Field label="Style"><Choice value={style} options={[["", "Any"], ...styles]} onChange={(value) => wish({ style: value })} /></Field>
        <Field label="Key"><Text value={key} placeholder="any, or Gm" onInput={(value) => wish({ key: value })} /></Field>
        <Field label="Tempo"><Text type="number" min={30} max={300} step="any" value={bpm} placeholder="any" onInput={(value) => wish({ bpm: value })} /></Field>
      </div>
      <Field label="Chords" hint="one a bar"><Text value={chords} placeholder="any, or Am F C G" onInput={(value) => wish({ chords: value })} /></Field>
      <Instruments made={made} />
    </>
  );
}

function Instruments({ made }: { made: readonly string[] }): JSX.Element | null {
  const names = about.value?.instruments ?? {};
  const rows = made.filter((stem) => (names[stem]?.length ?? 0) > 0);
  if (rows.length === 0) return null;
  return (
    <details class="more">
      <summary>Instruments</summary>
      <div class="instrument-list">
        {rows.map((stem) => (
          <Field key={stem} label={capital(stem)}>
            <Choice value={wishes.value.instruments[stem] ?? ""} options={[["", "Any"], ...names[stem]!.map((one) => [one, capital(one)] as const)]}
                    onChange={(value) => wish({ instruments: { ...wishes.value.instruments, [stem]: value } })} />
          </Field>
        ))}
      </div>
    </details>
  );
}

export function SeedAndQuality(): JSX.Element {
  const { seed, quality } = wishes.value;
  return (
    <div class="field-row">
      <Field label="Seed"><Text type="number" min={0} step={1} value={seed} onInput={(value) => wish({ seed: value })} /></Field>
      <IconButton icon="again" kind="seed-button" label="Another seed" onClick={() => wish({ seed: String(Math.floor(Math.random() * 1e6)) })} />
      <Field label="Quality"><Choice value={quality} options={qualityOptions()} onChange={(value) => wish({ quality: value })} /></Field>
    </div>
  );
}
