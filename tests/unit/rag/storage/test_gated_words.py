"""Above some size, passages are fetched by the rarest words of a question, and ranked by all of them."""

from __future__ import annotations

from math import log

import pytest
import sqlalchemy as sa

from rag.storage import gates, lexical
from rag.storage.schema import LEXICAL_INDEX
from rag.storage.tables import metadata, passages

WORDS = ["mill", "paper", "river", "council", "Elan", "Verincor"]


@pytest.fixture
def connection():
    """60 passages: `mill` and `paper` in most, `river` and `council` in some, the names in few."""
    with sa.create_engine("sqlite://").begin() as opened:
        metadata.create_all(opened)
        opened.exec_driver_sql(LEXICAL_INDEX)
        steps = dict(zip(WORDS, (1, 2, 4, 5, 25, 30), strict=True))
        rows = [
            {
                "id": f"p{n:02}",
                "document_id": "d",
                "start": 0,
                "end": 1,
                "headings": [],
                "context": "Report",
                "text": " ".join([word for word, step in steps.items() if n % step == 0] * (1 + n % 3)),
            }
            for n in range(60)
        ]
        opened.execute(passages.insert(), rows)
        lexical.rebuild(opened)
        yield opened


@pytest.fixture
def gated(monkeypatch):
    monkeypatch.setattr(lexical, "GATED_FROM", 0)
    monkeypatch.setattr(gates, "MOST", 15)
    monkeypatch.setattr(gates, "ENOUGH", 6)


def found(connection, terms, k=100):
    return dict(lexical.search(connection, terms, k, None, {}))


def test_what_holds_a_rare_word_has_the_same_score_and_the_rest_is_not_fetched(
    connection, monkeypatch, gated
) -> None:
    few = found(connection, ["mill", "paper", "Elan", "Verincor"])
    monkeypatch.undo()
    every = found(connection, ["mill", "paper", "Elan", "Verincor"])
    assert set(few) == {"p00", "p25", "p50", "p30"} | {f"p{n:02}" for n in range(0, 60, 2)}
    assert {key: pytest.approx(every[key]) for key in few} == few
    assert len(every) == 60


def test_enough_rare_words_need_no_two_frequent_ones(connection, monkeypatch, gated) -> None:
    monkeypatch.setattr(gates, "ENOUGH", 2)
    assert set(found(connection, ["mill", "paper", "Elan"])) == {"p00", "p25", "p50"}


def test_frequent_words_alone_fetch_where_the_two_rarest_stand_together(connection, gated) -> None:
    assert set(found(connection, ["mill", "paper"])) == {f"p{n:02}" for n in range(0, 60, 2)}
    assert len(found(connection, ["mill"])) == 60
    assert set(found(connection, ["mill", "Elan"])) == {"p00", "p25", "p50"}


def test_words_that_no_passage_holds_change_nothing(connection, gated) -> None:
    assert found(connection, ["zebra"]) == {}
    terms = ["mill", "paper", "Elan"]
    assert found(connection, [*terms, "zebra"]).keys() == found(connection, terms).keys()


def test_the_best_are_first_and_no_more_than_were_asked_for(connection, gated) -> None:
    scores = list(found(connection, WORDS, 7).values())
    assert len(scores) == 7
    assert scores == sorted(scores, reverse=True)


def test_small_libraries_are_searched_by_every_word(connection) -> None:
    assert len(found(connection, ["mill", "Verincor"])) == 60


def test_words_beyond_those_that_are_counted_add_their_rarity_where_they_stand(
    connection, monkeypatch, gated
) -> None:
    monkeypatch.setattr(gates, "COUNTED", 5)
    monkeypatch.setattr(gates, "MOST", 10)
    few = found(connection, ["river", "council", "Elan", "Verincor"])
    monkeypatch.undo()
    rare = found(connection, ["Elan", "Verincor"])
    rarity = {"river": log(45.5 / 15.5), "council": log(48.5 / 12.5)}
    assert few["p25"] == pytest.approx(rare["p25"] + rarity["council"])
    assert few["p30"] == pytest.approx(rare["p30"] + rarity["council"])
    assert few["p50"] == pytest.approx(rare["p50"] + rarity["council"])
    assert few["p00"] == pytest.approx(rare["p00"] + rarity["river"] + rarity["council"])
    assert few["p20"] == few["p40"] == pytest.approx(rarity["river"] + rarity["council"])
    assert len(few) == 6


def test_frequent_words_that_find_too_many_together_fetch_nothing_beside_a_rare_one(
    connection, monkeypatch, gated
) -> None:
    monkeypatch.setattr(gates, "TOGETHER", 20)
    assert found(connection, ["mill", "paper", "Elan"]).keys() == {"p00", "p25", "p50"}
    assert len(found(connection, ["mill", "paper"])) == 30
    monkeypatch.setattr(gates, "TOGETHER", 10)
    monkeypatch.setattr(gates, "MOST", 10)
    three = found(connection, ["mill", "paper", "river", "council", "Elan"])
    assert three.keys() == {"p00", "p20", "p25", "p40", "p50"}


def test_how_many_hold_a_frequent_word_is_estimated_over_the_whole_of_a_large_library(monkeypatch) -> None:
    with sa.create_engine("sqlite://").begin() as opened:
        metadata.create_all(opened)
        opened.exec_driver_sql(LEXICAL_INDEX)
        texts = [
            "mill" + " early" * (n < 530) + " late" * (n >= 3000) + " Elan" * (n == 7) for n in range(4000)
        ]
        rest = {"document_id": "d", "start": 0, "end": 1, "headings": [], "context": ""}
        opened.execute(
            passages.insert(), [{"id": f"p{n}", "text": text} | rest for n, text in enumerate(texts)]
        )
        lexical.rebuild(opened)
        asked = ["mill", "early", "late", "Elan", "zebra"]
        exact = lexical.document_frequency(opened, asked)
        assert exact == {"mill": 4000, "early": 530, "late": 1000, "Elan": 1, "zebra": 0}
        for name, value in (("SAMPLED_FROM", 4000), ("EXACT", 100), ("SAMPLED", 640)):
            monkeypatch.setattr(lexical, name, value)
        about = lexical.document_frequency(opened, asked)
        assert about == {
            term: pytest.approx(count, abs=4000 / 32 if count > 100 else 0) for term, count in exact.items()
        }
        assert about != exact
