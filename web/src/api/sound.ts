import { ask, takePath } from "./client";

/** A stretch of one stem's sound. */
export interface Sound {
  channels: Float32Array<ArrayBuffer>[];
  frames: number;
  ready: number;
  total: number;
}

/** Fetch `frames` of a stem from `start`; fewer come back at the end of the sound, or at the end of what is ready. */
export async function fetchSound(project: string, take: string, stem: string, start: number, frames: number, signal?: AbortSignal): Promise<Sound> {
  const path = `${takePath(project, take)}/sound/${encodeURIComponent(stem)}?start=${start}&frames=${frames}`;
  const answer = await ask(path, signal ? { signal } : undefined);
  const header = (name: string): number => Number(answer.headers.get(name) ?? "0");
  const count = Math.max(1, header("X-Channels"));
  const samples = new Float32Array(await answer.arrayBuffer());
  const got = Math.floor(samples.length / count);
  return { channels: split(samples, count, got), frames: got, ready: header("X-Frames"), total: header("X-Total") };
}

/** Interleaved samples as one array a channel. */
function split(samples: Float32Array<ArrayBuffer>, count: number, frames: number): Float32Array<ArrayBuffer>[] {
  if (count === 1) return [samples];
  return Array.from({ length: count }, (_, channel) => {
    const one = new Float32Array(frames);
    for (let frame = 0; frame < frames; frame++) one[frame] = samples[frame * count + channel]!;
    return one;
  });
}
