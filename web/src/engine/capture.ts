/**
 * Catches the processor that signalsmith-stretch registers, so that ours can extend it. It must be imported before that package.
 * The package reads its input wrongly where one buffer ends and the next begins (1.3.2), so only its WebAssembly is used.
 */

/** What ours needs of the package's processor. */
export interface Stretcher extends AudioWorkletProcessor {
  wasmReady: boolean;
  channels: number;
  buffersIn: number[];
  buffersOut: number[];
  bufferLength: number;
  wasmModule: {
    HEAP8?: Int8Array;
    exports?: { memory: WebAssembly.Memory };
    _inputLatency(): number;
    _outputLatency(): number;
    _seek(samples: number, rate: number): void;
    _process(input: number, output: number): void;
    _reset(): void;
  };
}

type StretcherClass = new (options: AudioWorkletNodeOptions) => Stretcher;

let caught: StretcherClass | null = null;
const scope = globalThis as unknown as { registerProcessor: (name: string, processor: StretcherClass) => void };
export const register = scope.registerProcessor.bind(globalThis);
scope.registerProcessor = (_name, processor) => {
  caught = processor;
};

export function stretcher(): StretcherClass {
  if (caught === null) throw new Error("signalsmith-stretch registered no processor");
  return caught;
}
