#!/usr/bin/env bash
# signalsmith-stretch 1.3.2 (npm) in Chromium 156 (headless, OfflineAudioContext).
#
# Expected: addBuffers() may be called again and again while the song arrives, as its readme offers; two halves of a
# song sound like the whole.
# Happens: once there is a second buffer, the AudioWorklet's processor throws (a RangeError, of which the page sees
# only "processorerror") and the node is silent for good, even while the sound should still come from the first
# buffer. A second buffer that comes during playback ends the sound at that moment. One buffer plays well, so a test
# with a short song in one piece sees nothing.
# Users: players in the browser that change speed or pitch of songs which arrive in pieces. Send all of a song at
# once, or keep the pieces yourself and use the package's WebAssembly alone.
# It needs Chromium, npm and Python, and makes no virtual environment; without them it ends with status 2.
# Date: 2026-11-29, Linux x86-64.
#
# seen: the song in one piece: processorerror False, level at 0.25 to 0.45 s and at 0.75 to 1.25 s: (0.353, 0.353)
# seen: in two pieces, both before the start: processorerror True, level at 0.25 to 0.45 s and at 0.75 to 1.25 s: (0, 0)
# seen: in 30 pieces, all before the start: processorerror True, level at 0.25 to 0.45 s and at 0.75 to 1.25 s: (0, 0)
# seen: in two pieces, the second at 0.5 s: processorerror True, level at 0.25 to 0.45 s and at 0.75 to 1.25 s: (0.353, 0)
set -euo pipefail

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ] || ! command -v npm >/dev/null; then
    echo "this finding needs Chromium and npm, and one of them is not here" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work" || { sleep 2; rm -rf "$work"; }' EXIT  # the browser may still be writing
cd "$work"
npm install --silent --no-audit --no-fund --cache "$work/cache" signalsmith-stretch@1.3.2
cat >page.html <<'PAGE'
<!doctype html>
<script type="module">
import SignalsmithStretch from "./stretch.mjs";

const RATE = 44100;
const song = Float32Array.from({ length: 3 * RATE }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 440 * n) / RATE));

/** Play the song in pieces of so many samples; pieces after the first come at once, or after `wait` seconds. */
async function play(size, wait) {
  const context = new OfflineAudioContext(2, 2 * RATE, RATE);
  const node = await SignalsmithStretch(context);
  let error = false;
  node.onprocessorerror = () => (error = true);
  node.connect(context.destination);
  const pieces = [];
  for (let at = 0; at < song.length; at += size) pieces.push([song.slice(at, at + size), song.slice(at, at + size)]);
  await node.addBuffers(pieces.shift());
  const rest = async () => {
    for (const piece of pieces) await node.addBuffers(piece);
  };
  if (wait) context.suspend(wait).then(rest).then(() => context.resume());
  else await rest();
  await node.schedule({ output: 0, active: true, input: 0, rate: 1 });
  const sound = (await context.startRendering()).getChannelData(0);
  for (let tries = 0; tries < 20 && !error; tries++) {
    await new Promise((done) => setTimeout(done, 100)); // the event may come after the sound
  }
  const level = (from, to) => {
    const part = sound.slice(from * RATE, to * RATE);
    return Math.sqrt(part.reduce((sum, one) => sum + one * one, 0) / part.length);
  };
  return { error, before: level(0.25, 0.45), after: level(0.75, 1.25) };
}

const seen = [];
try {
  for (const [size, wait] of [[132300, 0], [66150, 0], [4410, 0], [66150, 0.5]]) {
    seen.push({ wait, ...(await play(size, wait)) });
  }
} catch (error) {
  seen.push({ failed: String(error) });
}
await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
</script>
PAGE
cat >program.py <<'PROGRAM'
import http.server
import json
import os
import queue
import signal
import subprocess
import sys
import threading

FILES = {
    "/": ("text/html", "page.html"),
    "/stretch.mjs": ("text/javascript", "node_modules/signalsmith-stretch/SignalsmithStretch.mjs"),
}
answers = queue.Queue()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        kind, path = FILES.get(self.path, ("text/plain", os.devnull))
        with open(path, "rb") as file:
            self.answer(kind, file.read())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer("text/plain", b"")
        answers.put(json.loads(body))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
profile = f"--user-data-dir={os.getcwd()}/profile"
command = [sys.argv[1], "--headless", "--disable-gpu", "--no-first-run", profile]
if os.getuid() == 0:
    command.append("--no-sandbox")  # Chromium's sandbox does not work as root
page = f"http://127.0.0.1:{server.server_port}/"
browser = subprocess.Popen([*command, page], stderr=subprocess.DEVNULL, start_new_session=True)
try:
    seen = answers.get(timeout=300)
except queue.Empty:
    sys.exit("the browser gave no answer within 300 s")
finally:
    os.killpg(browser.pid, signal.SIGTERM)
    browser.wait()

NAMES = [
    "the song in one piece",
    "in two pieces, both before the start",
    "in 30 pieces, all before the start",
    "in two pieces, the second at 0.5 s",
]
same = len(seen) == len(NAMES)
for name, case in zip(NAMES, seen, strict=False):
    if "failed" in case:
        sys.exit(case["failed"])
    levels = (round(case["before"], 3), round(case["after"], 3))
    print(f"{name}: processorerror {case['error']}, level at 0.25 to 0.45 s and at 0.75 to 1.25 s: {levels}")
    alone = name == NAMES[0]
    sounds = [level > 0.3 for level in levels]
    same &= case["error"] != alone and sounds == [alone or case["wait"] > 0, alone]

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
"${PYTHON:-python3}" program.py "$browser"
