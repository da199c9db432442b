import type { About, Job, Notes, Peaks, Project, ProjectInList, Song, Take, Task } from "./types";

/** What the server refuses, or that it cannot be reached, in one line. Status 0: no answer at all. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const UNREACHABLE = "The studio does not answer. Is msgld studio still running?";

/** The one line of an answer that is no success. */
export function lineOf(status: number, body: string): string {
  if (status === 401 || status === 403) return detailOf(body) ?? "Open the address that the terminal printed: it holds the token.";
  return detailOf(body) ?? `The studio answered with an error (${status}).`;
}

function detailOf(body: string): string | null {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === "string" ? detail : null;
  } catch {
    return null;
  }
}

export async function ask(path: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, UNREACHABLE);
  }
  if (!answer.ok) throw new ApiError(answer.status, lineOf(answer.status, await answer.text()));
  return answer;
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const answer = await ask(path, init);
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export const projectPath = (project: string): string => `/api/projects/${encodeURIComponent(project)}`;
export const takePath = (project: string, take: string): string => `${projectPath(project)}/takes/${encodeURIComponent(take)}`;

/** What the page keeps of a take is kept under this: the id alone may come again for another take. */
export const ownerOf = (project: string, { id, created }: { id: string; created: number }): string => `${project}/${id}/${created}`;

export const api = {
  about: () => json<About>("GET", "/api/about"),
  projects: () => json<ProjectInList[]>("GET", "/api/projects"),
  newProject: (title?: string) => json<Project>("POST", "/api/projects", title === undefined ? {} : { title }),
  project: (id: string) => json<Project>("GET", projectPath(id)),
  renameProject: (id: string, title: string) => json<Project>("PATCH", projectPath(id), { title }),
  deleteProject: (id: string) => json<void>("DELETE", projectPath(id)),
  jobs: () => json<Job[]>("GET", "/api/jobs"),
  start: (project: string, task: Task, settings: unknown) => json<Job>("POST", `${projectPath(project)}/jobs`, { task, settings }),
  cancel: (job: Job) => json<unknown>("DELETE", `/api/jobs/${encodeURIComponent(job.id)}`),
  take: (project: string, take: string) => json<Take>("GET", takePath(project, take)),
  renameTake: (project: string, take: string, title: string) => json<Take>("PATCH", takePath(project, take), { title }),
  deleteTake: (project: string, take: string) => json<void>("DELETE", takePath(project, take)),
  notes: (project: string, take: string) => json<Notes>("GET", `${takePath(project, take)}/notes`),
  peaks: (project: string, take: string, stem: string, columns: number) =>
    json<Peaks>("GET", `${takePath(project, take)}/peaks/${encodeURIComponent(stem)}?columns=${columns}`),
};

/** With `created`, since a browser may show an image of the same address without asking again. */
export const spectrogramUrl = (project: string, { id, created }: { id: string; created: number }, stem: string): string =>
  `${takePath(project, id)}/spectrogram/${encodeURIComponent(stem)}?created=${created}`;
export const fileUrl = (project: string, take: string, file: string): string =>
  `${takePath(project, take)}/files/${encodeURIComponent(file)}`;
export const zipUrl = (project: string, take: string, daw: boolean): string =>
  `${takePath(project, take)}/zip${daw ? "?daw=true" : ""}`;

/** Send a sound file; the browser's fetch reports no progress of an upload, so this is an XMLHttpRequest. */
export function upload(method: "PUT" | "POST", path: string, file: File, onProgress: (fraction: number) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(0, UNREACHABLE));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText || "null"));
      else reject(new ApiError(request.status, lineOf(request.status, request.responseText)));
    };
    request.send(file);
  });
}

export const uploadSong = (project: string, file: File, onProgress: (fraction: number) => void): Promise<Song> =>
  upload("PUT", `${projectPath(project)}/song?name=${encodeURIComponent(file.name)}`, file, onProgress) as Promise<Song>;

export const uploadStem = (project: string, stem: string, file: File, onProgress: (fraction: number) => void): Promise<Take> =>
  upload("POST", `${projectPath(project)}/stems?stem=${encodeURIComponent(stem)}&name=${encodeURIComponent(file.name)}`,
    file, onProgress) as Promise<Take>;
