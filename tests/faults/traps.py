"""What a trap is: a file made to break whatever reads it, and what is to be said of it.

`python traps.py FOLDER` makes them all, to look at.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ADDED = "added"
CANARY = "CANARY-of-a-file-outside"
"""Words of a file that no trap may bring into the library."""

Make = Callable[[], bytes] | Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Trap:
    """A hostile file.

    Attributes:
        name: its file name.
        outcome: `ADDED`, or a pattern that the reason of its refusal matches; joined by ``|`` where it may be
            either, by the version of a library.
        make: returns its bytes; or puts it, whatever it is, at the path that it is given.
        says: words that its text has when it is added.
        slow: takes seconds, or 10 MB and more; left out of the short run.
    """

    name: str
    outcome: str
    make: Make
    says: str = ""
    slow: bool = False

    def put(self, folder: Path) -> Path:
        """Make the file in a folder and return its path."""
        path = folder / self.name
        made = self.make(path) if _takes_path(self.make) else self.make()  # type: ignore[call-arg]
        if isinstance(made, bytes):
            path.write_bytes(made)
        return path


def _takes_path(make: Make) -> bool:
    return any(each.default is each.empty for each in inspect.signature(make).parameters.values())


def canary(folder: Path) -> Path:
    """Make the file that no trap may bring into the library."""
    path = folder / "secret.txt"
    path.write_text(CANARY)
    return path


def every(secret: Path) -> Iterator[Trap]:
    """Yield all traps; `secret` is the file that some of them try to read."""
    from traps_archives import archive_traps
    from traps_disk import disk_traps
    from traps_pdf import pdf_traps
    from traps_text import text_traps

    yield from archive_traps(secret)
    yield from pdf_traps()
    yield from text_traps(secret)
    yield from disk_traps(secret)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for folder in (target / "traps", target / "outside"):
        folder.mkdir(parents=True)
    for trap in every(canary(target / "outside")):
        trap.put(target / "traps")
