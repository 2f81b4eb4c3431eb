from __future__ import annotations

import time

import pytest
from fakes import put

from rag.errors import LibraryDamaged
from ui.mapping import Maps


@pytest.fixture
def maps(library, embedder):
    put(
        library,
        "planes",
        "A plane came.\nA plane left.\nThe money is gone.\nOil is dear.\nThe moon.",
        embedder,
    )
    return Maps(library)


def made(maps: Maps, user: str = ""):
    end = time.monotonic() + 60
    while not (picture := maps.of(user)).done and not picture.error:
        assert time.monotonic() < end
        time.sleep(0.02)
    return picture


def test_a_picture_is_made_once_for_each_state_of_the_library(maps, library, embedder):
    first = made(maps)
    assert (len(first.places), first.positions.shape, first.total) == (5, (5, 2), 5)
    assert maps.of("") is first
    put(library, "river", "The river is long.", embedder)
    old = maps.of("")
    assert not old.done
    assert len(old.places) == 5  # the last picture, until there is a new one
    assert len(made(maps).places) == 6


def test_each_place_has_the_position_of_its_own_vector(maps, library):
    picture = made(maps)
    texts = {p.passage_id: library.text(p.document_id)[p.start : p.end] for p in picture.places}
    at = {texts[p.passage_id]: xy for p, xy in zip(picture.places, picture.positions, strict=True)}
    assert set(at) == {"A plane came.", "A plane left.", "The money is gone.", "Oil is dear.", "The moon."}


def test_an_empty_library_has_an_empty_picture(library):
    picture = made(Maps(library))
    assert (picture.places, picture.positions.shape) == ((), (0, 2))


def test_a_picture_that_fails_says_why_and_is_made_after_the_next_change(
    maps, library, embedder, monkeypatch
):
    def fail(*_):
        raise LibraryDamaged("the catalogue is damaged: restore it")

    with monkeypatch.context() as patched:
        patched.setattr("ui.mapping.sample", fail)
        assert made(maps).error == "the catalogue is damaged: restore it"
    put(library, "river", "The river is long.", embedder)
    assert made(maps).done


def test_an_unexpected_error_is_logged_and_told(maps, monkeypatch, caplog):
    monkeypatch.setattr("ui.mapping.sample", lambda *_: 1 / 0)
    assert "something went wrong" in made(maps).error
    assert "ZeroDivisionError" in caplog.text
