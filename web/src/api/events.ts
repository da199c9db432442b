import type { Job, Stretch } from "./types";

export interface Listeners {
  job: (job: Job) => void;
  project: (id: string) => void;
  stretch: (stretch: Stretch) => void;
  online: (is: boolean) => void;
}

const AGAIN = 1000; // milliseconds until a connection that was refused is tried again

/** Listen to the server for ever: the browser reconnects a lost connection, and this a refused one. */
export function listen(on: Listeners): void {
  const source = new EventSource("/api/events");
  const take = <T>(name: string, act: (data: T) => void): void =>
    source.addEventListener(name, (event) => act(JSON.parse((event as MessageEvent<string>).data) as T));
  take<Job>("job", on.job);
  take<{ id: string }>("project", ({ id }) => on.project(id));
  take<Stretch>("stretch", on.stretch);
  source.onopen = () => on.online(true);
  source.onerror = () => {
    on.online(false);
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    setTimeout(() => listen(on), AGAIN);
  };
}
