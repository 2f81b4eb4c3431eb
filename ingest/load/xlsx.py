"""Excel workbooks: every visible sheet is a page with its name as heading, and a line for each row."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from typing import Any

from ingest.limits import Limits
from ingest.load.archive import open_archive, refuse_declarations
from ingest.load.draft import Draft
from ingest.load.tables import render_rows
from rag.types import Text


def load(data: bytes, name: str, limits: Limits) -> Text:
    """Return the rows of a workbook as ``header: value; header: value`` lines."""
    from openpyxl import load_workbook

    with open_archive(data, name, limits) as archive:
        refuse_declarations(archive, name)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    draft = Draft()
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            draft.page()
            lines = list(render_rows(_rows(sheet)))
            if lines:
                draft.heading(1, sheet.title)
            for line in lines:
                draft.block(line, group="rows")
        return draft.finish(name, book.properties.title, heading_is_title=False)
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # the declared extent is often wrong, and would cut rows off
    for row in sheet.iter_rows():
        yield [_shown(cell.value, cell.number_format if cell.value is not None else "") for cell in row]


def _shown(value: Any, number_format: str) -> str:
    """Return a cell's value much as Excel shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if "%" in number_format:
            return f"{value * 100:.10g}%"
        return f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return (
            value.isoformat(" ", "minutes") if value.time() != datetime.time() else value.date().isoformat()
        )
    return str(value)
