"""Adding, asking and keeping a folder in step need no package of the server, nor of the evaluation."""

from __future__ import annotations

import json

import pytest
from without import SERVER, footnote_without

pytestmark = pytest.mark.models
MISSING = (*SERVER, "pytrec_eval", "rapidocr_onnxruntime", "langchain_anthropic", "langchain_ollama")


def test_add_ask_and_sync(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/minutes.txt").write_text("Ana opened the meeting. Bruno was elected treasurer.")
    added = footnote_without(MISSING, "add", "notes")
    assert added.returncode == 0, added.stderr
    assert "1 added" in added.stdout

    asked = footnote_without(MISSING, "ask", "Who was elected treasurer?", "--json", FOOTNOTE_LLM="none")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["quotes"][0]["quote"] == "Bruno was elected treasurer."

    synced = footnote_without(MISSING, "sync", "notes")
    assert synced.returncode == 0, synced.stderr
    assert "1 same" in synced.stdout
