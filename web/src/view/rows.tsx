import type { JSX } from "preact";
import { take } from "../state/projects";
import { zoom, zoomed, zoomOut } from "../state/view";
import { IconButton } from "./controls";
import { Playhead } from "./playhead";
import { Row } from "./row";
import { Ruler } from "./ruler";
import { ViewBar } from "./viewBar";

/** The ruler and the rows of all stems of the open take. */
export function Rows(): JSX.Element | null {
  const open = take.value;
  if (open === null) return null;
  return (
    <div class="rows" role="group" aria-label="Stems">
      <div class="ruler-line">
        <div class="ruler-head">
          <span class="ruler-title">{open.stems.length === 1 ? "1 track" : `${open.stems.length} stems`}</span>
          <IconButton icon="minus" label="Zoom out" keys="−" disabled={!zoomed.value} onClick={() => zoom(0.5)} />
          <IconButton icon="plus" label="Zoom in" keys="+" onClick={() => zoom(2)} />
          <IconButton icon="fit" label="Whole song" keys="0" disabled={!zoomed.value} onClick={zoomOut} />
        </div>
        <Ruler />
      </div>
      {open.stems.map((stem) => <Row key={stem.name} take={open} stem={stem} />)}
      <Playhead />
      <ViewBar />
    </div>
  );
}
