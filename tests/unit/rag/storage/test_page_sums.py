from __future__ import annotations

import io
import random
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.storage import page_sums
from rag.storage.page_sums import PageSums

PAGE = 4096


def database(rows: int = 3000) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(f"row {i} " * 9,) for i in range(rows)])
        connection.commit()
        return connection.serialize()


WHOLE = database()
SUMS = page_sums.page_sums(io.BytesIO(WHOLE))
N = len(WHOLE) // PAGE


def undamaged(data: bytes, sums: PageSums = SUMS) -> tuple[bytes, bool]:
    target = io.BytesIO()
    are_its = page_sums.write_undamaged(io.BytesIO(data), target, sums)
    return target.getvalue(), are_its


def differing(one: bytes, other: bytes) -> set[int]:
    return {n for n in range(N) if one[n * PAGE : n * PAGE + PAGE] != other[n * PAGE : n * PAGE + PAGE]}


def test_the_pages_that_lead_to_others_are_kept() -> None:
    assert SUMS.page_size == PAGE
    assert SUMS.sums.shape == (N, 2)
    assert set(SUMS.kept) == {0, 1}, "the first one, and the root of the table"


def test_what_is_whole_stays_as_it_is() -> None:
    assert undamaged(WHOLE) == (WHOLE, True)


def test_the_header_may_change_where_a_seal_changes_it() -> None:
    header = bytearray(WHOLE[:100])
    for place in page_sums.CHANGING:
        header[place] = bytes(range(1, 1 + place.stop - place.start))
    plain, _ = undamaged(bytes(header) + WHOLE[100:])
    assert plain == page_sums.without_seal(WHOLE[:100]) + WHOLE[100:]


@given(st.integers(100, len(WHOLE) - 1), st.integers(0, 7))
@settings(max_examples=30)
def test_one_bit_is_flipped_back(at: int, bit: int) -> None:
    data = WHOLE[:at] + bytes([WHOLE[at] ^ (1 << bit)]) + WHOLE[at + 1 :]
    assert undamaged(data) == (WHOLE, True)


@given(st.integers(0, N - 1), st.binary(min_size=2, max_size=300), st.integers(0, PAGE - 300))
@settings(max_examples=30)
def test_a_damaged_page_is_as_it_was_or_not_readable(number: int, noise: bytes, at: int) -> None:
    start = number * PAGE + at
    data = WHOLE[:start] + noise + WHOLE[start + len(noise) :]
    plain, are_its = undamaged(data)
    assert are_its
    assert differing(plain, WHOLE) <= {number}
    if plain != WHOLE:
        assert plain[number * PAGE : number * PAGE + PAGE] == b"\xff" * PAGE


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(WHOLE[: 5 * PAGE + 7], id="cut"),
        pytest.param(WHOLE + b"more", id="longer"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"short", id="less than a header"),
    ],
)
def test_the_length_is_that_of_the_whole(data: bytes) -> None:
    plain, are_its = undamaged(data)
    assert len(plain) == len(WHOLE)
    n_left = min(len(data) // PAGE, N)
    assert plain[: n_left * PAGE] == WHOLE[: n_left * PAGE]
    assert are_its == (10 * n_left >= N)


def test_checksums_of_another_file_are_told() -> None:
    assert not undamaged(random.Random(0).randbytes(len(WHOLE)))[1]


class TestBesideTheCatalogue:
    def test_they_come_back(self, tmp_path) -> None:
        page_sums.write(tmp_path / "some.sqlite3", SUMS)
        again = page_sums.read(tmp_path / "some.sqlite3")
        assert again is not None
        assert (again.page_size, again.kept) == (SUMS.page_size, SUMS.kept)
        assert (again.sums == SUMS.sums).all()

    def test_none_are_there(self, tmp_path) -> None:
        assert page_sums.read(tmp_path / "some.sqlite3") is None
        page_sums.forget(tmp_path / "some.sqlite3")

    @pytest.mark.parametrize("at", [0, 3, 4, 500, -1])
    def test_damaged_ones_are_none(self, at: int, tmp_path) -> None:
        path = tmp_path / "some.sqlite3"
        page_sums.write(path, SUMS)
        data = bytearray(page_sums.sums_file(path).read_bytes())
        data[at] ^= 1
        page_sums.sums_file(path).write_bytes(data)
        assert page_sums.read(path) is None

    @pytest.mark.parametrize("size", [0, 4, 100])
    def test_half_written_ones_are_none(self, size: int, tmp_path) -> None:
        path = tmp_path / "some.sqlite3"
        page_sums.write(path, SUMS)
        file = page_sums.sums_file(path)
        file.write_bytes(file.read_bytes()[:size])
        assert page_sums.read(path) is None
