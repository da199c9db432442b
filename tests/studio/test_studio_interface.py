"""The description of the interface, and that the server keeps to it whatever comes (schemathesis)."""

from __future__ import annotations

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from studios import Server, Studio, wav

KEPT = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One studio for all examples, with something in it."""
    server = Server(tmp_path_factory.mktemp("interface") / "studio", limits={"queue": 20})
    studio = Studio(httpx2.Client(base_url=server.base, timeout=30))
    project = studio.project()
    studio.song(project, wav())
    studio.take(project, task="separate", stems=["bass"])
    yield server
    server.stop()


# An endless stream, 15 MB that never change, and what would remove what the other examples need.
LEFT_OUT = {("get", "/api/events"), ("get", "/api/soundfont"), ("delete", "/api/projects/{project}")}


def test_the_server_keeps_to_its_description(server):
    found = schemathesis.openapi.from_url(f"{server.base}/api/openapi.json")
    tried = 0
    # Its own plug-in for pytest does not know pytest 9, so the loop is ours.
    for operation in (result.ok() for result in found.get_all_operations()):
        if (operation.method, operation.path) in LEFT_OUT:
            continue

        @settings(
            max_examples=10, deadline=None, derandomize=True, phases=[Phase.generate], database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def keeps(case):
            nonlocal tried
            tried += 1
            answer = case.call(timeout=20)
            case.validate_response(answer, checks=KEPT)
            if answer.status_code >= 400:
                line = answer.json()["detail"]
                assert line and "\n" not in line and len(line) <= 1000 and "unexpected" not in line

        keeps()
    assert tried > 100


def test_every_call_of_the_contract_is_described(server):
    paths = httpx2.get(f"{server.base}/api/openapi.json").json()["paths"]
    one, take = "/api/projects/{project}", "/api/projects/{project}/takes/{take}"
    methods = {
        "/api/about": {"get"},
        "/api/projects": {"get", "post"},
        one: {"get", "patch", "delete"},
        f"{one}/song": {"put"},
        f"{one}/stems": {"post"},
        f"{one}/jobs": {"post"},
        "/api/jobs": {"get"},
        "/api/jobs/{job}": {"get", "delete"},
        "/api/events": {"get"},
        "/api/soundfont": {"get"},
        take: {"get", "patch", "delete"},
        **{f"{take}/{what}": {"get"} for what in ("sound/{track}", "peaks/{track}", "spectrogram/{track}")},
        **{f"{take}/{what}": {"get"} for what in ("notes", "files/{file}", "zip")},
    }
    assert {path: set(calls) for path, calls in paths.items()} == methods
