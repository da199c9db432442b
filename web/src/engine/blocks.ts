import { ownerOf } from "../api/client";
import { fetchSound, type Sound } from "../api/sound";

/** Where the sound of a stem is. */
export interface Source {
  project: string;
  take: string;
  /** When the take was made. */
  created: number;
  stem: string;
}

const MOST_BYTES = 96 * 2 ** 20;

/** Blocks of sound that were fetched, the latest used kept. Blocks of a take that is still being made are kept once they are whole. */
export class Blocks {
  readonly #kept = new Map<string, Sound>();
  readonly #coming = new Map<string, Promise<Sound>>();
  #bytes = 0;

  /** The block of a source that begins at frame `start`; maybe shorter than `frames`. */
  get(source: Source, start: number, frames: number): Promise<Sound> {
    const key = `${ownerOf(source.project, { id: source.take, created: source.created })}/${source.stem}/${start}+${frames}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key); // put back as the latest
      this.#kept.set(key, kept);
      return Promise.resolve(kept);
    }
    const coming = this.#coming.get(key) ?? this.#fetch(key, source, start, frames);
    return coming;
  }

  /** Drop what belongs to takes that are gone. */
  forget(gone: (key: string) => boolean): void {
    for (const [key, sound] of this.#kept) {
      if (!gone(key)) continue;
      this.#kept.delete(key);
      this.#bytes -= size(sound);
    }
  }

  #fetch(key: string, { project, take, stem }: Source, start: number, frames: number): Promise<Sound> {
    const coming = fetchSound(project, take, stem, start, frames)
      .then((sound) => {
        if (sound.frames === frames || start + sound.frames >= sound.total) this.#keep(key, sound);
        return sound;
      })
      .finally(() => this.#coming.delete(key));
    this.#coming.set(key, coming);
    return coming;
  }

  #keep(key: string, sound: Sound): void {
    this.#kept.set(key, sound);
    this.#bytes += size(sound);
    for (const [oldest, one] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= size(one);
    }
  }
}

const size = (sound: Sound): number => sound.frames * sound.channels.length * 4;
