import type { Feeder, Piece } from "./feeder";
import type { Mixer } from "./mixer";
import { Places, sleep, type Run, type RunEvents } from "./run";

const AHEAD = 4; // seconds that are placed in advance: timers of a hidden page come once a second
const LATEST = 0.02; // seconds before its time at which a piece can still be placed
const FADE = 0.008;

/**
 * Plays at the song's own speed. Every stem's piece starts at the very same frame of the context, and each piece at the
 * frame where the last one ended, so the stems stay together to the sample however long it plays.
 */
export class DirectRun implements Run {
  readonly #context: AudioContext;
  readonly #rate: number;
  readonly #gates = new Map<string, GainNode>();
  readonly #playing = new Set<AudioBufferSourceNode>();
  readonly #places: Places;
  #next = 0; // frame of the context at which the next piece starts
  #stopped = false;

  constructor(context: AudioContext, private readonly mixer: Mixer, private readonly feeder: Feeder, rate: number, place: number,
              private readonly on: RunEvents) {
    this.#context = context;
    this.#rate = rate;
    this.#places = new Places(place);
    void this.#go().catch((error) => this.#stopped || on.failed(error));
  }

  position(now: number): number {
    return this.#places.at(now);
  }

  starved(now: number): boolean {
    return now >= this.#places.end;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.feeder.stop();
    const now = this.#context.currentTime;
    for (const gate of this.#gates.values()) {
      gate.gain.setValueAtTime(1, now);
      gate.gain.linearRampToValueAtTime(0, now + FADE);
    }
    for (const node of this.#playing) node.stop(now + 2 * FADE);
    setTimeout(() => this.#gates.forEach((gate) => gate.disconnect()), 200);
  }

  async #go(): Promise<void> {
    for (;;) {
      while (!this.#stopped && this.#places.end > this.#context.currentTime + AHEAD) await sleep(100);
      const piece = this.#stopped ? null : await this.feeder.next();
      if (this.#stopped) return;
      if (piece === null) break;
      this.#place(piece);
    }
    while (!this.#stopped && this.#context.currentTime < this.#places.end) await sleep(30);
    if (!this.#stopped) this.on.ended();
  }

  #place(piece: Piece): void {
    const clock = this.#context.sampleRate;
    const earliest = Math.ceil((this.#context.currentTime + LATEST) * clock);
    if (this.#next < earliest) this.#next = earliest;
    const when = this.#next / clock;
    for (const [stem, channels] of piece.stems) this.#start(stem, channels, piece.frames, when);
    const seconds = piece.frames / this.#rate;
    this.#places.add(when, seconds, piece);
    this.on.placed(piece, when, seconds);
    this.#next += Math.round(seconds * clock);
  }

  #start(stem: string, channels: Float32Array<ArrayBuffer>[], frames: number, when: number): void {
    const buffer = new AudioBuffer({ numberOfChannels: channels.length, length: frames, sampleRate: this.#rate });
    channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
    const node = new AudioBufferSourceNode(this.#context, { buffer });
    node.connect(this.#gate(stem));
    node.onended = () => {
      node.disconnect();
      this.#playing.delete(node);
    };
    node.start(when);
    this.#playing.add(node);
  }

  #gate(stem: string): GainNode {
    let gate = this.#gates.get(stem);
    if (gate === undefined) {
      gate = new GainNode(this.#context);
      gate.connect(this.mixer.strip(stem).input);
      this.#gates.set(stem, gate);
    }
    return gate;
  }
}
