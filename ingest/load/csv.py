"""Comma- and tab-separated values: a line for each row, with the names of its columns."""

from __future__ import annotations

import csv
import io

from ingest.limits import Limits
from ingest.load.decode import decode
from ingest.load.draft import Draft
from ingest.load.formats import extension
from ingest.load.tables import render_rows
from rag.types import Text

_SAMPLE = 32 * 1024
_DELIMITERS = ",;\t|"


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
    """Return what `csv.Sniffer` finds; where it does not decide, what is most frequent in the first line."""
    try:
        return csv.Sniffer().sniff(sample, _DELIMITERS).delimiter
    except csv.Error:
        first = sample.lstrip().split("\n", 1)[0]
        return max(_DELIMITERS, key=first.count)
