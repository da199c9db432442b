import { fileUrl } from "../api/client";
import type { Take } from "../api/types";
import { project } from "./projects";

/** A file of a take, as the page offers it. */
export interface OfferedFile {
  href: string;
  name: string;
  type: string;
  word: string;
}

const TYPES: Record<string, string> = { wav: "audio/wav", flac: "audio/flac", mid: "audio/midi", mp3: "audio/mpeg", ogg: "audio/ogg" };
const ending = (path: string): string => path.slice(path.lastIndexOf(".") + 1).toLowerCase();

/** A name for the user's desktop: project, take, and the stem if it is of one alone. */
export function fileName(take: Take, part: string | null, end: string): string {
  const clean = (text: string): string => text.replace(/[\\/:*?"<>|\u0000-\u001f]/g, " ").replace(/\s+/g, " ").trim();
  return `${clean([project.value?.title ?? "msgld", take.title, ...(part === null ? [] : [part])].join(" - "))}.${end}`;
}

/** The files of one track: its sound and its notes. */
export function filesOf(id: string, take: Take, track: string): OfferedFile[] {
  const found: OfferedFile[] = [];
  for (const [key, path] of Object.entries(take.files)) {
    const end = ending(path);
    const type = TYPES[end];
    const stemOfFile = path.slice(path.lastIndexOf("/") + 1, path.lastIndexOf("."));
    if (type === undefined || (key !== track && stemOfFile !== track)) continue;
    found.push({ href: fileUrl(id, take.id, key), name: fileName(take, track, end), type, word: end === "mid" ? "MIDI" : end.toUpperCase() });
  }
  return found;
}
