"""Archives with fixed dates, so that the same sources give the same bytes."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable

DATE = dt.datetime(2025, 10, 31, 12, 0, 0)
STAMP = f"{DATE.isoformat()}Z"


def repack(archive: io.BytesIO) -> bytes:
    """Return an Office file with the dates of its making replaced by fixed ones."""
    with zipfile.ZipFile(archive) as files:
        entries = [(name, files.read(name)) for name in files.namelist()]
    dates = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
    return pack(
        (name, dates.sub(rb"\g<1>" + STAMP.encode(), data) if name == "docProps/core.xml" else data)
        for name, data in entries
    )


def pack(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip archive of the entries, in order and with fixed timestamps."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as files:
        for name, data in entries:
            info = zipfile.ZipInfo(name, DATE.timetuple()[:6])
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            files.writestr(info, data, compresslevel=9)
    return out.getvalue()
