import type { JSX } from "preact";
import { ownerOf } from "../api/client";
import type { StemOfTake, Take } from "../api/types";
import { anySolo, laneOf, mixOf } from "../state/mix";
import { project } from "../state/projects";
import { hue } from "../state/theme";
import { Editor } from "./editor";
import { Roll } from "./roll";
import { RowHead } from "./rowHead";
import { Spectrogram } from "./spectrogram";
import { press, wheel } from "./surface";
import { Waveform } from "./waveform";

/** One stem: its controls, and under each other its waveform, its spectrogram and its notes. */
export function Row({ take, stem }: { take: Take; stem: StemOfTake }): JSX.Element {
  const lane = laneOf(stem.name);
  const { mute, solo } = mixOf(stem.name);
  const edit = lane.edit && stem.notes; // the lane stays as it is while a take without notes is open
  const silent = mute || (anySolo.value && !solo);
  return (
    <section class={`row ${silent ? "silent" : ""}`} aria-label={stem.name} tabIndex={0} data-stem={stem.name} style={{ "--stem": `var(${hue(stem.name)})` }}>
      <RowHead take={take} stem={stem} />
      <div class="row-lanes">
        <div class="surface" onPointerDown={press} onWheel={wheel}>
          {stem.sound && <Waveform take={take} stem={stem.name} />}
          {stem.sound && lane.spectrogram && <Spectrogram take={take} stem={stem.name} />}
          {stem.notes && lane.notes && !edit && <Roll stem={stem.name} />}
        </div>
        {edit && <Editor key={ownerOf(project.value?.id ?? "", take)} stem={stem.name} />}
        {!take.whole && stem.sound && take.frames < take.total && (
          <div class="not-ready" style={{ left: `${(100 * take.frames) / take.total}%` }} aria-hidden="true" />
        )}
      </div>
    </section>
  );
}
