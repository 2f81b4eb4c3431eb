"""What a check finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Area = Literal["catalogue", "lexical index", "vectors", "index", "sources", "disk"]
Repair = Literal["catalogue", "tables' indexes", "lexical index", "index", "leftovers", "space"]
"""Called with what is being looked at, how much of it is done, and of how much."""

RESTORE = "bring the library back by 'footnote restore FILE --replace', or add the documents to a new one"
SALVAGE = (
    "bring the library back by 'footnote restore FILE --replace', or save what is whole by "
    "'footnote check --repair'"
)
BY_ITSELF = "run 'footnote check --repair'"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: where, what, and what to do about it.

    `repair` is what can be made again; None where only the user can do something.
    """

    area: Area
    what: str
    advice: str
    repair: Repair | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return asdict(self)
