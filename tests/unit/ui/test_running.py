from __future__ import annotations

import json
import socket

import pytest
from local_doors import door_of

import ui.running
from rag.assistant import Assistant
from rag.settings_layers import load_settings
from rag.storage.holder import DOOR
from ui.running import Found, running


@pytest.fixture
def opened(library, embedder, settings):
    with Assistant(library, embedder, None, settings) as assistant, door_of(assistant) as opened:
        yield opened


def test_none_runs_where_none_was_started(settings) -> None:
    assert running(settings) == Found()


def test_an_address_where_nobody_answers_is_no_server(opened, settings) -> None:
    file = opened.library.path / DOOR
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"address": f"http://127.0.0.1:{port}"}))
    assert running(settings) == Found()


def test_a_server_of_another_version_is_named_and_not_talked_to(opened, settings, monkeypatch) -> None:
    monkeypatch.setattr(ui.running, "own_version", lambda: "9.9")
    at_work = running(settings)
    assert at_work.server is None
    assert at_work.objection.endswith("and this is 9.9")


def test_settings_that_differ_are_named(opened, settings) -> None:
    given = load_settings({"library": settings.library, "llm": "local-small"}, environ={})
    at_work = running(given, ("llm",))
    assert at_work.server is None
    assert at_work.objection == "the setting 'llm' is local-small here and none there"
    assert running(given, ("embedder",)).server is not None
