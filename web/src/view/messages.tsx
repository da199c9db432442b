import type { JSX } from "preact";
import { dismiss, messages, online } from "../state/errors";
import { IconButton } from "./controls";

/** What went wrong or is done, one line each. */
export function Messages(): JSX.Element {
  return (
    <div class="messages">
      <div role="alert">
        {!online.value && <div class="message error">The studio does not answer; trying again…</div>}
        {messages.value.filter((one) => one.kind === "error").map(({ id, text }) => (
          <div key={id} class="message error"><span>{text}</span><IconButton icon="close" label="Close" onClick={() => dismiss(id)} /></div>
        ))}
      </div>
      <div role="status">
        {messages.value.filter((one) => one.kind === "done").map(({ id, text }) => <div key={id} class="message done"><span>{text}</span></div>)}
      </div>
    </div>
  );
}
