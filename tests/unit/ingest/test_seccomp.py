"""Native code in a process of its own, behind the kernel's refusals. Those of files need a newer kernel."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import landlock, seccomp

PREAMBLE = """
import ctypes, errno, os, sys, threading
from ingest import landlock, seccomp
libc = ctypes.CDLL(None, use_errno=True)
def native(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    print(name, result, errno.errorcode.get(ctypes.get_errno()))
"""
EXEC = 'ctypes.c_char_p(b"/bin/true"), (ctypes.c_char_p * 2)(b"/bin/true", None), None'


def run(code: str) -> list[str]:
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PREAMBLE + code]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


FILTERED = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")


def test_the_kernel_refuses_native_code(tmp_path: Path):
    (tmp_path / "a").write_text("words")
    attempts = (
        "'socket', 2, 1, 0",
        "'socketpair', 1, 1, 0, (ctypes.c_int * 2)()",
        "'fork'",
        f"'execve', {EXEC}",
        "'kill', os.getppid(), 0",
        f"'unlink', {os.fsencode(tmp_path / 'a')!r}",
        f"'rename', {os.fsencode(tmp_path / 'a')!r}, {os.fsencode(tmp_path / 'b')!r}",
        f"'open', {os.fsencode(tmp_path / 'a')!r}, {os.O_WRONLY | os.O_TRUNC}",
        f"'mkdir', {os.fsencode(tmp_path / 'c')!r}, 0o700",
        "'syscall', 425, 1, None",
    )
    told = run(
        "on = seccomp.install()\nprint(on)\n" + "".join(f"if on: native({each})\n" for each in attempts)
    )

    refused = [f"{each.split(',')[0].strip(chr(39))} -1 EPERM" for each in attempts]
    assert told == (["True", *refused] if FILTERED else ["False"])
    assert (tmp_path / "a").read_text() == "words"


def test_what_reading_needs_still_works(tmp_path: Path):
    (tmp_path / "a").write_text("words")
    told = run(
        "seccomp.install()\n"
        "thread = threading.Thread(target=print, args=['a thread'])\n"
        "thread.start()\nthread.join()\n"
        f"print(open({str(tmp_path / 'a')!r}).read())\n"
        "import zipfile, json, csv; print(len(os.listdir('/')) > 0)\n"
    )

    assert told == ["a thread", "words", "True"]


def test_a_crash_is_still_a_crash():
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    code = "import os; from ingest import seccomp; seccomp.install(); os.abort()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env, timeout=300)

    assert done.returncode == -6


def test_files_of_the_user_are_hidden_or_the_fence_says_that_they_are_not(tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "a").write_text("words")
    told = run(
        f"print(landlock.install([{str(tmp_path / 'library')!r}, '/proc/self', '/no/such/place']))\n"
        f"for path in ({str(tmp_path / 'secret')!r}, f'/proc/{{os.getppid()}}/environ', '/proc/self/stat',"
        f" {str(tmp_path / 'library' / 'a')!r}):\n"
        "    try: print(len(open(path).read()) > 0)\n"
        "    except PermissionError: print('refused')\n"
        f"try: open({str(tmp_path / 'library' / 'b')!r}, 'w')\n"
        "except PermissionError: print('not written')\n"
    )

    if told[0] == "False":
        assert told[1:4] == ["True"] * 3
        return
    assert told == ["True", "refused", "refused", "True", "True", "not written"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_a_processor(machine: str):
    program = seccomp._program(machine)

    assert program is not None
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096  # the most that the kernel takes
    column = ("x86_64", "aarch64").index(machine)
    for numbers in seccomp.REFUSED.values():
        number = numbers[column]
        assert number is None or seccomp._step(seccomp._EQUAL, number, 0, 1) in program


def test_an_unknown_processor_has_no_filter(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    assert seccomp.install() is False


def test_another_system_hides_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "darwin")
    assert landlock.install(["/"]) is False
    assert seccomp.install() is False


def test_the_places_of_python_hold_its_modules():
    places = landlock.places_of_python()
    for module in (os, pytest, seccomp):
        assert any(Path(str(module.__file__)).resolve().is_relative_to(place) for place in places)
