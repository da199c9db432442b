import type { Feeder, Piece } from "./feeder";
import type { Mixer } from "./mixer";
import { sleep, type Run, type RunEvents } from "./run";
import type { FromStretcher, ToStretcher } from "./stretch.worklet";
import workletUrl from "./stretch.worklet?worker&url";

const AHEAD = 4; // seconds of the song that are sent in advance
const FADE = 0.008;
const loaded = new WeakSet<AudioContext>();

interface Sent {
  from: number; // input frames that were sent before this piece
  piece: Piece;
}

/** Plays slower at the same pitch: the channels of all stems go through one stretcher, then each stem to its own strip. */
export class SlowRun implements Run {
  readonly #sent: Sent[] = [];
  #node: AudioWorkletNode | null = null;
  #gates: GainNode[] = [];
  #frames = 0; // sent so far
  #heard = 0;
  #time = 0;
  #waiting = true;
  #stopped = false;

  constructor(private readonly context: AudioContext, private readonly mixer: Mixer, private readonly feeder: Feeder, private readonly rate: number,
              private readonly place: number, private speed: number, private readonly on: RunEvents) {
    void this.#go().catch((error) => this.#stopped || on.failed(error));
  }

  position(now: number): number {
    const heard = this.#inputAt(now);
    while (this.#sent.length > 1 && this.#sent[1]!.from <= heard) this.#sent.shift();
    const one = this.#sent[0];
    return one === undefined ? this.place : one.piece.start + Math.max(0, Math.min(one.piece.frames, heard - one.from));
  }

  starved(): boolean {
    return this.#waiting;
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.#post({ speed });
  }

  stop(): void {
    this.#stopped = true;
    this.feeder.stop();
    const now = this.context.currentTime;
    for (const gate of this.#gates) {
      gate.gain.setValueAtTime(1, now);
      gate.gain.linearRampToValueAtTime(0, now + FADE);
    }
    const node = this.#node;
    setTimeout(() => {
      node?.disconnect();
      for (const gate of this.#gates) gate.disconnect();
    }, 200);
  }

  async #go(): Promise<void> {
    if (!loaded.has(this.context)) await this.context.audioWorklet.addModule(workletUrl);
    loaded.add(this.context);
    for (;;) {
      while (!this.#stopped && this.#frames - this.#inputAt(this.context.currentTime) > AHEAD * this.rate) await sleep(100);
      const piece = this.#stopped ? null : await this.feeder.next();
      if (this.#stopped) return;
      if (piece === null) break;
      this.#send(piece);
    }
    this.#post({ end: true });
    while (!this.#stopped && this.#inputAt(this.context.currentTime) < this.#frames) await sleep(30);
    if (!this.#stopped) this.on.ended();
  }

  #send(piece: Piece): void {
    this.#node ??= this.#connect([...piece.stems.keys()]);
    const channels = [...piece.stems.values()].flatMap((stem) => [stem[0]!.slice(), (stem[1] ?? stem[0]!).slice()]);
    this.#sent.push({ from: this.#frames, piece });
    const now = this.context.currentTime;
    const when = now + Math.max(0, this.#frames - this.#inputAt(now)) / (this.rate * this.speed);
    this.on.placed(piece, when, piece.frames / (this.rate * this.speed));
    this.#frames += piece.frames;
    this.#post({ piece: channels }, channels.map((channel) => channel.buffer));
  }

  #connect(stems: string[]): AudioWorkletNode {
    const node = new AudioWorkletNode(this.context, "slow", {
      numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [2 * stems.length], processorOptions: { speed: this.speed },
    });
    const splitter = new ChannelSplitterNode(this.context, { numberOfOutputs: 2 * stems.length });
    node.connect(splitter);
    this.#gates = stems.map((stem, at) => {
      const merger = new ChannelMergerNode(this.context, { numberOfInputs: 2 });
      splitter.connect(merger, 2 * at, 0);
      splitter.connect(merger, 2 * at + 1, 1);
      const gate = new GainNode(this.context);
      merger.connect(gate).connect(this.mixer.strip(stem).input);
      return gate;
    });
    node.port.onmessage = ({ data }: MessageEvent<FromStretcher>) => {
      if (!("heard" in data)) return;
      this.#heard = data.heard;
      this.#time = data.time;
      this.#waiting = data.waiting;
    };
    return node;
  }

  #inputAt(now: number): number {
    return this.#waiting ? this.#heard : this.#heard + (now - this.#time) * this.rate * this.speed;
  }

  #post(message: ToStretcher, moved: Transferable[] = []): void {
    this.#node?.port.postMessage(message, moved);
  }
}
