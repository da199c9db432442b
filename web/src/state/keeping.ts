import { computed, effect } from "@preact/signals";
import { ownerOf } from "../api/client";
import { forgetNotes } from "./notes";
import { forgetPeaks } from "./peaks";
import { jobs, other, project, projects, takes } from "./projects";
import { player } from "./transport";

/** What there is: a string, so that nothing happens while a take merely grows. */
const there = computed(() => {
  const open = project.value;
  return JSON.stringify({
    projects: projects.value?.map(({ id }) => id) ?? null,
    open: open?.id ?? null,
    takes: open === null ? [] : takes.value.map((one) => ownerOf(open.id, one)),
    ids: takes.value.map(({ id }) => id),
  });
});

interface There {
  projects: string[] | null;
  open: string | null;
  takes: string[];
  ids: string[];
}

/** Whenever a take or a project goes, drop what the page keeps of it. */
export function keepOnlyWhatIs(): void {
  effect(() => {
    const now = JSON.parse(there.value) as There;
    const owners = new Set(now.takes);
    const listed = now.projects === null ? null : new Set(now.projects);
    const lost = (id: string): boolean => id !== now.open && listed !== null && !listed.has(id);
    const gone = (key: string): boolean => {
      const [id, take, created] = key.split("/");
      return id === now.open ? !owners.has(`${id}/${take}/${created}`) : lost(id!);
    };
    player.forget(gone);
    forgetPeaks(gone);
    forgetNotes(gone);
    if (now.open !== null && other.peek() !== null && !now.ids.includes(other.peek()!)) other.value = null;
    const old = [...jobs.peek()].filter(([, job]) => job.ended !== null && lost(job.project)).map(([id]) => id);
    if (old.length > 0) jobs.value = new Map([...jobs.peek()].filter(([id]) => !old.includes(id)));
  });
}
