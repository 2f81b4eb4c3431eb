"""``footnote eval`` with the real embedder: figures, a comparison, and a regression that is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.models


def test_the_starter_documents_questions(footnote, seed_library, tmp_path) -> None:
    golden = Path(__file__).parents[2] / "seeds" / "golden.jsonl"
    measures = ("--measure", "retrieval", "--measure", "quotes")
    done = footnote("eval", golden, *measures, "--library", seed_library, "--json", "before.json")
    assert done.returncode == 0, done.stderr
    figures = {f["measure"]: f for f in json.loads((tmp_path / "before.json").read_text())["figures"]}
    assert figures["right document in the best 5"]["value"] > 0.9
    assert figures["key quotes hold it, best 3"]["value"] > 0.6
    again = footnote("eval", golden, *measures, "--library", seed_library, "--compare", "before.json")
    assert again.returncode == 0, again.stderr
    assert "0 worse, 0 better" in again.stdout

    spoiled = tmp_path / "golden.jsonl"
    lines = [json.loads(line) for line in golden.read_text("utf-8").splitlines()]
    spoiled.write_text("".join(json.dumps(line | {"answers": ["no such words"]}) + "\n" for line in lines))
    fell = footnote("eval", spoiled, *measures, "--library", seed_library, "--compare", "before.json")
    assert fell.returncode == 1
    assert "3 worse, 0 better" in fell.stdout


def test_an_unknown_measure_is_a_usage_error(footnote, tmp_path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"question": "Who?"}\n')
    wrong = footnote("eval", "mine.jsonl", "--measure", "speed")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("footnote: no measure 'speed': there are retrieval, quotes, answers")
