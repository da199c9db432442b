import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { fault, openProject, project, projects, take } from "../state/projects";
import { route } from "../state/route";
import { switchTheme, theme } from "../state/theme";
import { IconButton } from "./controls";
import { Questions } from "./dialog";
import { DropCover, DropZone, Sending, useDrops } from "./dropZone";
import { Help, helpOpen } from "./help";
import { closeMenus, giveFocusBack, pageKey } from "./keys";
import { Messages } from "./messages";
import { Panel } from "./panel";
import { Rows } from "./rows";
import { drawer, Sidebar } from "./sidebar";
import { TakeBar } from "./takeBar";
import { TransportBar } from "./transportBar";

export function App(): JSX.Element {
  useDrops();
  useEffect(() => {
    addEventListener("keydown", pageKey);
    addEventListener("click", giveFocusBack);
    addEventListener("pointerdown", closeMenus);
    return () => {
      removeEventListener("keydown", pageKey);
      removeEventListener("click", giveFocusBack);
      removeEventListener("pointerdown", closeMenus);
    };
  }, []);
  const open = route.value.project !== null;
  const usable = open && fault.value === null && !project.value?.error;
  return (
    <div class={`app ${usable ? "with-project" : ""}`}>
      <TopBar />
      <Sidebar />
      {drawer.value && <div class="drawer-cover" onClick={() => (drawer.value = false)} />}
      <main class="main">{open ? <OpenProject /> : <Welcome />}</main>
      {usable && <Panel />}
      {usable && <TransportBar />}
      <Messages />
      <Questions />
      <Help />
      <DropCover />
    </div>
  );
}

function TopBar(): JSX.Element {
  return (
    <header class="top">
      <IconButton icon="menu" kind="drawer-button" label="Projects" pressed={drawer.value} onClick={() => (drawer.value = !drawer.value)} />
      <a class="brand" href="#/" onClick={(event) => { event.preventDefault(); openProject(null); }}>
        <span class="brand-mark" aria-hidden="true"><i /><i /><i /><i /></span>msgld <span>studio</span>
      </a>
      <h1 class="top-title">{project.value?.title ?? ""}</h1>
      <span class="spring" />
      <IconButton icon={theme.value === "dark" ? "sun" : "moon"} label={theme.value === "dark" ? "Light colours" : "Dark colours"} onClick={switchTheme} />
      <IconButton icon="help" label="Keyboard and facts" keys="?" onClick={() => (helpOpen.value = true)} />
    </header>
  );
}

function Welcome(): JSX.Element {
  return (
    <div class="welcome">
      <DropZone />
      {projects.value !== null && projects.value.length > 0 && <p class="soft">…or open a project from the list.</p>}
    </div>
  );
}

function NotOpen({ line }: { line: string }): JSX.Element {
  return (
    <div class="welcome">
      <p class="fault-line" role="alert">{line}</p>
      <a href="#/" onClick={(event) => { event.preventDefault(); openProject(null); }}>To the list of projects</a>
    </div>
  );
}

function OpenProject(): JSX.Element | null {
  const open = project.value;
  if (fault.value !== null) return <NotOpen line={fault.value.line} />;
  if (open === null) return <p class="soft loading">Opening…</p>;
  if (open.error) return <NotOpen line={`This project cannot be opened: ${open.error}`} />;
  const empty = take.value === null;
  return (
    <>
      {empty ? <div class="welcome"><DropZone /><p class="soft">…or compose a piece: see Tasks.</p></div> : <Sending />}
      <TakeBar />
      <div id="take-panel" role={empty ? undefined : "tabpanel"} aria-labelledby={empty ? undefined : `take-${take.value?.id}`}><Rows /></div>
    </>
  );
}
