"""Traps in ZIP containers: docx, pptx, xlsx and epub."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from traps import ADDED, Trap

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTAINER = "urn:oasis:names:tc:opendocument:xmlns:container"
PARTS = "application/vnd.openxmlformats-"
RELATIONS = f'<Default Extension="rels" ContentType="{PARTS}package.relationships+xml"/>'
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
TENFOLD = "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10))
LAUGHS = f"<!DOCTYPE z [<!ENTITY a0 'lol'>{TENFOLD}]>"
TOO_BIG = "unpacks to more than 200 MB"
ENTITIES = "declares XML entities"
DEEP = "nested too deeply|is damaged"


def zipped(members: Mapping[str, bytes | str], level: int = 6) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def types(**parts: str) -> str:
    each = "".join(
        f'<Override PartName="/{name}" ContentType="{PARTS}officedocument.{kind}+xml"/>'
        for name, kind in parts.items()
    )
    return f'<Types xmlns="{PACKAGE}content-types">{RELATIONS}{each}</Types>'


def word(body: str = "", prolog: str = "", main: str = "word/document.xml", **more: bytes | str) -> bytes:
    """Return a Word document; keys of `more` have ``__`` for ``/`` and ``_dot_`` for a dot."""
    body = body or "<w:p><w:r><w:t>The keeper lit the lamp.</w:t></w:r></w:p>"
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": types(**{main: "wordprocessingml.document.main"}),
        "_rels/.rels": relations(("officeDocument", main, "")),
        main: f'<?xml version="1.0"?>{prolog}{document}',
    }
    others = {key.replace("__", "/").replace("_dot_", "."): value for key, value in more.items()}
    return zipped(members | others)


def relations(*targets: tuple[str, str, str]) -> str:
    each = "".join(
        f'<Relationship Id="r{i}" Type="{OFFICE}/{kind}" Target="{target}"{mode}/>'
        for i, (kind, target, mode) in enumerate(targets)
    )
    return f'<Relationships xmlns="{PACKAGE}relationships">{each}</Relationships>'


def workbook(rows: str, prolog: str = "", dimension: str = "A1") -> bytes:
    kinds = {"xl/workbook.xml": "spreadsheetml.sheet.main", "xl/worksheets/a.xml": "spreadsheetml.worksheet"}
    return zipped(
        {
            "[Content_Types].xml": types(**kinds),
            "_rels/.rels": relations(("officeDocument", "xl/workbook.xml", "")),
            "xl/_rels/workbook.xml.rels": relations(("worksheet", "worksheets/a.xml", "")),
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets><sheet name="Lamps" '
            'sheetId="1" r:id="r0"/></sheets></workbook>',
            "xl/worksheets/a.xml": f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{SHEET}"><dimension '
            f'ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>',
        }
    )


def cell(place: str, words: str) -> str:
    row = "".join(filter(str.isdigit, place))
    return f'<row r="{row}"><c r="{place}" t="inlineStr"><is><t>{words}</t></is></c></row>'


def book(chapter: str = "", prolog: str = "", spine: int = 1, href: str = "a.xhtml") -> bytes:
    chapter = chapter or "<p>The keeper lit the lamp.</p>"
    item = f'<item id="a" href="{href}" media-type="application/xhtml+xml"/>'
    refs = '<itemref idref="a"/>' * spine
    return zipped(
        {
            "META-INF/container.xml": f'<container xmlns="{CONTAINER}"><rootfiles>'
            '<rootfile full-path="b.opf"/></rootfiles></container>',
            "b.opf": f'{prolog}<package xmlns="http://www.idpf.org/2007/opf"><metadata/>'
            f"<manifest>{item}</manifest><spine>{refs}</spine></package>",
            "a.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{chapter}</body></html>',
        }
    )


def overlapping() -> bytes:
    """Return an archive whose directory names the same packed bytes sixty times."""
    packed = zlib.compress(bytes(5_000_000), 9)[2:-4]
    names = [b"word/%06d.xml" % i for i in range(60)]
    what = struct.pack(
        "<HHHHHIIIHH", 20, 0, 8, 0, 0, zlib.crc32(bytes(5_000_000)), len(packed), 5_000_000, 15, 0
    )
    local = b"PK\x03\x04" + what + names[0] + packed
    central = b"".join(b"PK\x01\x02\x14\0" + what + bytes(14) + name for name in names)
    end = struct.pack("<HHHHIIH", 0, 0, 60, 60, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end


def inside_itself() -> bytes:
    """Return an archive one of whose members is the rest of the archive, its own directory included."""
    data = bytearray(word(word__embeddings__self_dot_docx=b"x" * 10))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<II", data, at + 20, len(data) - 100, len(data) - 100)
    return bytes(data)


def lying() -> bytes:
    """Return a document that declares ten bytes and unpacks to 300 MB."""
    data = bytearray(zipped({"word/document.xml": bytes(300_000_000)}, 1))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.rindex(magic) + offset, 10)
    return bytes(data)


def locked() -> bytes:
    data = bytearray(workbook(cell("A1", "lamp")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def nested(levels: int) -> bytes:
    data = b"lamp"
    for level in range(levels):
        data = zipped({f"{level}.zip": data})
    return data


def picture() -> bytes:
    """Return the head of a PNG that claims 60,000 by 60,000 points."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def sdt(depth: int) -> str:
    """Return content controls, one in another."""
    return "<w:sdt><w:sdtContent>" * depth + "</w:sdtContent></w:sdt>" * depth


