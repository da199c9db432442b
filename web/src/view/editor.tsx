import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { Note } from "../api/types";
import { changed, removed } from "../state/editing";
import { edit, edited, notesOf, renderAgain, undo } from "../state/notes";
import { openNotes, place } from "../state/transport";
import { seen, show } from "../state/view";
import { Canvas, type Draw } from "./canvas";
import { IconButton, Slider } from "./controls";
import { drawEditor, scaleOf } from "./editorDraw";
import { editorKey } from "./editorKeys";
import { pressNote } from "./editorPointer";
import { clock, pitchName } from "./format";
import { pitches } from "./roll";
import { wheel } from "./surface";

const SPARE = 4; // semitones above and below the notes

/** The notes of a stem, to change them; they sound in the song once they are rendered again. */
export function Editor({ stem }: { stem: string }): JSX.Element {
  const selected = useSignal(-1);
  const preview = useSignal<readonly Note[] | null>(null);
  const area = useRef<HTMLDivElement>(null);
  const list = preview.value ?? notesOf(stem);
  const note = list[selected.value];
  // Chosen once, and widened only by notes beyond it: nothing moves under the hand.
  const first = useMemo(() => pitches(notesOf(stem)), [stem]);
  const span = (): { low: number; high: number } => {
    const own = notesOf(stem).map(({ pitch }) => pitch);
    return { low: Math.min(Math.max(0, first.low - SPARE), ...own), high: Math.max(Math.min(127, first.high + SPARE), ...own) };
  };
  const draw = useMemo<Draw>(() => (context, width, height) => {
    const { low, high } = span();
    drawEditor(context, width, height, scaleOf(width, height, low, high), preview.value ?? notesOf(stem), stem, selected.value);
  }, [stem]);
  const commit = (changedList: readonly Note[]): void => edit(stem, changedList);
  const select = (index: number): void => {
    selected.value = index;
    const chosen = notesOf(stem)[index];
    const { from, to } = seen.value;
    if (chosen !== undefined && (chosen.stop < from || chosen.start > to)) show(chosen.start - (to - from) / 3, to - from);
  };
  const hand = {
    scale: () => {
      const { width, height } = area.current!.getBoundingClientRect();
      const { low, high } = span();
      return scaleOf(width, height, low, high);
    },
    list: () => notesOf(stem),
    select, commit,
    preview: (shown: readonly Note[] | null) => {
      preview.value = shown;
    },
    sound: ({ pitch, velocity }: Note) => void openNotes().then((player) => player.sound(stem, pitch, velocity), () => undefined),
  };
  const key = (event: KeyboardEvent): void => {
    const desk = { list: notesOf(stem), selected: selected.value, place: place.value, select, commit, undo: () => undo(stem) };
    if (!editorKey(event, desk)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const { low, high } = span();
  const words = note === undefined ? "No note selected" : `${pitchName(note.pitch)} at ${clock(note.start, 2)}, ${(note.stop - note.start).toFixed(2)} s, velocity ${note.velocity}`;
  return (
    <div class="editor">
      <div class="editor-bar">
        <span class="editor-note" role="status">{words}</span>
        {note !== undefined && (
          <>
            <Slider kind="velocity" label="Velocity" value={note.velocity} min={1} max={127} step={1} text={String(note.velocity)}
                    onInput={(velocity) => commit(changed(notesOf(stem), selected.value, { velocity }))} />
            <IconButton icon="trash" label="Delete the note" keys="Del" onClick={() => { commit(removed(notesOf(stem), selected.value)); select(-1); }} />
          </>
        )}
        <span class="spring" />
        <IconButton icon="undo" label="Undo" keys="Ctrl+Z" disabled={!edited(stem)} onClick={() => undo(stem)} />
        <button type="button" class="button small primary" disabled={!edited(stem)} onClick={() => void renderAgain(stem)}>Render again</button>
      </div>
      <div class="editor-area" ref={area} style={{ height: `${Math.max(150, Math.min(420, (high - low + 1) * 12))}px` }} role="application" tabIndex={0}
           aria-label={`Piano roll editor of ${stem}, ${list.length} notes`} aria-describedby={`${stem}-keys`}
           onPointerDown={(event) => pressNote(event, hand)} onWheel={wheel} onKeyDown={key}>
        <Canvas draw={draw} label={`Notes of ${stem}`} />
      </div>
      <p class="editor-help" id={`${stem}-keys`}>Click: add. Drag: move; at its end: length; Shift: free of the grid. Alt+click: delete. Keys: N/P next and previous note, arrows move it, Shift+←/→ length, Alt+↑/↓ velocity, Enter adds at the place.</p>
    </div>
  );
}
