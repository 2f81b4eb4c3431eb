"""What libraries of our own making are made of: texts, questions about them, vectors, tables and plots."""

from __future__ import annotations

import numpy as np
import pytest

from rag.library import Library
from rag.settings_layers import load_settings
from rag.text.words import terms
from rag.vectors import unit
from tests.bench import places, plots, prose
from tests.bench.__main__ import numbers
from tests.bench.drawn import PER_DOCUMENT, Vectors
from tests.bench.scale import ROWS
from tests.bench.synthetic import entry


def test_the_same_number_gives_the_same_text() -> None:
    assert prose.passages_of(7, 3) == prose.passages_of(7, 3)
    assert prose.passages_of(7, 3) != prose.passages_of(8, 3)
    assert len(prose.text_of(7, 5000)) == 5000


def test_a_question_is_answered_by_the_first_passage_of_its_document() -> None:
    for number in range(20):
        [first] = prose.passages_of(number, 1)
        asked = set(terms(prose.question_about(number)))
        assert len(asked & set(terms(first))) >= len(asked) - 1  # all but the form of the verb


def test_the_first_vectors_are_the_real_ones_and_the_others_are_spread_like_them() -> None:
    draw = np.random.default_rng(1)
    wide = np.linspace(1, 0.05, 16, dtype=np.float32)
    real = unit(draw.standard_normal((2000, 16), np.float32) * wide + 0.5)
    vectors = Vectors(real)
    np.testing.assert_array_equal(vectors.of(3), real[60:80])
    drawn = np.concatenate([vectors.of(number) for number in range(100, 200)])
    np.testing.assert_array_equal(drawn[:PER_DOCUMENT], vectors.of(100))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(drawn.mean(axis=0), real.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(drawn.std(axis=0), real.std(axis=0), atol=0.06)


def test_an_entry_has_exact_offsets() -> None:
    document, text, passages, contexts, vectors = entry(5, np.eye(4, 8, dtype=np.float32))
    assert [text.text[each.start : each.end] for each in passages] == [each.text for each in passages]
    assert document.n_passages == len(passages) == len(contexts) == len(vectors) == 4


def test_plots_and_page_show_what_was_measured_at_every_size(tmp_path) -> None:
    names = [name for name, _ in ROWS.values() if not name.startswith("peers")]
    every = {size: dict.fromkeys(names, 0.5 * size) for size in (10, 100)}
    files = plots.write(every, ROWS, tmp_path)
    assert {file.name for file in files} == {
        "questions.png",
        "peers.png",
        "changes.png",
        "room.png",
        "scale.html",
    }
    assert all(file.stat().st_size for file in files)
    page = (tmp_path / "scale.html").read_text("utf-8")
    assert "retrieval, p95" in page
    assert "LangChain" not in page
    assert page.count("data:image/png") == 4


@pytest.mark.parametrize("listed", ["10,20", "10 20"])
def test_sizes_are_listed_with_commas_or_spaces(listed: str) -> None:
    assert numbers(listed) == [10, 20]


def test_what_is_missing_to_start_servers_is_told(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(places, "programs", lambda: None)
    monkeypatch.setattr(places, "PROGRAM", tmp_path / "chroma")
    with pytest.raises(SystemExit, match=r"(?s)apt-get install postgresql.*pip install chromadb"):
        places.shared("10-10").__enter__()


def test_the_users_own_servers_are_left_alone(monkeypatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CATALOG", "postgresql://anna@db/footnote")
    with places.embedded("10-10") as place:
        assert not {"FOOTNOTE_CATALOG", "FOOTNOTE_CHROMA"} & set(place.environment)
        assert place.environment["PATH"]


@pytest.mark.shared
def test_a_library_on_servers_takes_room_and_memory(monkeypatch) -> None:
    with places.shared("20-20") as place:
        for name in ("FOOTNOTE_CATALOG", "FOOTNOTE_CHROMA"):
            monkeypatch.setenv(name, place.environment[name])
        with Library.of(load_settings({"library": place.library}), create=True) as library:
            library.put(*entry(0, np.eye(20, 384, dtype=np.float32)))
            library.rebuild_index()
        assert min(place.room().values()) > 0.01
        assert min(place.resident().values()) > 1
        assert set(place.room()) == {"catalogue_mb", "index_mb"}
