#!/usr/bin/env bash
# ray 2.60.0 (ray.init with log_to_driver=False).
#
# Expected: log_to_driver=False keeps what happens on the nodes off the driver's terminal, or at least off its standard
# output, which belongs to the program. The documentation says "If False, output from worker processes on all nodes is
# not directed to the driver", and logging_level is set to CRITICAL besides.
# Happens: when a worker dies, as one does that runs out of memory, the driver prints a line "(raylet) A worker died or
# was killed ..." to its standard output. With a node that dies come 20 lines of its log.
# Users: programs whose standard output is read by another, as JSON lines are. It goes unseen until something dies.
# Send sys.stdout elsewhere while Ray is connected, and print results to a duplicate of it.
# Date: 2026-11-29, Python 3.11, Linux x86-64.
#
# seen: standard output: {"result": "a worker died"} and 1 line that begins with (raylet)
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check ray==2.60.0
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0 HOME="$work"
cat >"$work/program.py" <<'PROGRAM'
import json
import logging
import os
import signal
import time

import ray

ray.init(
    "local", num_cpus=1, object_store_memory=80 << 20, include_dashboard=False,
    log_to_driver=False, logging_level=logging.CRITICAL,
)


@ray.remote(max_retries=0)
def separate():
    os.kill(os.getpid(), signal.SIGKILL)


try:
    ray.get(separate.remote())
except ray.exceptions.WorkerCrashedError:
    print(json.dumps({"result": "a worker died"}), flush=True)
time.sleep(5)
PROGRAM
"$work/venv/bin/python" "$work/program.py" >"$work/out" 2>"$work/err" || { cat "$work/err"; exit 1; }
ours=$(grep '^{' "$work/out" || true)
theirs=$(grep -c '(raylet)' "$work/out" || true)
echo "standard output: $ours and $theirs line that begins with (raylet)"
if [[ $ours != '{"result": "a worker died"}' || $theirs -lt 1 ]]; then
    echo "the behaviour has changed"
    exit 1
fi
echo "as described above"
