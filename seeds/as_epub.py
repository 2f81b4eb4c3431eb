"""A starter document as an EPUB book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.sax.saxutils import escape

from archives import STAMP, pack
from blocks import AUTHOR, Block, markup, parse, sections


def epub(source: str) -> bytes:
    """Return an EPUB 3 book with one chapter a heading."""
    page = (
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" lang="en">'
        "<head><title>{}</title></head><body>{}</body></html>"
    )
    parts = list(sections(parse(source)))
    title = parts[0][0].text
    names = [f"chapter-{number}" for number, _ in enumerate(parts)]
    toc = "".join(
        f'<li><a href="{n}.xhtml">{escape(h.text)}</a></li>' for n, (h, _) in zip(names, parts, strict=True)
    )
    types = {"nav": ' properties="nav"'} | dict.fromkeys(names, "")
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"{extra}/>'
        for name, extra in types.items()
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    package = (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">footnote-guide-privacy</dc:identifier><dc:title>{escape(title)}</dc:title>'
        f"<dc:creator>{AUTHOR}</dc:creator><dc:language>en</dc:language>"
        f'<meta property="dcterms:modified">{STAMP}</meta></metadata><manifest>{items}</manifest>'
        f"<spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?>\n'
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
        '<rootfiles><rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "book/content.opf": package,
    }
    files["book/nav.xhtml"] = page.format(title, f'<nav epub:type="toc"><ol>{toc}</ol></nav>')
    for name, (heading, body) in zip(names, parts, strict=True):
        files[f"book/{name}.xhtml"] = page.format(escape(heading.text), "".join(html([heading, *body])))
    return pack((name, text.encode()) for name, text in files.items())


def html(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield blocks as XHTML, bullets gathered into lists."""
    tags = {"title": "h1", "heading": "h2", "bullet": "li"}
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        tag = tags.get(kind, "p")
        lines = (f"<{tag}>{markup(b.text, '<b>{}</b>', '<code>{}</code>')}</{tag}>" for b in group)
        yield f"<ul>{''.join(lines)}</ul>" if kind == "bullet" else "".join(lines)
