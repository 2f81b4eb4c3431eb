"""Traps in PDF, written object by object."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from traps import ADDED, Trap

SAID = b"BT /F1 12 Tf 72 700 Td (The keeper lit the lamp.) Tj ET"
WORDS = "The keeper lit the lamp."
BROKEN = "damaged|no text on"
FULL = "too much memory|more than|crashes the reader|no text on"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def pdf(*objects: bytes, trailer: bytes = b"", prev: bytes = b"") -> bytes:
    """Return a file of these objects, numbered from 1; the first is the catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s " % (len(objects) + 1, trailer)
    out += (prev % start if prev else b"") + b" >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def page(
    content: bytes = stream(SAID),
    *more: bytes,
    catalog: bytes = b"",
    entries: bytes = b"/MediaBox [0 0 612 792]",
    tree: bytes = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    resources: bytes = b"",
    **ends: bytes,
) -> bytes:
    """Return a file of one page: 1 catalogue, 2 page tree, 3 page, 4 content, 5 font, then `more`."""
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        tree,
        b"<< /Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> %s >> >>"
        % (entries, resources),
        content,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *more,
        **ends,
    )


def many_pages(count: int) -> bytes:
    first = 4
    kids = b" ".join(b"%d 0 R" % (first + i) for i in range(count))
    each = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 3 0 R >>"
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return pdf(b"<< /Type /Catalog /Pages 2 0 R >>", tree, stream(b""), *[each] * count)


def chain(depth: int) -> bytes:
    """Return a file whose one page lies below `depth` levels of the page tree."""
    node = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>"
    nodes = [node % (i + 3, max(i + 1, 2)) for i in range(depth)]
    leaf = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % (depth + 1)
    return pdf(b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, leaf)


def squeezed(content: bytes, times: int) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter [%s]" % (b"/FlateDecode " * times))


def calling_itself() -> bytes:
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    return page(stream(SAID + b" /X Do"), stream(b"/X Do /X Do", form), resources=b"/XObject << /X 6 0 R >>")


def looping_outline() -> bytes:
    item = b"<< /Title (Lamp) /Parent 6 0 R /Next 7 0 R /Prev 7 0 R /First 7 0 R /Dest [3 0 R /Fit] >>"
    return page(stream(SAID), b"<< /First 7 0 R /Last 7 0 R /Count 9 >>", item, catalog=b"/Outlines 6 0 R")


def pdf_traps() -> Iterator[Trap]:
    box = b"/MediaBox [-1e38 -1e38 1e38 1e38] /UserUnit 1e30"
    yield Trap(
        "huge-page.pdf",
        f"{ADDED}|{BROKEN}",
        lambda: page(entries=b"/MediaBox [0 0 1000000000 1000000000]"),
        WORDS,
    )
    yield Trap("endless-page.pdf", f"{ADDED}|{BROKEN}", lambda: page(entries=box))
    yield Trap("empty-page.pdf", f"{ADDED}|{BROKEN}", lambda: page(entries=b"/MediaBox [0 0 0 0]"))
    yield Trap(
        "tree-in-itself.pdf", BROKEN, lambda: page(tree=b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>")
    )
    yield Trap(
        "tree-of-fans.pdf",
        f"{ADDED}|{BROKEN}|more than",
        lambda: page(tree=b"<< /Type /Pages /Kids [%s] >>" % (b"2 0 R 3 0 R " * 2000)),
    )
    yield Trap("chain.pdf", BROKEN, lambda: chain(20_000))
    yield Trap(
        "claims-pages.pdf",
        f"{ADDED}|more than 5,000 pages|{BROKEN}",
        lambda: page(tree=b"<< /Type /Pages /Kids [3 0 R] /Count 2147483647 >>"),
    )
    yield Trap(
        "negative-pages.pdf",
        f"{ADDED}|{BROKEN}",
        lambda: page(tree=b"<< /Type /Pages /Kids [3 0 R] /Count -7 >>"),
    )
    yield Trap("many-pages.pdf", "more than 5,000 pages", lambda: many_pages(5001))
    yield Trap("calling-itself.pdf", f"{ADDED}|{FULL}", calling_itself)
    yield Trap(
        "length-of-itself.pdf",
        f"{ADDED}|{BROKEN}",
        lambda: page(b"<< /Length 4 0 R >>\nstream\n" + SAID + b"\nendstream"),
    )
    yield Trap(
        "names-itself.pdf", f"{ADDED}|{BROKEN}", lambda: page(catalog=b"/Names 1 0 R /AcroForm 1 0 R"), WORDS
    )
    yield Trap(
        "title-of-itself.pdf",
        ADDED,
        lambda: page(stream(SAID), b"<< /Title 6 0 R >>", trailer=b"/Info 6 0 R"),
        WORDS,
    )
    yield Trap("table-in-itself.pdf", f"{ADDED}|{BROKEN}", lambda: page(prev=b"/Prev %d"))
    yield Trap(
        "arrays.pdf",
        f"{ADDED}|{BROKEN}|crashes",
        lambda: page(stream(SAID), b"[" * 200_000 + b"]" * 200_000, catalog=b"/X 6 0 R"),
    )
    yield Trap("operands.pdf", f"{ADDED}|{BROKEN}", lambda: page(stream(b"[" * 300_000 + SAID)))
    yield Trap("looping-outline.pdf", ADDED, looping_outline, WORDS)
    yield Trap("swelling.pdf", FULL, lambda: page(squeezed(bytes(1_500_000_000), 1)), slow=True)
    yield Trap("swelling-thrice.pdf", FULL, lambda: page(squeezed(bytes(1_500_000_000), 3)), slow=True)
    yield Trap(
        "text.pdf",
        f"{ADDED}|more than",
        lambda: page(stream(b"BT /F1 1 Tf " + b"(lamp) Tj " * 300_000 + b"ET")),
        slow=True,
    )
    yield Trap("fonts.pdf", f"{ADDED}|{BROKEN}", lambda: page(stream(SAID.replace(b"12 Tf", b"1e38 Tf"))))
    yield Trap("far.pdf", f"{ADDED}|{BROKEN}", lambda: page(stream(SAID.replace(b"72 700", b"1e30 -1e30"))))
    yield Trap(
        "locked.pdf",
        "locked with a password",
        lambda: page(trailer=b"/Encrypt << /Filter /Nobody /V 9 >> /ID [<00><00>]"),
    )
    yield Trap(
        "launching.pdf",
        ADDED,
        lambda: page(
            catalog=b"/OpenAction << /S /Launch /F (/bin/true) >> "
            b"/AA << /WC << /S /JavaScript /JS (while\\(1\\);) >> >>"
        ),
        WORDS,
    )
    yield Trap("nothing.pdf", "damaged", lambda: b"%PDF-1.7\n" + bytes(20_000_000))
    yield Trap("headless.pdf", ADDED, lambda: page().removeprefix(b"%PDF-1.7\n"), WORDS)
    yield Trap("cut.pdf", f"{ADDED}|{BROKEN}", lambda: page()[:400])
