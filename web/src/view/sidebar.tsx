import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type { ProjectInList } from "../api/types";
import { api } from "../api/client";
import { trying } from "../state/errors";
import { alive, jobs, loadProject, loadProjects, newProject, openProject, projects } from "../state/projects";
import { route } from "../state/route";
import { IconButton } from "./controls";
import { askName, confirm } from "./dialog";
import { clock } from "./format";
import { Icon } from "./icons";

/** On narrow screens the list is a drawer. */
export const drawer = signal(false);

export function Sidebar(): JSX.Element {
  const list = projects.value;
  return (
    <nav class={`sidebar ${drawer.value ? "open" : ""}`} aria-label="Projects">
      <div class="side-head">
        <h2>Projects</h2>
        <IconButton icon="plus" label="New project" onClick={() => void newProject()} />
      </div>
      <ul class="project-list">
        {list?.map((one) => <Entry key={one.id} project={one} />)}
      </ul>
      {list?.length === 0 && <p class="soft side-note">None yet. Drop a song, or press + to compose.</p>}
    </nav>
  );
}

function Entry({ project }: { project: ProjectInList }): JSX.Element {
  const { id, title, song, error } = project;
  const busy = [...jobs.value.values()].some((job) => job.project === id && alive(job));
  const open = route.value.project === id;
  const rename = (): void => askName("Rename the project", title, (name) => void trying(async () => { await api.renameProject(id, name); await again(id); }));
  const remove = (): void => confirm(`Delete “${title}”?`, "The song, all takes and all files of this project are removed from the disk.", "Delete", () =>
    void trying(async () => {
      await api.deleteProject(id);
      if (open) openProject(null);
      await loadProjects();
    }));
  return (
    <li class={open ? "open" : ""}>
      <div class="project-line">
        <button type="button" class="project-open" aria-current={open ? "page" : undefined} onClick={() => { openProject(id); drawer.value = false; }}>
          <span class="project-title">{title}</span>
          <span class="project-facts">{error ? "Cannot be read" : busy ? "At work…" : song === null ? "No song" : clock(song.seconds)}</span>
        </button>
        <span class="project-tools">
          {!error && <IconButton icon="pencil" label={`Rename ${title}`} onClick={rename} />}
          <IconButton icon="trash" label={`Delete ${title}`} onClick={remove} />
        </span>
      </div>
      {error && <p class="project-error"><Icon name="help" size={14} /> <span>{error}</span></p>}
    </li>
  );
}

async function again(id: string): Promise<void> {
  await loadProjects();
  if (route.value.project === id) await loadProject(id);
}
