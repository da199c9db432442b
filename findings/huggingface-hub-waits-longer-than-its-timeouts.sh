#!/usr/bin/env bash
# huggingface_hub 2.4.0.
#
# Expected: a server that accepts a connection and never answers makes every call fail after about ten seconds, the
# default of HF_HUB_ETAG_TIMEOUT and HF_HUB_DOWNLOAD_TIMEOUT, or after the five that were passed as etag_timeout.
# Happens: file_exists() does so. The calls that ask for a repository have no timeout: model_info() none unless it is
# passed one, repo_exists() and list_repo_files() cannot be passed one, and snapshot_download(etag_timeout=5) begins
# with such a call. hf_hub_download(etag_timeout=5) asks again after its five seconds, with a longer timeout of its
# own. All five still wait after a minute, when this script ends them.
# Users: training that begins by fetching weights or a data set, behind a proxy or a mirror that has stalled: the job
# stands still and looks as if it ran. Run the download under a time limit of your own. This script takes a minute.
# Date: 2026-11-29, Python 3.11, Linux x86-64.
#
# seen: HfApi().file_exists('a/b', 'c'): ReadTimeout
# seen: HfApi().model_info('a/b', timeout=5): ReadTimeout
# seen: HfApi().model_info('a/b'): still waiting after a minute
# seen: HfApi().repo_exists('a/b'): still waiting after a minute
# seen: HfApi().list_repo_files('a/b'): still waiting after a minute
# seen: snapshot_download('a/b', etag_timeout=5): still waiting after a minute
# seen: hf_hub_download('a/b', 'c', etag_timeout=5): still waiting after a minute
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    huggingface_hub==2.4.0
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import os
import socket
import subprocess
import sys
import threading
import time

ENDS = ["HfApi().file_exists('a/b', 'c')", "HfApi().model_info('a/b', timeout=5)"]
WAITS = [
    "HfApi().model_info('a/b')",
    "HfApi().repo_exists('a/b')",
    "HfApi().list_repo_files('a/b')",
    "snapshot_download('a/b', etag_timeout=5)",
    "hf_hub_download('a/b', 'c', etag_timeout=5)",
]
PROGRAM = """
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
try:
    {}
except Exception as error:
    print(type(error).__name__)
"""

server = socket.create_server(("127.0.0.1", 0), backlog=64)
held = []


def accept():
    """Take all connections, answer none."""
    while True:
        held.append(server.accept()[0])


threading.Thread(target=accept, daemon=True).start()
places = {
    "HF_ENDPOINT": f"http://127.0.0.1:{server.getsockname()[1]}",
    "HF_HOME": os.getcwd() + "/home",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
calls = {
    call: subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(call)],
        env={**os.environ, **places},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for call in ENDS + WAITS
}
end = time.monotonic() + 60
same = True
for call, process in calls.items():
    try:
        outcome = process.communicate(timeout=max(0.1, end - time.monotonic()))[0].strip() or "an answer"
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        outcome = "still waiting after a minute"
    print(f"{call}: {outcome}", flush=True)
    same &= outcome == ("ReadTimeout" if call in ENDS else "still waiting after a minute")

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
