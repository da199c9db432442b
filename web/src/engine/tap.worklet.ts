/** Records its inputs, two channels each, for tests: the frames of all inputs are of the same time. */
class Tap extends AudioWorkletProcessor {
  override process(inputs: Float32Array[][]): boolean {
    const block = inputs.map((input) => [0, 1].map((at) => (input[at] ?? input[0] ?? new Float32Array(128)).slice()));
    this.port.postMessage({ frame: currentFrame, block });
    return true;
  }
}

registerProcessor("tap", Tap);
