"""Comma- and tab-separated values: a line for each row, with the names of its columns."""

from __future__ import annotations

import csv
import io
from collections import Counter

from ingest.limits import Limits
from ingest.load.decode import decode
from ingest.load.draft import Draft
from ingest.load.formats import extension
from ingest.load.tables import render_rows
from rag.types import Text

_SAMPLE = 32 * 1024
_DELIMITERS = ";\t|,"  # a comma last: it also stands in numbers and sentences


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return the rows of a table as ``header: value; header: value`` lines."""
    text = decode(data, name).replace("\0", "\ufffd")
    csv.field_size_limit(len(text) + 1)
    delimiter = "\t" if extension(name) == ".tsv" else _delimiter(text[:_SAMPLE])
    draft = Draft()
    for line in render_rows(csv.reader(io.StringIO(text), delimiter=delimiter)):
        draft.block(line, group="rows")
    return draft.finish(name)


def _delimiter(sample: str) -> str:
    """Return the delimiter by which most rows have one number of columns, more than one.

    Not by `csv.Sniffer`: its pattern takes minutes over a few kilobytes with many quotation marks.
    """
    return max(_DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[int, int]:
    """Return the commonest number of columns above one as how many rows have it, and that number."""
    widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter))
    return max(((rows, columns) for columns, rows in widths.items() if columns > 1), default=(0, 0))
