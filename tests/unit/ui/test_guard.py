from __future__ import annotations

import pytest

from ui.guard import LOCAL_NAMES, refuse

HERE = {"host": "127.0.0.1:7860"}


def status(method="GET", path="/", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = refuse(method, path, HERE | named, LOCAL_NAMES)
    return refusal.status_code if refusal else 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost:7860", 200),
        ("LOCALHOST", 200),
        ("[::1]:7860", 200),
        ("rebound.example.com:7860", 421),
        ("127.0.0.1.example.com", 421),
        ("localhost@example.com", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_only_names_of_this_machine_are_answered(host, expected):
    assert status(host=host) == expected


@pytest.mark.parametrize(
    ("hosts", "host", "expected"),
    [
        pytest.param({"docs.example.com"}, "docs.example.com:443", 200, id="a name of the settings"),
        pytest.param({"docs.example.com"}, "other.example.com", 421, id="another name"),
        pytest.param({"docs.example.com"}, "192.168.1.5:7860", 421, id="an address we do not listen on"),
        pytest.param({"0.0.0.0", "box"}, "192.168.1.5:7860", 200, id="every address"),
        pytest.param({"0.0.0.0", "box"}, "[fe80::1]:7860", 200, id="every address, version 6"),
        pytest.param({"::"}, "10.0.0.1", 200, id="every address of version 6"),
        pytest.param({"0.0.0.0", "box"}, "box:7860", 200, id="the machine's name"),
        pytest.param({"0.0.0.0", "box"}, "rebound.example.com", 421, id="a name that leads here"),
        pytest.param({"0.0.0.0", "box"}, "1.2.3.4.example.com", 421, id="a name like an address"),
        pytest.param({"0.0.0.0", "box"}, "", 421, id="no name"),
    ],
)
def test_names_beyond_this_machine(hosts, host, expected):
    refusal = refuse("GET", "/", {"host": host}, LOCAL_NAMES | hosts)
    assert (refusal.status_code if refusal else 200) == expected


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "origin", ["https://example.com", "http://localhost:9999", "http://127.0.0.1:7861", "null", ""]
)
def test_calls_from_other_origins_are_refused(method, origin):
    assert status(method, "/gradio_api/queue/join", origin=origin) == 403


def test_calls_from_the_page_and_from_programs_pass():
    assert status("POST", "/gradio_api/queue/join", origin="http://127.0.0.1:7860") == 200
    assert status("POST", "/gradio_api/queue/join") == 200


@pytest.mark.parametrize(
    ("method", "site", "mode", "expected"),
    [
        ("GET", "cross-site", "navigate", 200),
        ("GET", "cross-site", "no-cors", 403),
        ("GET", "same-site", "cors", 403),
        ("POST", "cross-site", "navigate", 403),
        ("GET", "same-origin", "cors", 200),
        ("GET", "none", "navigate", 200),
    ],
)
def test_only_links_lead_here_from_other_sites(method, site, mode, expected):
    assert status(method, sec_fetch_site=site, sec_fetch_mode=mode) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=https://example.com",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/run/predict",
        "/gradio_api/call/answer",
        "/gradio_api/deep_link",
        "/gradio_api/vibe-code",
        "/gradio_api/runs",
        "/monitoring",
        "/login",
        "/docs",
        "/openapi.json",
        "/mcp/x",
        "/v1",
    ],
)
def test_what_the_page_does_not_need_is_shut(path):
    assert status(path=path) == 404


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/assets/x.js", "/ui/page.css", "/health", "/documents/d/passage", "/mcp", "/v1/models"],
)
def test_what_the_page_needs_is_open(path):
    assert status(path=path) == 200
