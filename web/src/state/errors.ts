import { signal } from "@preact/signals";

export interface Message {
  id: number;
  text: string;
  kind: "error" | "done";
}

/** Lines that are shown until the user closes them or they have been there long enough. */
export const messages = signal<Message[]>([]);
/** Whether the stream of events is connected. */
export const online = signal(true);

const MOST = 2; // at a time: they lie over the rows
const SHOWN = { error: 12_000, done: 4_000 };
let next = 1;

export function say(text: string, kind: Message["kind"] = "done"): void {
  const id = next++;
  messages.value = fitting([...messages.value.filter((one) => one.text !== text), { id, text, kind }]);
  setTimeout(() => dismiss(id), SHOWN[kind]);
}

/** Where there are too many, the oldest good news go first. */
function fitting(list: Message[]): Message[] {
  if (list.length <= MOST) return list;
  const least = list.find(({ kind }) => kind === "done") ?? list[0];
  return fitting(list.filter((one) => one !== least));
}

export function dismiss(id: number): void {
  messages.value = messages.value.filter((one) => one.id !== id);
}

/** Run something that can fail, and show why it failed as one line. Answers whether it went well. */
export async function trying(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
    return false;
  }
}
