/** What the user set for one stem. Gain is in decibels, pan from -1 (left) to 1. */
export interface StemMix {
  gain: number;
  pan: number;
  mute: boolean;
  solo: boolean;
}

export const UNITY: StemMix = { gain: 0, pan: 0, mute: false, solo: false };
export const LEAST_GAIN = -60; // decibels; from there on a stem is silent
const RAMP = 0.006; // seconds, time constant: short, but no click

export const amplitude = (decibels: number): number => (decibels <= LEAST_GAIN ? 0 : 10 ** (decibels / 20));

/** Sound comes in at `input`, goes through gain and pan, and out to the master. */
export class Strip {
  readonly input: GainNode;
  readonly output: StereoPannerNode;

  constructor(context: AudioContext, master: AudioNode) {
    // Always two channels: a panner takes 3 dB from a mono sound in the middle, and none from a stereo one.
    this.input = new GainNode(context, { channelCount: 2, channelCountMode: "explicit" });
    this.output = new StereoPannerNode(context);
    this.input.connect(this.output).connect(master);
  }

  set(gain: number, pan: number, now: number): void {
    ramp(this.input.gain, gain, now);
    ramp(this.output.pan, pan, now);
  }

  close(): void {
    this.input.disconnect();
    this.output.disconnect();
  }
}

function ramp(value: AudioParam, goal: number, now: number): void {
  if (Math.abs(value.value - goal) < 1e-7) {
    value.cancelScheduledValues(now);
    value.setValueAtTime(goal, now);
  } else {
    value.cancelScheduledValues(now);
    value.setTargetAtTime(goal, now, RAMP);
    value.setValueAtTime(goal, now + 12 * RAMP); // the curve never gets there; this ends it exactly
  }
}

/** A strip for each stem; any solo silences the stems that have none. */
export class Mixer {
  readonly master: GainNode;
  readonly #context: AudioContext;
  readonly #strips = new Map<string, Strip>();
  #mix: ReadonlyMap<string, StemMix> = new Map();

  constructor(context: AudioContext) {
    this.#context = context;
    this.master = new GainNode(context);
    this.master.connect(context.destination);
  }

  strip(stem: string): Strip {
    let strip = this.#strips.get(stem);
    if (strip === undefined) {
      strip = new Strip(this.#context, this.master);
      this.#strips.set(stem, strip);
      this.#apply(stem, strip);
    }
    return strip;
  }

  setMix(mix: ReadonlyMap<string, StemMix>): void {
    this.#mix = mix;
    for (const [stem, strip] of this.#strips) this.#apply(stem, strip);
  }

  setVolume(decibels: number): void {
    ramp(this.master.gain, amplitude(decibels), this.#context.currentTime);
  }

  #apply(stem: string, strip: Strip): void {
    const anySolo = [...this.#mix.values()].some((one) => one.solo);
    const { gain, pan, mute, solo } = this.#mix.get(stem) ?? UNITY;
    const heard = !mute && (solo || !anySolo);
    strip.set(heard ? amplitude(gain) : 0, pan, this.#context.currentTime);
  }
}
