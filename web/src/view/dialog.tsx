import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** A window over the page; Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} class="dialog" aria-label={title} onClose={onClose} onClick={(event) => event.target === element.current && onClose()}>
      <div class="dialog-inside">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

interface Question {
  title: string;
  text: string;
  yes: string;
  initial: string | null;
  act: (answer: string) => void;
}

const question = signal<Question | null>(null);

export const confirm = (title: string, text: string, yes: string, act: () => void): void => {
  question.value = { title, text, yes, initial: null, act };
};
export const askName = (title: string, initial: string, act: (name: string) => void): void => {
  question.value = { title, text: "", yes: "Rename", initial, act };
};

/** A question with a yes and a no, or with an answer in words. */
export function Questions(): JSX.Element | null {
  const input = useRef<HTMLInputElement>(null);
  const open = question.value;
  if (open === null) return null;
  const close = (): void => {
    question.value = null;
  };
  const answer = (event: Event): void => {
    event.preventDefault();
    const words = input.current?.value.trim() ?? "";
    if (open.initial !== null && words === "") return;
    close();
    open.act(words);
  };
  return (
    <Dialog key={open.title} title={open.title} onClose={close}>
      <form onSubmit={answer}>
        {open.text !== "" && <p>{open.text}</p>}
        {open.initial !== null && <input class="input" ref={input} aria-label="Name" value={open.initial} maxLength={200} />}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={close}>Cancel</button>
          <button type="submit" class={`button ${open.initial === null ? "danger" : "primary"}`}>{open.yes}</button>
        </div>
      </form>
    </Dialog>
  );
}
