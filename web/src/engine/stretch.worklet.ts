import { register, stretcher } from "./capture";
import "signalsmith-stretch";

/** From the page: sound to append, or a new speed. */
export type ToStretcher = { piece: Float32Array[] } | { speed: number } | { end: true };
/** To the page: ready; the input frame that is heard at a time of the context; whether there is too little to go on. */
export type FromStretcher = { ready: true } | { time: number; heard: number; waiting: boolean };

const REPORT = 16; // blocks of 128 frames between reports

/** Plays the pieces that it is sent, slower, at their own pitch; all channels in one, so they stay together. */
class SlowProcessor extends stretcher() {
  #pieces: Float32Array[][] = [];
  #offset = 0; // frames of the first piece that were used
  #ahead = 0; // frames that were not used yet
  #used = 0;
  #speed: number;
  #debt = 0; // fraction of a frame
  #primed = false;
  #ended = false;
  #blocks = 0;

  constructor(options: AudioWorkletNodeOptions) {
    super(options);
    this.#speed = (options.processorOptions as { speed: number }).speed;
    const { port } = this;
    port.onmessage = null;
    // The package sets its own listener once its WebAssembly is there; it would not understand our messages.
    Object.defineProperty(port, "onmessage", { get: () => () => undefined, set: () => undefined });
    port.addEventListener("message", (event: MessageEvent<ToStretcher>) => this.#take(event.data));
    port.start();
  }

  #take(message: ToStretcher): void {
    if ("piece" in message) {
      this.#pieces.push(message.piece);
      this.#ahead += message.piece[0]!.length;
    } else if ("speed" in message) this.#speed = message.speed;
    else this.#ended = true;
  }

  override process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]!;
    const size = output[0]!.length;
    if (!this.wasmReady) return true;
    const wanted = this.#speed * size + this.#debt;
    const count = Math.floor(wanted);
    const waiting = !this.#prime() || (this.#ahead < count && !this.#ended);
    if (!waiting) {
      this.#debt = wanted - count;
      this.#read(count);
      this.wasmModule._process(count, size);
      output.forEach((channel, at) => channel.set(new Float32Array(this.#memory(), this.buffersOut[at]!, size)));
    }
    if (this.#blocks++ % REPORT === 0) this.#report(waiting);
    return true;
  }

  /** Fill the stretcher's window with the first frames; true once that is done. */
  #prime(): boolean {
    if (this.#primed) return true;
    const first = this.wasmModule._inputLatency();
    if (this.#ahead < first && !this.#ended) return false;
    this.#read(first, this.bufferLength - first);
    this.wasmModule._seek(this.bufferLength, this.#speed);
    this.#primed = true;
    return true;
  }

  /** Copy the next frames to the WebAssembly's input, after `zeros` frames of silence. */
  #read(count: number, zeros = 0): void {
    const memory = this.#memory();
    const inputs = this.buffersIn.map((at) => new Float32Array(memory, at, zeros + count));
    for (const input of inputs) input.fill(0);
    let done = 0;
    while (done < count && this.#pieces.length > 0) {
      const piece = this.#pieces[0]!;
      const some = Math.min(count - done, piece[0]!.length - this.#offset);
      inputs.forEach((input, at) => input.set(piece[at]!.subarray(this.#offset, this.#offset + some), zeros + done));
      done += some;
      this.#offset += some;
      if (this.#offset === piece[0]!.length) {
        this.#pieces.shift();
        this.#offset = 0;
      }
    }
    this.#ahead = Math.max(0, this.#ahead - count);
    this.#used += count;
  }

  #memory(): ArrayBuffer {
    return (this.wasmModule.exports?.memory.buffer ?? this.wasmModule.HEAP8!.buffer) as ArrayBuffer;
  }

  #report(waiting: boolean): void {
    const late = this.wasmModule._inputLatency() + this.wasmModule._outputLatency() * this.#speed;
    const report: FromStretcher = { time: currentTime, heard: this.#used - late, waiting };
    this.port.postMessage(report);
  }
}

register("slow", SlowProcessor);
