"""The real local model drafts questions about the starter documents, and the evaluation reads them."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from rag.evaluation.candidate import verbatim
from rag.evaluation.readers import read
from rag.library import Library
from rag.model_files.artifacts import LLM, LLM_SMALL
from rag.model_files.fetching import is_ready
from rag.settings_layers import load_settings
from ui.drafting import draft_and_report

pytestmark = pytest.mark.models


def test_two_questions_about_the_starter_documents(seed_library, tmp_path):
    settings = load_settings()
    small = is_ready(LLM_SMALL, settings) and not is_ready(LLM, settings)
    settings = settings.model_copy(
        update={"llm": "local-small" if small else "local", "library": seed_library, "answer_tokens": 60}
    )
    out, console = tmp_path / "mine.jsonl", Console(file=io.StringIO(), width=200)
    assert draft_and_report(console, settings, 2, 1, out) == 2
    [drafted] = read([out])
    with Library.open(seed_library) as library:
        for question in drafted.questions:
            texts = [library.text(library.find(name.rpartition("/")[2]).id) for name in question.relevant]
            assert question.text.endswith("?")
            assert any(verbatim(question.answers[0], text) for text in texts)
    assert len({json.loads(line)["question"] for line in out.read_text("utf-8").splitlines()}) == 2
