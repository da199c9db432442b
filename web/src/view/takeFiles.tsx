import type { JSX } from "preact";
import type { Take } from "../api/types";
import { zipUrl } from "../api/client";
import { project, SONG } from "../state/projects";
import { fileName, filesOf } from "../state/files";
import { DragOut } from "./dragOut";
import { capital } from "./format";
import { Icon } from "./icons";

const WHOLE = ["mix", "residual"];

/** Everything of the take that can be had as a file. */
export function TakeFiles({ take }: { take: Take }): JSX.Element | null {
  const id = project.value?.id;
  if (id === undefined || take.id === SONG || !take.whole) return null;
  const files = WHOLE.flatMap((track) => filesOf(id, take, track).map((file) => ({ ...file, track })));
  return (
    <details class="menu">
      <summary class="button small"><Icon name="download" size={15} /> Export</summary>
      <div class="menu-list">
        <DragOut href={zipUrl(id, take.id, false)} name={fileName(take, null, "zip")} type="application/zip" label="Everything as a zip" kind="menu-item">Everything (zip)</DragOut>
        <DragOut href={zipUrl(id, take.id, true)} name={fileName(take, null, "zip")} type="application/zip" label="Everything with projects for DAWs as a zip" kind="menu-item">With REAPER project and DAWproject (zip)</DragOut>
        {files.map(({ href, name, type, word, track }) => (
          <DragOut key={track + word} href={href} name={name} type={type} label={`${track} as ${word}`} kind="menu-item">{word === "MIDI" ? "All notes" : capital(track)} ({word})</DragOut>
        ))}
      </div>
    </details>
  );
}
