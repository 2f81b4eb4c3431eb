"""Which process holds a library's lock, as anybody finds out who may read its folder."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

LOCK = "writer.lock"
HOLDER = "writer.json"
"""Who holds the lock, in words."""

DOOR = "server.json"
"""Where the process that holds the lock can be asked to do things, if it serves; see `ui.local_file`."""


def holding_process(folder: Path) -> int | None:
    """Return the process that holds the lock of the library in `folder`.

    None where no process does, or one that has not signed yet.
    """
    if not _is_locked(folder / LOCK):
        return None
    try:
        pid = int(json.loads((folder / HOLDER).read_text("utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):  # half written
        return None
    return pid if is_alive(pid) else None


def is_alive(pid: int) -> bool:
    """Return whether there is a process with this number."""
    try:
        os.kill(pid, 0)
    except PermissionError:  # another user's
        return True
    except (OSError, OverflowError):
        return False
    return True


def _is_locked(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # held, or a disk that cannot tell
        return True
    finally:
        os.close(handle)  # a lock that was had goes with it
    return False
