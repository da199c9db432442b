"""Counting, cancelling and showing progress."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from msgld.cli.console import QUIET_SECONDS, spoken, track
from msgld.errors import Cancelled
from msgld.progress import CancelToken, Meter, Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_meter_is_monotonic_ends_at_the_total_and_foresees_a_steady_pace():
    clock, reports = Clock(), list[Progress]()
    meter = Meter(8, "windows", "separating", reports.append, clock=clock)
    for _ in range(9):  # one step too many stays at the end
        clock.now += 3.0
        meter.advance()
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert [report.eta for report in reports[:8]] == [3.0 * left for left in range(7, -1, -1)]


def test_meter_changes_stage():
    reports = list[Progress]()
    meter = Meter(2, "steps", "reading", reports.append)
    meter.advance()
    meter.advance(stage="writing")
    assert [report.stage for report in reports] == ["reading", "writing"]


def test_cancel_stops_the_next_step_and_reports_nothing_more():
    token, reports = CancelToken(), list[Progress]()
    meter = Meter(3, "steps", "generating", reports.append, token)
    meter.advance()
    token.cancel()
    with pytest.raises(Cancelled):
        meter.advance()
    assert len(reports) == 1 and token.cancelled


def test_an_empty_job_is_done():
    assert Progress(0, 0, "steps", "waiting").fraction == 1.0


def test_a_log_gets_few_lines():
    clock, text = Clock(), io.StringIO()
    with track("song [1].wav", console=Console(file=text, width=40), clock=clock) as on_progress:
        for done in range(101):
            clock.now = done / 4
            on_progress(Progress(done, 100, "windows", "separating", (100 - done) / 4))
    lines = text.getvalue().splitlines()
    assert len(lines) == 2 + 25 // QUIET_SECONDS
    assert lines[0] == "song [1].wav: separating 0%, 25 s left"
    assert lines[-1] == "song [1].wav: separating 100%"


def test_a_terminal_gets_a_bar():
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100)
    with track("song [1].wav", console=console) as on_progress:
        on_progress(Progress(1, 4, "windows", "separating", 125.0))
    shown = text.getvalue()
    assert all(part in shown for part in ("song [1].wav", "separating", "25%", "2:05 min left"))


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "?"), (0.2, "0 s"), (59.6, "1:00 min"), (3729, "1:02:09 h")]
)
def test_spoken(seconds: float | None, text: str):
    assert spoken(seconds) == text
