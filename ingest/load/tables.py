"""Rows of cells to lines of text that each say what they mean: ``header: value; header: value`` (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

Row = Sequence[str]

_NUMBER = re.compile(r"[\s$€£¥+\-(]*\d[\d\s.,:/\-]*(?:[eE][+-]?\d+)?\s*[%$€£¥)]?")
_LONGEST_HEADER = 80
_LONGEST_PREAMBLE = 10


def render_rows(rows: Iterable[Row]) -> Iterator[str]:
    """Yield one line for each row that has a value, led by the names in the header row if there is one."""
    filled = ([" ".join(cell.split()) for cell in row] for row in rows)
    filled = (row for row in filled if any(row))
    head = [row for _, row in zip(range(_LONGEST_PREAMBLE + 2), filled, strict=False)]
    place = _header_place(head)
    for row in head[: place or 0]:
        yield _plain(row)
    header = head[place] if place is not None else []
    for row in head[0 if place is None else place + 1 :]:
        yield _line(header, row)
    for row in filled:
        yield _line(header, row)


def _header_place(rows: Sequence[Row]) -> int | None:
    """Return which row names the columns: the first with as many cells as the next ones, if it looks so."""
    for i, row in enumerate(rows[:-1]):
        names = [cell for cell in row if cell]
        following = rows[i + 1]
        if len(names) < 2 and sum(map(bool, following)) > len(names):
            continue  # a caption above the table
        numeric = any(_NUMBER.fullmatch(name) for name in names)
        long = any(len(name) > _LONGEST_HEADER for name in names)
        twice = len(set(names)) < len(names)
        repeated = any(cell and cell == name for cell, name in zip(following, row, strict=False))
        narrow = len(names) * 2 < sum(map(bool, following))
        return None if numeric or long or twice or repeated or narrow else i
    return None


def _line(header: Row, row: Row) -> str:
    if not header:
        return _plain(row)
    named = [
        f"{header[i]}: {cell}" if i < len(header) and header[i] else cell
        for i, cell in enumerate(row)
        if cell
    ]
    return "; ".join(named)


def _plain(row: Row) -> str:
    return " | ".join(cell for cell in row if cell)
