"""Make the starter documents that are not plain text from the sources in ``seeds/source``.

Run ``python seeds/make.py`` with the development dependencies installed;
``python seeds/make.py FOLDER`` writes below another folder. The same sources give the same
bytes on each run: dates are fixed, and archives are packed anew with fixed timestamps.

The sources are Markdown (see ``seeds/blocks.py``); the spreadsheet is made from a CSV file. There is one
module for each family of formats.
"""

from __future__ import annotations

import sys
from pathlib import Path

from as_epub import epub
from as_office import docx, pptx, xlsx
from as_pdf import pdf

SEEDS = Path(__file__).parent
TARGETS = {
    "hmeimim/briefing.pdf": "hmeimim/briefing.md",
    "hmeimim/who-is-who.docx": "hmeimim/who-is-who.md",
    "hmeimim/figures.xlsx": "hmeimim/figures.csv",
    "guide/asking-questions.pdf": "guide/asking-questions.md",
    "guide/adding-documents.docx": "guide/adding-documents.md",
    "guide/privacy-and-limits.epub": "guide/privacy-and-limits.md",
    "guide/tour.pptx": "guide/tour.md",
}


def main(folder: Path) -> None:
    """Write every target below `folder`."""
    for target in TARGETS:
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(build(target))


def build(target: str) -> bytes:
    """Return the bytes of one target, named as in `TARGETS`."""
    source = (SEEDS / "source" / TARGETS[target]).read_text("utf-8")
    make = {".pdf": pdf, ".docx": docx, ".xlsx": xlsx, ".pptx": pptx, ".epub": epub}[Path(target).suffix]
    return make(source)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
