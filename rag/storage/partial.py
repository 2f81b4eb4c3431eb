"""Files that are being written, beside the place that they are for.

Each is named by its process: what a killed one left is told from what another one is writing now.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.storage.holder import is_alive

_NAME = re.compile(r"\.(?P<of>.+)\.(?P<pid>\d+)-[a-z0-9_]{8}\.part(?:-journal|-wal|-shm)?")
_LOGS = ("", "-journal", "-wal", "-shm")
_ours: set[str] = set()


@contextmanager
def partial(file: Path) -> Iterator[Path]:
    """Yield a new file beside `file` to write to; it goes at the end, if it was not moved by then.

    Raises:
        OSError: there is no such folder, no space or no permission.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.{os.getpid()}-", suffix=".part", dir=file.parent)
    os.close(handle)
    made = Path(name)
    _ours.add(made.name)
    try:
        yield made
    finally:
        _ours.discard(made.name)
        for log in _LOGS:
            made.with_name(f"{made.name}{log}").unlink(missing_ok=True)


def abandoned(folder: Path, of: str | None = None) -> list[Path]:
    """Return what killed processes left in a folder, of the file with the name `of` or of any."""
    found = []
    for path in sorted(folder.glob(".*.part*")):
        match = _NAME.fullmatch(path.name)
        if match and of in (None, match["of"]) and not _in_use(path.name, int(match["pid"])):
            found.append(path)
    return found


def _in_use(name: str, pid: int) -> bool:
    if pid == os.getpid():  # or of one before that had the same number, as in a container
        return any(name.startswith(each) for each in _ours)
    return is_alive(pid)
