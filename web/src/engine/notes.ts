import { WorkletSynthesizer } from "spessasynth_lib";
import processorUrl from "spessasynth_lib/dist/spessasynth_processor.min.js?url";
import { ask } from "../api/client";
import type { Note } from "../api/types";
import type { Piece } from "./feeder";
import type { Mixer } from "./mixer";

const DRUMS = 9; // the channel of General MIDI that plays drums
const PROGRAMS: Record<string, number> = { bass: 33, guitar: 25, piano: 0, vocals: 52, strings: 48, winds: 56, organ: 16, synth: 81, other: 48 };

/** Plays notes with the package's soundfont; every stem's notes go through the strip of that stem. */
export class NotePlayer {
  readonly #synth: WorkletSynthesizer;
  readonly #channels = new Map<string, number>();

  private constructor(synth: WorkletSynthesizer, private readonly mixer: Mixer) {
    this.#synth = synth;
  }

  /** Takes a moment: the soundfont has 15 MB. */
  static async open(context: AudioContext, mixer: Mixer): Promise<NotePlayer> {
    await context.audioWorklet.addModule(processorUrl);
    const synth = new WorkletSynthesizer(context);
    const font = await (await ask("/api/soundfont")).arrayBuffer();
    await synth.soundBankManager.addSoundBank(font, "main");
    await synth.isReady;
    return new NotePlayer(synth, mixer);
  }

  /** Place the notes that begin in a piece; a loop's end cuts them. */
  place(stem: string, notes: readonly Note[], piece: Piece, rate: number, when: number, seconds: number): void {
    const start = piece.start / rate;
    const length = piece.frames / rate;
    const slower = seconds / length;
    for (const note of notes) {
      if (note.start < start || note.start >= start + length) continue;
      const on = when + (note.start - start) * slower;
      this.#play(stem, note, on, on + Math.max(0.03, note.stop - note.start) * slower);
    }
  }

  /** Sound one note at once: a click in the editor. */
  sound(stem: string, pitch: number, velocity: number): void {
    const now = this.#synth.currentTime;
    this.#play(stem, { start: 0, stop: 0, pitch, velocity }, now, now + 0.3);
  }

  silence(): void {
    this.#synth.stopAll(true);
  }

  #play(stem: string, note: Note, on: number, off: number): void {
    const channel = this.#channel(stem);
    this.#synth.noteOn(channel, note.pitch, note.velocity, { time: on });
    this.#synth.noteOff(channel, note.pitch, { time: off });
  }

  #channel(stem: string): number {
    let channel = this.#channels.get(stem);
    if (channel === undefined) {
      const taken = [...this.#channels.values()];
      channel = stem === "drums" ? DRUMS : [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15].find((one) => !taken.includes(one)) ?? 0;
      this.#channels.set(stem, channel);
      if (channel !== DRUMS) this.#synth.programChange(channel, PROGRAMS[stem] ?? 0);
      this.#synth.connectChannel(this.mixer.strip(stem).input, channel);
    }
    return channel;
  }
}
