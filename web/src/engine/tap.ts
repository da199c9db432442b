import type { Player } from "./player";
import tapUrl from "./tap.worklet?worker&url";

export interface Tapped {
  rate: number;
  /** The context's frame of the first sample. */
  frame: number;
  /** stem -> its two channels, as they leave the stem's strip; "" is the master's. */
  stems: Record<string, [Float32Array, Float32Array]>;
}

/** Record what the audio graph puts out, for tests: `seconds` of it, or until `stop`, which gives the samples. */
export async function tap(player: Player, stems: string[], seconds = Infinity): Promise<{ full: () => boolean; stop: () => Tapped }> {
  const context = player.context!;
  const mixer = player.mixer!;
  await context.audioWorklet.addModule(tapUrl);
  const node = new AudioWorkletNode(context, "tap", { numberOfInputs: stems.length, numberOfOutputs: 0, channelCount: 2, channelCountMode: "explicit" });
  const outputs = stems.map((stem) => (stem === "" ? mixer.master : mixer.strip(stem).output));
  outputs.forEach((output, at) => output.connect(node, 0, at));
  const blocks: { frame: number; block: Float32Array[][] }[] = [];
  const full = (): boolean => blocks.length * 128 >= seconds * context.sampleRate;
  node.port.onmessage = ({ data }) => full() || blocks.push(data as (typeof blocks)[number]);
  const stop = (): Tapped => {
    outputs.forEach((output) => output.disconnect(node));
    const joined = (at: number, channel: number): Float32Array => {
      const samples = new Float32Array(blocks.length * 128);
      blocks.forEach(({ block }, index) => samples.set(block[at]![channel]!, index * 128));
      return samples;
    };
    return {
      rate: context.sampleRate,
      frame: blocks[0]?.frame ?? 0,
      stems: Object.fromEntries(stems.map((stem, at) => [stem, [joined(at, 0), joined(at, 1)] as [Float32Array, Float32Array]])),
    };
  };
  return { full, stop };
}
