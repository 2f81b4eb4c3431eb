"""What answers a terminal's questions, while a Footnote that runs on the library comes and goes."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from fakes import TEXT, AngleEmbedder, put
from rich.console import Console

from rag.errors import LibraryMissing, ModelUnavailable, ServerGone
from rag.library import Library
from rag.settings import Settings
from ui.engine import opened


class Answering:
    """Stands for `ui.doing.answering`: each one that is opened answers with its number, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warmed: list[bool] = []
        self.closed: list[int] = []
        self.error: Exception | None = None
        monkeypatch.setattr("ui.engine.answering", self._open)

    @contextmanager
    def _open(self, notes, settings, *, warm):
        self.warmed.append(warm)
        number = len(self.warmed)

        def ask(question, history=(), within=None):
            yield (number, question, history, within)
            if self.error is not None:
                raise self.error

        yield ask
        self.closed.append(number)


@pytest.fixture
def answering(monkeypatch) -> Answering:
    return Answering(monkeypatch)


@pytest.fixture
def settings(tmp_path) -> Settings:
    with Library.open(tmp_path / "library", create=True) as library:
        put(library, "news", TEXT, AngleEmbedder())
    return Settings(library=tmp_path / "library")


@pytest.mark.parametrize("warm", [False, True])
def test_it_is_opened_once_and_closed(answering, settings, warm: bool) -> None:
    with opened(settings, Console(), warm=warm) as engine:
        assert list(engine.ask("When?", (), frozenset({"news"}))) == [(1, "When?", (), {"news"})]
        assert list(engine.ask("Where?")) == [(1, "Where?", (), None)]
        assert len(engine.library.documents()) == 1
        assert answering.closed == []
    assert (answering.warmed, answering.closed) == ([warm], [1])


def test_once_it_is_gone_the_next_question_looks_anew(answering, settings) -> None:
    with opened(settings, Console()) as engine:
        answering.error = ServerGone("it ended")
        with pytest.raises(ServerGone):
            list(engine.ask("When?"))
        answering.error = None
        assert list(engine.ask("When?")) == [(2, "When?", (), None)]
    assert answering.closed == [1, 2]


def test_another_error_changes_nothing(answering, settings) -> None:
    with opened(settings, Console()) as engine:
        answering.error = ModelUnavailable("no answer")
        with pytest.raises(ModelUnavailable):
            list(engine.ask("When?"))
        assert next(engine.ask("When?")) == (1, "When?", (), None)


def test_without_a_library_nothing_is_opened(answering, tmp_path) -> None:
    with pytest.raises(LibraryMissing), opened(Settings(library=tmp_path / "none"), Console()):
        pass
    assert answering.warmed == []
