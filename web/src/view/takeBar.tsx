import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Take } from "../api/types";
import { api } from "../api/client";
import { say, trying } from "../state/errors";
import { taskName } from "../state/live";
import { loadProject, makerOf, openTake, other, percentOf, project, SONG, take, takes } from "../state/projects";
import { go } from "../state/route";
import { transcribe } from "../state/tasks";
import { Field, IconButton, Text } from "./controls";
import { askName, confirm } from "./dialog";
import { Icon } from "./icons";
import { TakeFiles } from "./takeFiles";

/** The takes of the project side by side; opening another one keeps the place, so that they compare. */
export function TakeBar(): JSX.Element | null {
  const open = take.value;
  if (open === null) return null;
  return (
    <div class="take-bar">
      <Tabs open={open} />
      <div class="take-tools">
        <button type="button" class="button small" disabled={other.value === null} title="Back to the take that was open before (B)"
                onClick={() => other.value !== null && openTake(other.value)}><Icon name="swap" size={15} /> A/B</button>
        {open.whole && !open.stems.some((stem) => stem.notes) && <Transcribe />}
        <TakeFiles take={open} />
        {open.id !== SONG && open.whole && <Change take={open} />}
      </div>
      <TakeFacts take={open} />
    </div>
  );
}

const PEEP = 40; // pixels of the next tab that are seen beside the chosen one

function Tabs({ open }: { open: Take }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const hint = (): void => {
    const { scrollLeft, scrollWidth, clientWidth, classList } = bar.current!;
    classList.toggle("more-left", scrollLeft > 1);
    classList.toggle("more-right", scrollLeft < scrollWidth - clientWidth - 1);
  };
  const show = (): void => {
    const tab = bar.current!.querySelector("[aria-selected=true]")?.getBoundingClientRect();
    const { left, right } = bar.current!.getBoundingClientRect();
    if (tab !== undefined && tab.right > right - PEEP) bar.current!.scrollLeft += tab.right - right + PEEP;
    else if (tab !== undefined && tab.left < left + PEEP) bar.current!.scrollLeft -= left + PEEP - tab.left;
    hint();
  };
  useLayoutEffect(show, [open.id, takes.value.length, open.title]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(show);
    observer.observe(bar.current!);
    return () => observer.disconnect();
  }, []);
  const key = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = takes.value[takes.value.findIndex((one) => one.id === open.id) + by];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    openTake(next.id);
    requestAnimationFrame(() => document.getElementById(`take-${next.id}`)?.focus({ preventScroll: true }));
  };
  return (
    <div class="tabs" role="tablist" aria-label="Takes" ref={bar} onKeyDown={key} onScroll={hint}>
      {takes.value.map((one, at) => <Tab key={one.id} take={one} number={at + 1} chosen={one.id === open.id} />)}
    </div>
  );
}

function Tab({ take: one, number, chosen }: { take: Take; number: number; chosen: boolean }): JSX.Element {
  const job = one.whole ? undefined : makerOf(one.id);
  const percent = job === undefined ? Math.floor((100 * one.frames) / Math.max(1, one.total)) : percentOf(job);
  return (
    <button type="button" class="tab" role="tab" id={`take-${one.id}`} aria-selected={chosen} aria-controls="take-panel" tabIndex={chosen ? 0 : -1}
            title={`${taskName(one.task)} (${number})`} onClick={() => openTake(one.id)}>
      <span class="tab-title">{one.title || taskName(one.task)}</span>
      {!one.whole && <span class="tab-part">{percent} %</span>}
    </button>
  );
}

/** Writes down the notes; whoever knows the tempo may say it. */
function Transcribe(): JSX.Element {
  const bpm = useSignal("");
  const menu = useRef<HTMLDetailsElement>(null);
  const go = (event: Event): void => {
    event.preventDefault();
    menu.current!.open = false;
    void transcribe(bpm.value);
  };
  return (
    <details class="menu" ref={menu}>
      <summary class="button small" title="Write down the notes of every stem, with bars, beats and chords"><Icon name="notes" size={15} /> Transcribe</summary>
      <form class="menu-list menu-form" onSubmit={go}>
        <p class="soft">Writes down the notes of every stem, with bars, beats and chords.</p>
        <Field label="Tempo" hint="beats a minute, if you know it">
          <Text type="number" min={30} max={300} step="any" value={bpm.value} placeholder="found by itself" onInput={(value) => (bpm.value = value)} />
        </Field>
        <button type="submit" class="button primary wide">Transcribe</button>
      </form>
    </details>
  );
}

function Change({ take: open }: { take: Take }): JSX.Element {
  const id = project.value!.id;
  const rename = (): void => askName("Rename the take", open.title, (name) => void trying(async () => { await api.renameTake(id, open.id, name); await loadProject(id); }));
  const remove = (): void => confirm(`Delete the take “${open.title}”?`, "Its sound, its notes and all its files are removed from the disk.", "Delete", () =>
    void trying(async () => {
      await api.deleteTake(id, open.id);
      go({ project: id, take: null });
      await loadProject(id);
      say("The take is deleted.");
    }));
  return (
    <>
      <IconButton icon="pencil" label="Rename the take" onClick={rename} />
      <IconButton icon="trash" label="Delete the take" onClick={remove} />
    </>
  );
}

/** What is known of the take, in a line, and what the model remarked. */
function TakeFacts({ take: open }: { take: Take }): JSX.Element | null {
  const facts = [
    open.key, open.bpm === null ? null : `${Math.round(open.bpm * 10) / 10} bpm`, `${(open.rate / 1000).toLocaleString("en")} kHz`,
    open.channels === 1 ? "mono" : open.channels === 2 ? "stereo" : `${open.channels} channels`,
  ].filter((one): one is string => one !== null && one !== "");
  return (
    <div class="take-facts">
      {facts.map((fact) => <span key={fact}>{fact}</span>)}
      {open.remarks.map((remark) => <span key={remark} class="remark">{remark}</span>)}
    </div>
  );
}
