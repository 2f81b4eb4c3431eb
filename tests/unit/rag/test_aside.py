"""One way of a question, awaited: order, errors, back-pressure, cancellation, many at once."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing
from contextvars import ContextVar

import pytest
from fakes import QUESTION, ScriptedModel, WritingModel, put, says
from hypothesis import given
from hypothesis import strategies as st

from rag.aside import Aside, awaited, beside
from rag.assistant import Assistant
from rag.errors import ModelError, QuestionError
from rag.types import AnswerFinished, EvidenceFound

ANSWER = "The plane came on 26 October."


class Made:
    """A generator that tells what it was asked for, and how it ended."""

    def __init__(self, n: int, *, fails: BaseException | None = None) -> None:
        self.n = n
        self.fails = fails
        self.given = 0
        self.threads: set[int] = set()
        self.closed = threading.Event()

    def items(self):
        try:
            for i in range(self.n):
                self.given += 1
                self.threads.add(threading.get_ident())
                yield i
            if self.fails is not None:
                raise self.fails
        finally:
            self.closed.set()


async def collect(made: Made) -> list[int]:
    return [item async for item in Aside().each(made.items())]


@given(st.integers(0, 12))
def test_all_comes_in_order_from_one_thread_that_is_not_the_loops(n) -> None:
    made = Made(n)
    assert asyncio.run(collect(made)) == list(range(n))
    assert made.closed.is_set()
    assert len(made.threads) == min(n, 1)
    assert threading.get_ident() not in made.threads


def test_an_error_comes_after_what_was_made_before_it() -> None:
    made = Made(2, fails=ModelError("gone"))
    seen: list[int] = []

    async def main() -> None:
        async for item in Aside().each(made.items()):
            seen.append(item)

    with pytest.raises(ModelError, match="gone"):
        asyncio.run(main())
    assert seen == [0, 1]


def test_nothing_is_made_before_it_is_asked_for() -> None:
    made = Made(100)

    async def main() -> None:
        async with aclosing(Aside().each(made.items())) as items:
            assert await anext(items) == 0
            await asyncio.sleep(0.05)
            assert made.given == 1
        assert made.closed.is_set()

    asyncio.run(main())


def test_who_is_cancelled_goes_on_at_once_and_the_generator_ends_behind_it() -> None:
    held, closed, at_it = threading.Event(), threading.Event(), threading.Event()
    aside = Aside()

    def slow():
        try:
            at_it.set()
            held.wait(30)
            yield 1
            yield 2
        finally:
            closed.set()

    async def first() -> int:
        async with aclosing(aside.each(slow())) as items:
            return await anext(items)

    async def main() -> None:
        task = asyncio.create_task(first())
        await asyncio.to_thread(at_it.wait, 30)
        task.cancel()
        began = time.perf_counter()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - began < 10
        assert not closed.is_set()
        held.set()
        await asyncio.to_thread(aside.settle)
        assert closed.is_set()

    asyncio.run(main())


def test_the_thread_has_the_callers_context() -> None:
    colour: ContextVar[str] = ContextVar("colour", default="none")

    def seen():
        yield colour.get()

    async def main() -> list[str]:
        colour.set("red")
        return [each async for each in Aside().each(seen())]

    assert asyncio.run(main()) == ["red"]


def test_a_piece_of_work_is_done_beside_what_comes_next() -> None:
    gate = threading.Event()
    wait_for = beside(lambda: (gate.wait(60), threading.current_thread() is threading.main_thread()))
    gate.set()
    assert wait_for() == (True, False)
    assert wait_for() == (True, False)


def test_a_piece_of_work_raises_where_it_is_waited_for() -> None:
    wait_for = beside(lambda: [][0])
    with pytest.raises(IndexError, match="out of range"):
        wait_for()


def test_an_awaited_method_says_what_it_does() -> None:
    class Shop:
        def buy(self, what: str, *, n: int = 1) -> str:
            """Buy it."""
            return f"{n} {what} {threading.current_thread() is threading.main_thread()}"

        abuy = awaited(buy)

    assert asyncio.run(Shop().abuy("pear", n=2)) == "2 pear False"
    assert Shop.abuy.__name__ == "abuy"
    assert "`buy`" in Shop.abuy.__doc__


# -- the assistant -----------------------------------------------------------------------------------------


def test_awaited_and_not_it_is_the_same_answer(assistant) -> None:
    awaited_answer = asyncio.run(says(assistant, ANSWER).aask(QUESTION))
    plain = says(assistant, ANSWER).ask(QUESTION)
    assert (awaited_answer.text, awaited_answer.sentences) == (plain.text, plain.sentences)


async def _events(assistant: Assistant, question: str = QUESTION) -> list:
    return [event async for event in assistant.astream(question)]


def test_the_events_are_those_of_the_stream(assistant) -> None:
    events = asyncio.run(_events(says(assistant, ANSWER)))
    plain = list(says(assistant, ANSWER).stream(QUESTION))
    assert [type(event) for event in events] == [type(event) for event in plain]
    assert isinstance(events[0], EvidenceFound)
    assert isinstance(events[-1], AnswerFinished)


def test_a_bad_question_is_an_error_where_it_is_awaited(assistant) -> None:
    with pytest.raises(QuestionError, match="empty"):
        asyncio.run(assistant.aask(" "))


@pytest.fixture
def held(library, embedder, settings) -> Assistant:
    """Its model waits before its third word."""
    put(library, "news", "A plane came from Libya on 26 October.", embedder)
    model = WritingModel(lambda _: ANSWER)
    model.holds = 2
    return Assistant(library, embedder, model, settings)


def test_cancelling_stops_the_model(held) -> None:
    words: list[int] = []
    before = held.chat_model.before
    held.chat_model.before = lambda number: (words.append(number), before(number))

    async def main() -> None:
        task = asyncio.create_task(held.aask(QUESTION))
        while 2 not in words:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        held.chat_model.gate.set()
        await asyncio.to_thread(held.aside.settle)

    asyncio.run(main())
    assert words == [0, 1, 2]


def test_a_timeout_holds_though_the_model_does_not(held) -> None:
    async def main() -> None:
        async with held:
            try:
                async with asyncio.timeout(0.2):
                    await held.aask(QUESTION)
            finally:
                held.chat_model.gate.set()

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert held.chat_model.closed


def test_the_loop_goes_on_while_the_model_writes(held) -> None:
    async def main() -> int:
        beats = 0
        task = asyncio.create_task(held.aask(QUESTION))
        for _ in range(20):
            await asyncio.sleep(0.01)
            beats += 1
        assert not task.done()
        held.chat_model.gate.set()
        await task
        return beats

    assert asyncio.run(main()) == 20


def test_many_at_once_each_get_their_own_answer(library, embedder, settings) -> None:
    put(library, "news", "A plane came from Libya on 26 October.\nThe minister spoke about oil.", embedder)
    model = WritingModel(
        lambda asked: "It was oil." if "minister" in asked.rpartition("Question:")[2] else ANSWER
    )
    questions = [QUESTION, "What did the minister speak about?"] * 20

    async def main() -> list:
        async with Assistant(library, embedder, model, settings) as assistant:
            return await asyncio.gather(*map(assistant.aask, questions))

    answers = asyncio.run(main())
    assert [answer.question for answer in answers] == questions
    assert {answer.trace.written for answer in answers[::2]} == {ANSWER}
    assert {answer.trace.written for answer in answers[1::2]} == {"It was oil."}


class _OneAtATime(ScriptedModel):
    """Counts how many answers it writes at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.most = self._now = 0
        self._lock = threading.Lock()

    def runnable(self):
        return WritingModel(self._say).runnable()

    def _say(self, _: str) -> str:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        return ANSWER


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda a, n: a.as_runnable().batch([QUESTION] * n), id="batch"),
        pytest.param(lambda a, n: asyncio.run(a.as_runnable().abatch([QUESTION] * n)), id="abatch"),
        pytest.param(lambda a, n: asyncio.run(_gathered(a, n)), id="gather"),
        pytest.param(
            lambda a, n: [b for _, b in a.as_runnable().batch_as_completed([QUESTION] * n)], id="as-completed"
        ),
    ],
)
def test_the_local_model_is_asked_one_question_at_a_time(library, embedder, settings, ask) -> None:
    put(library, "news", "A plane came from Libya on 26 October.", embedder)
    model = _OneAtATime()
    assistant = Assistant(library, embedder, model, settings.model_copy(update={"llm": "local"}))
    answers = ask(assistant, 6)
    assert [answer.text for answer in answers] == [ANSWER] * 6
    assert model.most == 1


async def _gathered(assistant: Assistant, n: int) -> list:
    return await asyncio.gather(*(assistant.aask(QUESTION) for _ in range(n)))


def test_a_library_is_read_without_blocking_too(library, embedder) -> None:
    put(library, "news", "A plane came.", embedder)

    async def main() -> None:
        async with library:
            [document] = await library.adocuments()
            assert await library.afind("News") == document == await library.adocument("news")
            assert await library.atext("news") == "A plane came."
            await library.aremove("news")
            assert await library.adocuments() == []

    asyncio.run(main())
