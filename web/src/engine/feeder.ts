import type { Blocks, Source } from "./blocks";
import type { Sound } from "../api/sound";
import { Timeline, type Loop } from "./timeline";

/** The same stretch of every stem, one array a channel. */
export interface Piece {
  start: number;
  frames: number;
  stems: Map<string, Float32Array<ArrayBuffer>[]>;
}

export interface Feed {
  sources: Map<string, Source>;
  rate: number;
  total: number;
  place: number;
  loop: Loop | null;
}

const BLOCK_SECONDS = 2;
const LEAST_SECONDS = 0.2; // of an unfinished take: shorter stretches are not worth a request
const RETRY = 400; // milliseconds, where no event says that more is ready

/** Gives the pieces that are to be heard one after another, and waits for those that are not made yet. */
export class Feeder {
  readonly #blocks: Blocks;
  readonly #feed: Feed;
  readonly #block: number;
  readonly #timeline: Timeline;
  #stopped = false;

  constructor(blocks: Blocks, feed: Feed) {
    this.#blocks = blocks;
    this.#feed = feed;
    this.#block = Math.round(BLOCK_SECONDS * feed.rate);
    this.#timeline = new Timeline(feed.place, feed.loop, this.#block, feed.total);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The next piece; null after the end of the song, or once stopped. */
  async next(): Promise<Piece | null> {
    const span = this.#timeline.peek();
    if (span === null) return null;
    const first = Math.floor(span.start / this.#block) * this.#block;
    const skip = span.start - first;
    const size = Math.min(this.#block, this.#feed.total - first);
    for (;;) {
      const names = [...this.#feed.sources.keys()];
      const sounds = await Promise.all(names.map((name) => this.#blocks.get(this.#feed.sources.get(name)!, first, size)));
      if (this.#stopped) return null;
      // A stem that is shorter than its take is silent from its end on; without any source all is, for notes.
      const there = sounds.map((sound) => (over(sound, first) ? size : sound.frames));
      const ready = Math.min(size, ...there) - skip;
      const frames = Math.min(span.frames, ready);
      if (frames >= Math.min(span.frames, LEAST_SECONDS * this.#feed.rate)) {
        this.#timeline.advance(frames);
        const cut = (at: number): Float32Array<ArrayBuffer>[] =>
          sounds[at]!.channels.map((channel) => padded(channel.subarray(skip, skip + frames), frames));
        return { start: span.start, frames, stems: new Map(names.map((name, at) => [name, cut(at)])) };
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY));
      if (this.#stopped) return null;
    }
  }
}

/** Whether a block that begins at `first` holds the end of a finished sound, or lies after it. */
const over = (sound: Sound, first: number): boolean => sound.ready >= sound.total && first + sound.frames >= sound.total;

function padded(samples: Float32Array<ArrayBuffer>, frames: number): Float32Array<ArrayBuffer> {
  if (samples.length === frames) return samples;
  const longer = new Float32Array(frames);
  longer.set(samples);
  return longer;
}
