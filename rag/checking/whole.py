"""Whether a document read from a damaged catalogue is whole: nothing missing, and all of it fits (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.checking.index import UNIT
from rag.checking.remains import Row
from rag.types import Document, Passage

_SHA256 = re.compile(r"[0-9a-f]{64}|")
_STRINGS = ("id", "uri", "title", "media_type", "sha256", "added_at", "status")
_NUMBERS = ("n_chars", "n_passages")


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows of a document; None for what is not there or cannot be read."""

    document: Row
    text: Row | None
    passages: Sequence[tuple[Row | None, Row | None]]

    @property
    def rows(self) -> list[tuple[str, Row]]:
        """All rows with the names of their tables, what others point to first."""
        every = [("documents", self.document), ("texts", self.text)]
        for passage, vector in self.passages:
            every += [("passages", passage), ("vectors", vector)]
        return [(table, row) for table, row in every if row is not None]

    @property
    def cut(self) -> tuple[Document, list[Passage], list[str]]:
        """The document, its passages and the context of each, where it is whole."""
        held = [row for row, _ in self.passages if row is not None]
        own = [
            Passage(
                row["id"],
                row["document_id"],
                row["text"],
                row["start"],
                row["end"],
                row["page"],
                tuple(json.loads(row["headings"])),
            )
            for row in held
        ]
        return Document(**self.document), own, [row["context"] for row in held]


def fault(parts: Parts, n_bytes: int, *, has_text: bool) -> str:
    """Return what is wrong with a document, in words; nothing where it is whole.

    Args:
        parts: its rows.
        n_bytes: how long each vector is.
        has_text: whether the catalogue holds a text of it, readable or not.
    """
    facts = parts.document
    if not _facts_fit(facts):
        return "what is known of it is damaged"
    if parts.text is None:
        if has_text or facts["n_chars"] or facts["n_passages"]:
            return "its text cannot be read"
        return "parts of it are damaged" if parts.passages else ""
    text = parts.text["text"]
    pages = _listed(parts.text["pages"], int)
    if not isinstance(text, str) or len(text) != facts["n_chars"] or not _pages_fit(pages, facts, len(text)):
        return "its text is damaged"
    n_whole = sum(_passage_fits(row, vector, facts, text, n_bytes) for row, vector in parts.passages)
    if n_whole != len(parts.passages) or n_whole != facts["n_passages"]:
        return f"{max(1, facts['n_passages'] - n_whole)} of its {facts['n_passages']} passages are damaged"
    return ""


def _facts_fit(facts: Row) -> bool:
    return (
        all(isinstance(facts[name], str) for name in _STRINGS)
        and all(isinstance(facts[name], int) and facts[name] >= 0 for name in _NUMBERS)
        and isinstance(facts["n_pages"], int | None)
        and isinstance(facts["error"], str | None)
        and facts["status"] in ("ready", "failed")
        and _SHA256.fullmatch(facts["sha256"]) is not None
    )


def _pages_fit(pages: list[Any] | None, facts: Row, n_chars: int) -> bool:
    if pages is None:
        return False
    in_order = all(a <= b for a, b in zip([0, *pages], [*pages, n_chars], strict=True))
    return in_order and facts["n_pages"] in (len(pages) or None, None)


def _passage_fits(row: Row | None, vector: Row | None, facts: Row, text: str, n_bytes: int) -> bool:
    if row is None or vector is None or not isinstance(vector["vector"], bytes):
        return False
    fits = (
        row["document_id"] == facts["id"]
        and isinstance(row["id"], str)
        and row["id"] == vector["id"]
        and isinstance(row["start"], int)
        and isinstance(row["end"], int)
        and 0 <= row["start"] <= row["end"]
        and text[row["start"] : row["end"]] == row["text"]
        and isinstance(row["page"], int | None)
        and isinstance(row["context"], str)
        and _listed(row["headings"], str) is not None
        and len(vector["vector"]) == n_bytes
        and n_bytes % 4 == 0
    )
    if not fits:
        return False
    with np.errstate(all="ignore"):
        return bool(abs(np.linalg.norm(np.frombuffer(vector["vector"], np.float32)) - 1.0) < UNIT)


def _listed(value: Any, kind: type) -> list[Any] | None:
    """Return a list of this kind from JSON; None where it is something else."""
    try:
        found = json.loads(value)
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(each, kind) for each in found) else None
