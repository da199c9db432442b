/** What the server says, as it says it. Times are seconds, lengths of sound are frames, unless a name says otherwise. */

export interface About {
  version: string;
  model: string;
  stems: string[];
  makes: string[];
  styles: string[];
  qualities: string[];
  instruments: Record<string, string[]>;
  limits: Record<string, number>;
  /** Whether others in the network can reach it. */
  open: boolean;
  folder: string | null;
}

export interface Song {
  title: string;
  seconds: number;
  rate: number;
  channels: number;
  frames: number;
}

export interface StemOfTake {
  name: string;
  sound: boolean;
  notes: boolean;
  made: boolean;
}

export type Task = "separate" | "generate" | "arrange" | "vary" | "extend" | "transcribe" | "render" | "given";

export interface Take {
  id: string;
  task: Task;
  title: string;
  created: number;
  whole: boolean;
  rate: number;
  channels: number;
  frames: number;
  total: number;
  mix: boolean;
  stems: StemOfTake[];
  key: string | null;
  bpm: number | null;
  chords: string[];
  seconds: number;
  settings: Record<string, unknown>;
  remarks: string[];
  files: Record<string, string>;
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  id: string;
  project: string;
  task: Task;
  settings: Record<string, unknown>;
  state: JobState;
  place: number | null;
  stage: string | null;
  fraction: number | null;
  eta: number | null;
  take: string | null;
  error: string | null;
  remarks: string[];
  created: number;
  ended: number | null;
}

export interface ProjectInList {
  id: string;
  title: string;
  created: number;
  song: Song | null;
  error?: string | null;
}

export interface Project extends ProjectInList {
  takes: Take[];
  jobs: Job[];
}

export interface Note {
  start: number;
  stop: number;
  pitch: number;
  velocity: number;
}

export interface Notes {
  stems: Record<string, Note[]>;
  bars: number[];
  beats: number[];
  chords: string[];
  key: string | null;
  bpm: number | null;
}

export interface Peaks {
  min: number[];
  max: number[];
}

export interface Stretch {
  project: string;
  take: string;
  frames: number;
}
