"""The kernel's own refusal to open files that a parser has no business with: the user's, other processes'.

Landlock(7), by its system calls. Where the kernel is older than it or has it off, nothing changes.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress

SYSTEM = (
    *("/bin", "/lib", "/lib32", "/lib64", "/sbin", "/usr", "/opt", "/nix", "/gnu", "/snap", "/sys"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/ssl"),
    *("/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"),
    *("/proc/cpuinfo", "/proc/filesystems", "/proc/meminfo", "/proc/self", "/proc/stat", "/proc/sys"),
)
"""Where programs, their libraries and facts about the machine lie."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every processor
_VERSION = 1  # flag: tell the version only
_PATH_BENEATH = 1
_READ_FILE, _READ_FOLDER = 4, 8
_FIRST_VERSION = 0x1FFF  # all that the first version can refuse
_PR_SET_NO_NEW_PRIVS = 38


def install(readable: Iterable[str]) -> bool:
    """Refuse, from now on, every file but those at and below the given paths, which may only be read.

    Returns:
        Whether the kernel refuses. Paths that are not there are left out.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    libc.syscall.restype = ctypes.c_long
    if libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION) < 1:
        return False
    handled = struct.pack("=Q", _FIRST_VERSION)
    ruleset = libc.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            with suppress(OSError):
                _allow(libc, ruleset, path)
        return bool(
            libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            and libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
        )
    finally:
        os.close(ruleset)


def places_of_python() -> list[str]:
    """Return where this Python's own modules and libraries lie."""
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    found = (*sys.path, sys.prefix, sys.base_prefix, sys.exec_prefix, *libraries)
    return sorted({os.path.realpath(path) for path in found if path})


def _allow(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]
    try:
        rights = _READ_FILE | (_READ_FOLDER if os.path.isdir(path) else 0)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)
