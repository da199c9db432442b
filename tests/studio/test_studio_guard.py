from __future__ import annotations

import socket

import pytest

from msgld.studio.config import Config
from msgld.studio.serve import bound


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8765", "", "0.0.0.0"]
)
def test_other_hosts_are_refused(studio, host):
    answer = studio.client.get("/api/projects", headers={"host": host})
    assert answer.status_code == 403 and "detail" in answer.json()


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:8765", "[::1]:8765"])
def test_names_of_this_machine_are_let_in(studio, host):
    assert studio.client.get("/api/projects", headers={"host": host}).status_code == 200


def test_other_pages_change_nothing(studio):
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999", "file://"):
        answer = studio.client.post("/api/projects", json={}, headers={"origin": origin})
        assert answer.status_code == 403
    assert studio.client.get("/api/projects").json() == []
    own = {"origin": "http://127.0.0.1:8765"}
    assert studio.client.post("/api/projects", json={}, headers=own).status_code == 201


def test_other_pages_read_nothing(studio):
    for site in ("cross-site", "same-site"):
        assert studio.client.get("/api/projects", headers={"sec-fetch-site": site}).status_code == 403
    assert studio.client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_all_answers_have_the_headers_that_keep_other_hosts_out(studio):
    for path in ("/", "/api/projects", "/api/nothing", "/nothing", "/api/projects/9999"):
        headers = studio.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "http" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_an_open_studio_needs_its_token(opened):
    client = opened(token="right").client
    for path in (
        "/",
        "/api/about",
        "/api/events",
        "/api/openapi.json",
        "/?token=wrong",
        "/api/about?token=",
        "/assets/x",
    ):
        assert client.get(path).status_code == 401
    assert client.get("/api/about", headers={"authorization": "Bearer wrong"}).status_code == 401
    about = client.get("/api/about", headers={"authorization": "Bearer right", "host": "studio.lan"})
    assert about.status_code == 200 and about.json()["folder"] is None and about.json()["open"]
    entered = client.get("/?token=right", follow_redirects=False)
    assert entered.status_code == 303 and entered.headers["location"] == "/"
    assert (
        "HttpOnly" in entered.headers["set-cookie"]
        and "samesite=strict" in entered.headers["set-cookie"].lower()
    )
    assert client.get("/api/about").status_code == 200  # by the cookie
    assert client.post("/api/projects", json={}, headers={"origin": "http://evil.example"}).status_code == 403


def test_no_page_of_the_outside_is_served(studio, tmp_path):
    (tmp_path / "secret").write_text("secret")
    for path in (
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "//etc/passwd",
        "/assets/../../config.py",
        "/%00",
        "/config.py",
    ):
        answer = studio.client.get(path)
        assert answer.status_code == 404 and "secret" not in answer.text


def test_small_answers_are_sent_at_once(tmp_path):
    """asyncio sets TCP_NODELAY on sockets of this protocol only; without it each answer takes 40 ms."""
    with bound(Config(tmp_path, port=0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP
