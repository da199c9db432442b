import { api, ownerOf } from "../api/client";
import type { Peaks, Take } from "../api/types";

const MOST_KEPT = 120;
const kept = new Map<string, Peaks>();

/** The peaks of a stem; those of a finished take are kept. */
export async function peaksOf(id: string, take: Take, stem: string, columns: number): Promise<Peaks> {
  const key = `${ownerOf(id, take)}/${stem}/${columns}/${take.total}`; // a take of given stems may grow longer
  const known = kept.get(key);
  if (known !== undefined) return known;
  const found = await api.peaks(id, take.id, stem, columns);
  if (take.whole) {
    kept.set(key, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  }
  return found;
}

/** Drop the peaks of takes that are gone. */
export function forgetPeaks(gone: (key: string) => boolean): void {
  for (const key of [...kept.keys()]) if (gone(key)) kept.delete(key);
}
