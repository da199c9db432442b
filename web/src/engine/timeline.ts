/** A loop, in frames: `stop` is the first frame after it. */
export interface Loop {
  start: number;
  stop: number;
}

/** A stretch of the song, in frames. */
export interface Span {
  start: number;
  frames: number;
}

/**
 * The order in which the song's frames are heard: from a place on, round the loop for ever if the place is before its end,
 * else to the end of the song. A span never crosses a border of a block or the loop's end, so a wrap is exact to the frame.
 */
export class Timeline {
  #place: number;
  readonly #loop: Loop | null;
  readonly #block: number;
  readonly #total: number;

  constructor(place: number, loop: Loop | null, block: number, total: number) {
    this.#place = place;
    this.#loop = loop !== null && place < loop.stop && loop.stop > loop.start ? loop : null;
    this.#block = block;
    this.#total = total;
  }

  /** What comes next, or null after the end. Say with `advance` how much of it was taken. */
  peek(): Span | null {
    const border = (Math.floor(this.#place / this.#block) + 1) * this.#block;
    const end = Math.min(border, this.#loop?.stop ?? this.#total, this.#total);
    return end > this.#place ? { start: this.#place, frames: end - this.#place } : null;
  }

  advance(frames: number): void {
    this.#place += frames;
    const loop = this.#loop;
    if (loop !== null && this.#place >= Math.min(loop.stop, this.#total)) this.#place = loop.start;
  }
}
