import type { JSX } from "preact";
import { form, type Form } from "../state/tasks";
import { ArrangeForm, ComposeForm, ContinueForm, SeparateForm, VaryForm } from "./forms";
import { Queue } from "./queue";

const FORMS: readonly (readonly [Form, string, () => JSX.Element])[] = [
  ["separate", "Separate", SeparateForm], ["arrange", "Arrange", ArrangeForm], ["generate", "Compose", ComposeForm],
  ["vary", "Vary", VaryForm], ["extend", "Continue", ContinueForm],
];

/** What can be done, and what is being done. */
export function Panel(): JSX.Element {
  const Open = FORMS.find(([name]) => name === form.value)![2];
  const key = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = FORMS[FORMS.findIndex(([name]) => name === form.value) + by]?.[0];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    form.value = next;
    document.getElementById(`form-${next}`)?.focus();
  };
  return (
    <aside class="panel" aria-label="Tasks">
      <div class="form-tabs" role="tablist" aria-label="Tasks" onKeyDown={key}>
        {FORMS.map(([name, word]) => (
          <button key={name} type="button" role="tab" id={`form-${name}`} class="form-tab" aria-selected={form.value === name} aria-controls="form-panel"
                  tabIndex={form.value === name ? 0 : -1} onClick={() => (form.value = name)}>{word}</button>
        ))}
      </div>
      <div class="form" role="tabpanel" id="form-panel" aria-labelledby={`form-${form.value}`}><Open /></div>
      <Queue />
    </aside>
  );
}
