"""What the building of the site does beyond mkdocs: fonts and colours of the product, and what code knows.

A new page needs its file below ``docs`` and a line under ``nav`` in ``mkdocs.yml``; the tests find it by
themselves. A page says ``<!-- made: settings -->`` where something goes that `made` makes from the code.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from made import MADE
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "ui/static"
FONTS = ("inter.woff2", "source-serif-4.woff2", "OFL-inter.txt", "OFL-source-serif-4.txt")
_PLACE = re.compile(r"^<!-- made: ([\w-]+) -->$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the product's own fonts, colours and mark, which are kept in one place only."""
    for name in FONTS:
        files.append(
            File.generated(config, f"assets/fonts/{name}", abs_src_path=str(STATIC / "fonts" / name))
        )
    files.append(File.generated(config, "assets/icon.svg", abs_src_path=str(STATIC / "icon.svg")))
    files.append(File.generated(config, "assets/site.css", abs_src_path=str(HERE / "site.css")))
    files.append(File.generated(config, "assets/tokens.css", content=_colours()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Put what is made from the code in its places."""

    def make(place: re.Match[str]) -> str:
        if place[1] not in MADE:
            raise PluginError(
                f"{page.file.src_uri}: nothing is made by the name '{place[1]}': see docs/making"
            )
        return MADE[place[1]]()

    return _PLACE.sub(make, markdown)


def _colours() -> str:
    """Return the product's colours, the dark ones where the theme of the site is dark."""
    return (
        (STATIC / "tokens.css")
        .read_text("utf-8")
        .replace(':root[data-theme="dark"]', '[data-md-color-scheme="slate"]')
    )
