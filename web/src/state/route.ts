import { signal } from "@preact/signals";

/** What is open: kept in the address, so that reloading and the browser's buttons work. */
export interface Route {
  project: string | null;
  take: string | null;
}

function read(): Route {
  const [, project, take] = /^#\/([^/]+)(?:\/([^/]+))?$/.exec(location.hash) ?? [];
  return { project: project === undefined ? null : decodeURIComponent(project), take: take === undefined ? null : decodeURIComponent(take) };
}

export const route = signal<Route>(read());

export function go({ project, take }: Route): void {
  const parts = [project, take].filter((part) => part !== null).map((part) => encodeURIComponent(part));
  location.hash = `#/${parts.join("/")}`;
  route.value = { project, take };
}

addEventListener("hashchange", () => {
  const now = read();
  if (now.project !== route.value.project || now.take !== route.value.take) route.value = now;
});
