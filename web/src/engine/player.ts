import { Blocks, type Source } from "./blocks";
import { DirectRun } from "./direct";
import { Feeder, type Piece } from "./feeder";
import { Mixer, type StemMix } from "./mixer";
import type { Run, RunEvents } from "./run";
import { SlowRun } from "./slow";
import type { Loop } from "./timeline";

/** What is played: stems of one take. */
export interface Programme {
  sources: Map<string, Source>;
  rate: number;
  total: number;
}

export interface PlayerEvents {
  playing(is: boolean): void;
  failed(error: unknown): void;
  /** A stretch of the song sounds from a time of the context on. */
  placed(piece: Piece, when: number, seconds: number): void;
  /** Everything that was placed is void. */
  silenced(): void;
}

/** Play, pause, move, loop, slower: one run at a time, a new one whenever what is to come changes. */
export class Player {
  context: AudioContext | null = null;
  mixer: Mixer | null = null;
  #programme: Programme | null = null;
  #run: Run | null = null;
  #place = 0; // frames
  #loop: Loop | null = null;
  #speed = 1;
  #volume = 0;
  #mix: ReadonlyMap<string, StemMix> = new Map();
  readonly #blocks = new Blocks();

  constructor(private readonly on: PlayerEvents) {}

  /** Change what is played and keep the place in time, so that takes can be compared while they play. */
  load(programme: Programme | null): void {
    const seconds = this.seconds;
    const playing = this.#run !== null;
    this.#halt();
    this.#programme = programme;
    if (programme === null) {
      if (playing) this.on.playing(false);
      this.#place = 0;
      return;
    }
    this.#place = Math.min(Math.round(seconds * programme.rate), programme.total);
    if (playing) this.play();
  }

  /** Drop the sound of takes that are gone. */
  forget(gone: (key: string) => boolean): void {
    this.#blocks.forget(gone);
  }

  /** Open the audio context for what is loaded, without a sound. */
  prepare(): void {
    this.#open(this.#programme?.rate ?? 44_100);
  }

  play(): void {
    const programme = this.#programme;
    if (programme === null) return;
    this.#halt();
    if (this.#place >= programme.total) this.#place = 0;
    const context = this.#open(programme.rate);
    void context.resume();
    const feed = { ...programme, place: this.#place, loop: this.#loop };
    const feeder = new Feeder(this.#blocks, feed);
    const events: RunEvents = {
      placed: (piece, when, seconds) => this.on.placed(piece, when, seconds),
      ended: () => this.stop(),
      failed: (error) => {
        this.pause();
        this.on.failed(error);
      },
    };
    this.#run = this.#speed === 1
      ? new DirectRun(context, this.mixer!, feeder, programme.rate, this.#place, events)
      : new SlowRun(context, this.mixer!, feeder, programme.rate, this.#place, this.#speed, events);
    this.on.playing(true);
  }

  pause(): void {
    if (this.#run === null) return;
    this.#place = this.#now();
    this.#halt();
    this.on.playing(false);
  }

  stop(): void {
    this.#halt();
    this.#place = this.#loop?.start ?? 0;
    this.on.playing(false);
  }

  /** Whether it waits for sound that is not there yet. */
  get starved(): boolean {
    return this.#run !== null && this.context !== null && this.#run.starved(this.context.currentTime);
  }

  get playing(): boolean {
    return this.#run !== null;
  }

  /** Place in the song that is heard now, in seconds. */
  get seconds(): number {
    return this.#programme === null ? 0 : this.#now() / this.#programme.rate;
  }

  seek(seconds: number): void {
    const programme = this.#programme;
    if (programme === null) return;
    this.#place = Math.max(0, Math.min(Math.round(seconds * programme.rate), programme.total));
    if (this.#run !== null) this.play();
  }

  /** Loop between two places in seconds; null for none. */
  setLoop(range: { start: number; stop: number } | null): void {
    const rate = this.#programme?.rate ?? 1;
    this.#loop = range && { start: Math.round(range.start * rate), stop: Math.round(range.stop * rate) };
    this.#again();
  }

  setSpeed(speed: number): void {
    const slow = this.#run instanceof SlowRun && speed !== 1;
    this.#speed = speed;
    if (slow) (this.#run as SlowRun).setSpeed(speed);
    else this.#again();
  }

  setMix(mix: ReadonlyMap<string, StemMix>): void {
    this.#mix = mix;
    this.mixer?.setMix(mix);
  }

  setVolume(decibels: number): void {
    this.#volume = decibels;
    this.mixer?.setVolume(decibels);
  }

  #again(): void {
    if (this.#run === null) return;
    this.#place = this.#now();
    this.play();
  }

  #now(): number {
    if (this.#run === null || this.context === null) return this.#place;
    return Math.round(this.#run.position(this.context.currentTime - (this.context.outputLatency || 0)));
  }

  #halt(): void {
    if (this.#run === null) return;
    this.#run.stop();
    this.#run = null;
    this.on.silenced();
  }

  /** A context at the song's own rate, so that no sample is computed anew. */
  #open(rate: number): AudioContext {
    if (this.context?.sampleRate === rate) return this.context;
    void this.context?.close();
    this.context = contextAt(rate);
    this.mixer = new Mixer(this.context);
    this.mixer.setMix(this.#mix);
    this.mixer.setVolume(this.#volume);
    return this.context;
  }
}

function contextAt(rate: number): AudioContext {
  try {
    return new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  } catch {
    return new AudioContext(); // a rate that the browser does not offer: buffers are then resampled, all alike
  }
}
