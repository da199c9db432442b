import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { dismiss, messages, online, type Message } from "../state/errors";
import { IconButton } from "./controls";

/** What went wrong or is done: two at most, each to be closed. */
export function Messages(): JSX.Element {
  const closed = useSignal(false);
  useSignalEffect(() => {
    if (online.value) closed.value = false;
  });
  const away = !online.value && !closed.value;
  const shown = away ? messages.value.slice(-1) : messages.value;
  return (
    <div class="messages">
      <div role="alert">
        {away && <Line kind="error" text="The studio does not answer; trying again…" close={() => (closed.value = true)} />}
        <Lines kind="error" list={shown} />
      </div>
      <div role="status"><Lines kind="done" list={shown} /></div>
    </div>
  );
}

function Lines({ kind, list }: { kind: Message["kind"]; list: readonly Message[] }): JSX.Element {
  return <>{list.filter((one) => one.kind === kind).map(({ id, text }) => <Line key={id} kind={kind} text={text} close={() => dismiss(id)} />)}</>;
}

function Line({ kind, text, close }: { kind: Message["kind"]; text: string; close: () => void }): JSX.Element {
  return <div class={`message ${kind}`}><span>{text}</span><IconButton icon="close" label="Close" onClick={close} /></div>;
}
