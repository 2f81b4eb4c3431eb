from __future__ import annotations

import json
import os
import stat

import pytest

import ui.local_file
from rag.library import Library
from rag.storage.holder import DOOR, HOLDER
from ui.local_file import found, new_secret, own_version, published

ADDRESS = "http://127.0.0.1:7860"


@pytest.fixture
def held(library):
    library.lock("footnote chat")
    return library.path


def test_it_is_found_while_it_is_published_and_by_this_user_alone(held) -> None:
    with published(held, ADDRESS, "a secret"):
        door = found(held)
        assert (door.address, door.secret, door.pid, door.version) == (
            ADDRESS,
            "a secret",
            os.getpid(),
            own_version(),
        )
        assert "a secret" not in repr(door)
        assert stat.S_IMODE((held / DOOR).stat().st_mode) == 0o600
        assert not list(held.glob(".*.part"))
    assert found(held) is None
    assert not (held / DOOR).exists()


def test_it_does_not_count_once_the_lock_is_let_go(tmp_path) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        library.lock()
        with published(library.path, ADDRESS, "x"):
            left = (library.path / DOOR).read_text()
    (library.path / DOOR).write_text(left)
    (library.path / DOOR).chmod(0o600)
    assert found(library.path) is None


def test_it_does_not_count_when_another_process_holds_the_lock(held) -> None:
    with published(held, ADDRESS, "x"):
        (held / HOLDER).write_text(json.dumps({"pid": os.getppid()}))
        assert found(held) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_it_does_not_count_when_others_can_read_or_write_it(held, mode) -> None:
    with published(held, ADDRESS, "x"):
        (held / DOOR).chmod(mode)
        assert found(held) is None


def test_it_does_not_count_when_it_is_another_users(held, monkeypatch) -> None:
    with published(held, ADDRESS, "x"):
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert found(held) is None
        monkeypatch.undo()


def test_a_link_does_not_count(held, tmp_path) -> None:
    with published(held, ADDRESS, "x"):
        elsewhere = tmp_path / "elsewhere"
        (held / DOOR).rename(elsewhere)
        (held / DOOR).symlink_to(elsewhere)
        assert found(held) is None
    assert elsewhere.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"address": 1, "secret": "x", "pid": 1, "version": "1"}',
        '{"address": "x", "secret": "x", "pid": "1", "version": "1"}',
        '{"address": "x", "secret": "x", "pid": 1, "version": "1", "more": 1}',
        "\udcff",
    ],
)
def test_what_is_no_door_does_not_count(held, text) -> None:
    (held / DOOR).write_bytes(text.encode("utf-8", "surrogateescape"))
    (held / DOOR).chmod(0o600)
    assert found(held) is None


def test_a_pipe_in_its_place_is_not_waited_for(held) -> None:
    os.mkfifo(held / DOOR, 0o600)
    assert found(held) is None


def test_a_disk_that_keeps_no_modes_gets_none(held, monkeypatch) -> None:
    monkeypatch.setattr(ui.local_file, "_is_ours_alone", lambda _: False)
    with published(held, ADDRESS, "x"):
        assert not (held / DOOR).exists()
        assert not list(held.glob(".*.part"))


def test_the_door_of_the_next_one_is_left_alone(held) -> None:
    with published(held, ADDRESS, "x"):
        (held / DOOR).write_text((held / DOOR).read_text().replace('"x"', '"y"'))
    assert (held / DOOR).exists()


def test_secrets_are_long_and_differ() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43
