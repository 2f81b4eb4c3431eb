"""Batches across files, and what is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fakes import document, passages
from hypothesis import given
from hypothesis import strategies as st

from ingest.awaiting import Awaiting, Pending
from ingest.entry import Entry
from ingest.outcomes import Task
from rag.types import Text


def file(name: str, *lines: str, wanted=lambda: True) -> Pending:
    text = "\n".join(lines)
    cut = passages(name, text)
    entry = Entry(document(name, text, len(cut)), Text(text, "text/plain"), cut, [""] * len(cut))
    return Pending(Task(Path(f"/{name}.txt"), wanted=wanted), entry)


def vectors(texts: list[str]):
    """One number for each text, which tells it from the others."""
    return np.array([[float(int(text.split()[-1]))] for text in texts], np.float32)


def drain(awaiting: Awaiting, most: int = 100) -> list[list[str]]:
    batches = []
    while batch := awaiting.batch(most):
        batches.append(batch)
        awaiting.put(batch, vectors(batch))
    return batches


def test_batches_go_across_files_in_their_order() -> None:
    awaiting = Awaiting()
    for n in range(4):
        awaiting.add(file(f"f{n}", f"word {2 * n}", f"word {2 * n + 1}"), {})
    assert [len(batch) for batch in drain(awaiting, 3)] == [3, 3, 2]


def test_a_text_of_two_files_is_embedded_once() -> None:
    awaiting = Awaiting()
    first, second = file("one", "word 1", "word 2"), file("two", "word 2", "word 3")
    awaiting.add(first, {})
    batch = awaiting.batch(10)
    awaiting.add(second, {})
    assert awaiting.batch(10) == second.entry.parts[1:]
    awaiting.put(batch, vectors(batch))
    assert (awaiting.whole(), awaiting.whole()) == (first, None)


def test_what_the_library_has_is_not_embedded() -> None:
    awaiting = Awaiting()
    one = file("one", "word 1", "word 2")
    awaiting.add(one, {one.entry.parts[0]: np.array([7.0], np.float32)})
    assert drain(awaiting) == [one.entry.parts[1:]]
    assert awaiting.whole().matrix().tolist() == [[7.0], [2.0]]


def test_an_unwanted_file_takes_its_texts_along_but_not_those_of_others() -> None:
    awaiting = Awaiting()
    wish = [True]
    gone = file("gone", "word 1", "word 2", wanted=lambda: wish[0])
    kept = file("kept", "word 2")
    awaiting.add(gone, {})
    awaiting.add(kept, {})
    assert awaiting.unwanted() == []
    wish[0] = False
    assert awaiting.unwanted() == [gone]
    assert drain(awaiting) == [kept.entry.parts]
    assert (awaiting.whole(), len(awaiting)) == (kept, 0)


def test_a_file_that_goes_while_it_is_embedded_does_no_harm() -> None:
    awaiting = Awaiting()
    wish = [True]
    awaiting.add(file("gone", "word 1", wanted=lambda: wish[0]), {})
    batch = awaiting.batch(10)
    wish[0] = False
    assert len(awaiting.unwanted()) == 1
    again = file("again", "word 1")
    awaiting.add(again, {})
    awaiting.put(batch, vectors(batch))
    assert awaiting.whole() is again
    assert awaiting.unwanted() == []


@given(
    files=st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=8),
    most=st.integers(1, 5),
    order=st.randoms(use_true_random=False),
)
def test_every_file_gets_its_own_vectors_in_whatever_order_batches_come(files, most, order) -> None:
    awaiting = Awaiting()
    for n, numbers in enumerate(files):
        awaiting.add(file(f"f{n}", *(f"word {number}" for number in numbers)), {})
    batches = []
    while batch := awaiting.batch(most):
        batches.append(batch)
    order.shuffle(batches)
    done = []
    for batch in batches:
        awaiting.put(batch, vectors(batch))
        while (one := awaiting.whole()) is not None:
            done.append(one)
    while (one := awaiting.whole()) is not None:
        done.append(one)
    assert len(done) == len(files)
    assert sum(map(len, batches)) == len({number for numbers in files for number in numbers})
    for one in done:
        assert [row[0] for row in one.matrix()] == [float(part.split()[-1]) for part in one.entry.parts]
