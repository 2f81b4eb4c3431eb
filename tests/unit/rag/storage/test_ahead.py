"""Reading whole files while the system fetches what comes next."""

from __future__ import annotations

import os

import pytest

from rag.storage.ahead import AHEAD, CHUNK, chunks


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("start", [0, 1, 4096])
def test_a_file_is_read_from_where_it_stands(tmp_path, size, start) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(size))
    with path.open("rb") as file:
        file.seek(start)
        given = list(chunks(file))
    assert b"".join(given) == path.read_bytes()[start:]
    assert all(len(each) == CHUNK for each in given[:-1])


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system cannot be asked to read ahead")
def test_every_byte_is_asked_for_before_it_is_read(tmp_path, monkeypatch) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(AHEAD + 5 * CHUNK)
    asked = set()

    def advise(_: int, at: int, size: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        asked.update(range(at // CHUNK, (at + size) // CHUNK))

    monkeypatch.setattr(os, "posix_fadvise", advise)
    with path.open("rb") as file:
        for number, _ in enumerate(chunks(file)):
            assert set(range(number + 1)) <= asked
            assert max(asked) < number + AHEAD // CHUNK + 1


def test_it_reads_where_the_system_cannot_be_asked(tmp_path, monkeypatch) -> None:
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    path = tmp_path / "file"
    path.write_bytes(b"words" * CHUNK)
    with path.open("rb") as file:
        assert b"".join(chunks(file)) == path.read_bytes()
