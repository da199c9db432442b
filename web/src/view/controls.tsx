import type { ComponentChildren, JSX } from "preact";
import { Icon } from "./icons";

interface IconButtonProps {
  icon: string;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  disabled?: boolean;
  kind?: string;
  keys?: string;
}

/** A button that shows a drawing; its label is also its tooltip. */
export function IconButton({ icon, label, onClick, pressed, disabled, kind = "", keys }: IconButtonProps): JSX.Element {
  return (
    <button type="button" class={`icon-button ${kind}`} aria-label={label} title={keys === undefined ? label : `${label} (${keys})`}
            aria-pressed={pressed} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  text: string;
  neutral?: number;
  onInput: (value: number) => void;
  kind?: string;
}

/** A slider that says its value in words; a double click puts it back. */
export function Slider({ label, value, min, max, step, text, neutral, onInput, kind = "" }: SliderProps): JSX.Element {
  const fill = `${(100 * (value - min)) / (max - min)}%`;
  return (
    <input type="range" class={`slider ${kind}`} aria-label={label} title={`${label}: ${text}`} aria-valuetext={text} value={value} min={min} max={max}
           step={step} style={{ "--fill": fill }} onInput={(event) => onInput(Number(event.currentTarget.value))}
           onDblClick={() => neutral !== undefined && onInput(neutral)} />
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  children: ComponentChildren;
}

/** A control with its name above it; a click on the name goes to the control. */
export function Field({ label, hint, children }: FieldProps): JSX.Element {
  return (
    <label class="field">
      <span class="field-name">{label}{hint !== undefined && <small> {hint}</small>}</span>
      {children}
    </label>
  );
}

interface ChoiceProps {
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
  label?: string;
}

export function Choice({ value, options, onChange, label }: ChoiceProps): JSX.Element {
  return (
    <select class="input" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
    </select>
  );
}

interface TextProps {
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "number";
  placeholder?: string;
  min?: number;
  max?: number;
  step?: number | "any";
}

export function Text({ value, onInput, type = "text", ...rest }: TextProps): JSX.Element {
  const input = (event: { currentTarget: HTMLInputElement }): void => onInput(event.currentTarget.value);
  if (type === "number") return <input class="input" type="number" value={value} autocomplete="off" onInput={input} {...rest} />;
  return <input class="input" type="text" value={value} autocomplete="off" spellcheck={false} onInput={input} placeholder={rest.placeholder} />;
}