def archive_traps(secret: Path) -> Iterator[Trap]:
    external = f'<!DOCTYPE z [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    paragraph = "<w:p><w:r><w:t>&{};</w:t></w:r></w:p>"
    plain = "<w:p/>"
    yield Trap("bomb.docx", TOO_BIG, lambda: zipped({"word/document.xml": bytes(200_000_001)}, 1))
    yield Trap("bomb.pptx", TOO_BIG, lambda: zipped({"ppt/presentation.xml": "", "x": bytes(200_000_001)}, 1))
    yield Trap(
        "bomb.epub", TOO_BIG, lambda: zipped({"META-INF/container.xml": "", "x": bytes(200_000_001)}, 1)
    )
    yield Trap("swelling.xlsx", "more than 100 times its size", lambda: workbook(" " * 20_000_000))
    yield Trap("parts.docx", "more than 10,000 parts", lambda: word(**{f"x{i}": b"" for i in range(10_001)}))
    yield Trap("overlapping.docx", TOO_BIG, overlapping)
    yield Trap("inside-itself.docx", f"{ADDED}|damaged", inside_itself)
    yield Trap("nested.docx", ADDED, lambda: word(word__embeddings__a_dot_zip=nested(200)), "The keeper")
    yield Trap("lying.docx", "is damaged", lying, slow=True)
    yield Trap("locked.xlsx", "locked with a password", locked)
    yield Trap(
        "slipping.docx", ADDED, lambda: word(**{"..__..__..__tmp__slipped_dot_txt": b"x"}), "The keeper"
    )
    yield Trap("laughs.docx", ENTITIES, lambda: word(paragraph.format("a9"), LAUGHS))
    yield Trap("laughs.xlsx", ENTITIES, lambda: workbook(cell("A1", "&a9;"), LAUGHS))
    yield Trap("laughs.epub", ENTITIES, lambda: book(prolog=LAUGHS))
    yield Trap("laughs.pptx", ENTITIES, lambda: zipped({"ppt/presentation.xml": LAUGHS + "<a>&a9;</a>"}))
    yield Trap(
        "elsewhere.docx", f"{ENTITIES}|damaged", lambda: word(paragraph.format("a9"), LAUGHS, "word/main.bin")
    )
    yield Trap("reaching.docx", ENTITIES, lambda: word(paragraph.format("x"), external))
    yield Trap("reaching.xlsx", ENTITIES, lambda: workbook(cell("A1", "&x;"), external))
    yield Trap("reaching.epub", ENTITIES, lambda: book(prolog=external))
    yield Trap("wandering.epub", "is damaged|no text", lambda: book(href="../../../../../../etc/passwd"))
    yield Trap(
        "calling.docx",
        ADDED,
        lambda: word(
            word___rels__document_dot_xml_dot_rels=relations(
                ("attachedTemplate", "http://127.0.0.1:9/x.dotm", ' TargetMode="External"'),
                ("image", secret.as_uri(), ' TargetMode="External"'),
            )
        ),
        "The keeper",
    )
    yield Trap("deep.docx", DEEP, lambda: word(sdt(2_000)))
    yield Trap("deeper.docx", f"{DEEP}|more than", lambda: word(sdt(50_000)), slow=True)
    yield Trap("deep.xlsx", f"{DEEP}|no text", lambda: workbook("<row>" * 50_000 + "</row>" * 50_000))
    yield Trap("deep.epub", f"{DEEP}|{ADDED}", lambda: book("<div>" * 20_000 + "lamp" + "</div>" * 20_000))
    yield Trap("claims.xlsx", ADDED, lambda: workbook(cell("A1", "lamp"), dimension="A1:XFD1048576"), "lamp")
    yield Trap("far.xlsx", f"{ADDED}|more than", lambda: workbook(cell("XFD1048576", "lamp")), slow=True)
    yield Trap("wide.xlsx", ADDED, lambda: workbook(f'<row r="1">{"<c><v>1</v></c>" * 16_384}</row>'))
    yield Trap("picture.docx", ADDED, lambda: word(word__media__a_dot_png=picture()), "The keeper")
    yield Trap("cut.docx", "cut short or damaged", lambda: word()[:-60])
    yield Trap("head.docx", "cut short or damaged|damaged", lambda: b"PK\x03\x04")
    yield Trap(
        "echo.epub", "more than|too much memory", partial(book, "<p>lamp</p>" * 10_000, "", 20_000), slow=True
    )
    yield Trap(
        "paragraphs.docx", f"{ADDED}|more than|too much|no text", lambda: word(plain * 1_000_000), slow=True
    )
