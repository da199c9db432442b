import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { about } from "../state/projects";
import { Dialog } from "./dialog";

export const helpOpen = signal(false);

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Space", "Play or pause"],
  ["Home", "Stop and go to the start (of the loop)"],
  ["← →", "Back or forward by a second; with Shift by a bar"],
  ["↑ ↓", "Go to the stem above or below"],
  ["M, S", "Mute or solo the stem that has the focus"],
  ["L", "Loop on or off"],
  ["[ ]", "Set the start or the end of the range at the place"],
  ["Esc", "Close what is open, else drop the range"],
  ["B", "A/B: back to the take that was open before"],
  ["1 … 9", "Open a take"],
  ["+ − 0", "Zoom in, out, whole song"],
  ["?", "This list"],
];

export function Help(): JSX.Element | null {
  if (!helpOpen.value) return null;
  const facts = about.value;
  return (
    <Dialog title="Keyboard" onClose={() => (helpOpen.value = false)}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div>)}
      </dl>
      <p class="soft">
        {facts !== null && <>msgld {facts.version}, model {facts.model}. {facts.folder !== null && <>Your work is kept in <code>{facts.folder}</code>. </>}</>}
        <a href="./THIRD_PARTY_LICENCES.txt" target="_blank">Licences of the parts of this page</a>
      </p>
      <div class="dialog-buttons"><button type="button" class="button primary" autofocus onClick={() => (helpOpen.value = false)}>Close</button></div>
    </Dialog>
  );
}
