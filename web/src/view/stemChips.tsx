import type { JSX } from "preact";
import { hue } from "../state/theme";

interface StemChipsProps {
  label: string;
  stems: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Stems to choose from, in their colours. */
export function StemChips({ label, stems, chosen, onChange }: StemChipsProps): JSX.Element {
  const toggle = (stem: string): void =>
    onChange(stems.filter((one) => (one === stem ? !chosen.includes(one) : chosen.includes(one))));
  return (
    <fieldset class="field chips">
      <legend class="field-name">{label}</legend>
      {stems.map((stem) => (
        <label key={stem} class="chip" style={{ "--stem": `var(${hue(stem)})` }}>
          <input type="checkbox" checked={chosen.includes(stem)} onChange={() => toggle(stem)} />
          <span>{stem}</span>
        </label>
      ))}
    </fieldset>
  );
}
