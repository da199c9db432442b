import type { Piece } from "./feeder";

/** One stretch of uninterrupted playing, from pressing play (or moving the place) to the next stop or move. */
export interface Run {
  /** Frame of the song that is heard at a time of the context. */
  position(now: number): number;
  /** Whether there is nothing to play at a time of the context, though the song goes on. */
  starved(now: number): boolean;
  stop(): void;
}

export interface RunEvents {
  /** A piece was placed: it sounds from `when` to `when + seconds` (times of the context). */
  placed(piece: Piece, when: number, seconds: number): void;
  ended(): void;
  failed(error: unknown): void;
}

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Which frame of the song is heard when. */
export class Places {
  #placed: { when: number; seconds: number; start: number; frames: number }[] = [];
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  add(when: number, seconds: number, piece: Piece): void {
    this.#placed.push({ when, seconds, start: piece.start, frames: piece.frames });
  }

  at(now: number): number {
    while (this.#placed.length > 1 && this.#placed[1]!.when <= now) this.#placed.shift();
    const one = this.#placed[0];
    if (one === undefined || now < one.when) return one?.start ?? this.#first;
    return one.start + Math.min(1, (now - one.when) / one.seconds) * one.frames;
  }

  /** When the last piece ends; 0 if there is none. */
  get end(): number {
    const last = this.#placed.at(-1);
    return last === undefined ? 0 : last.when + last.seconds;
  }
}
