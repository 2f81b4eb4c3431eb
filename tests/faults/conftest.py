"""What needs a folder of files that is not part of the project is collected only where there is one."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("FOOTNOTE_ODD_FILES") else ["test_odd_files.py"]


def pytest_report_header() -> str:
    folder = os.environ.get("FOOTNOTE_ODD_FILES")
    return f"odd files: {folder}" if folder else "odd files: none; FOOTNOTE_ODD_FILES names a folder of them"
