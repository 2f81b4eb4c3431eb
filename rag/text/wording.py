"""Small words about texts and numbers: one line, a beginning, a number with its noun (pure)."""

from __future__ import annotations


def counted(n: int, noun: str) -> str:
    """Return a number with what it counts, such as ``1 case`` or ``2,000 cases``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def one_line(text: str) -> str:
    """Return a text with single spaces between its words."""
    return " ".join(text.split())


def shortened(text: str, limit: int = 140) -> str:
    """Return a text on one line of at most `limit` characters."""
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def beginning(text: str, limit: int) -> str:
    """Return a text on one line, cut between words where it has more than `limit` characters."""
    line = one_line(text)
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0] + " …"
