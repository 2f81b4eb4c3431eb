"""Traps in text, Markdown, HTML, tables, JSON and e-mail, and text in every old encoding."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from traps import ADDED, Trap

DEEP = "nested too deeply"
LATIN = "Über den Fluß führt eine Brücke, auf der die Wärter abends Öl für die Lampen tragen. Es wird spät. "
WESTERN = (
    "L'été, le gardien préparait la lampe à huile ; où qu'il fût, on voyait sa lumière jusqu'à la forêt. "
)
CENTRAL = "Strażnik zapalił lampę, bo żółta mgła okryła łódź; księżyc świecił nad wyspą aż do świtu. "
RUSSIAN = "Смотритель зажёг лампу на маяке, и корабли увидели свет с далёкого берега этой ночью. "
GREEK = "Ο φύλακας άναψε τη λάμπα του φάρου και τα πλοία είδαν το φως από μακριά εκείνη τη νύχτα. "
JAPANESE = "灯台守はランプに火をともし、船は遠くからその光を見ました。夜はとても静かでした。"
CHINESE = "看守点亮了灯塔的灯，船只从远处就看见了它的光。那天夜里海面非常平静。"
TAIWANESE = "看守點亮了燈塔的燈，船隻從遠處就看見了它的光。那天夜裡海面非常平靜。"
KOREAN = "등대지기는 등불을 켰고 배들은 멀리서 그 빛을 보았다. 그날 밤 바다는 매우 고요했다. "
HEBREW = "שומר המגדלור הדליק את המנורה והאוניות ראו את האור מרחוק באותו לילה שקט מאוד. "
ARABIC = "أشعل حارس المنارة المصباح ورأت السفن الضوء من بعيد في تلك الليلة الهادئة جدا. "
ENCODINGS = {
    "cp1252": LATIN,
    "latin-1": WESTERN,
    "iso8859-2": CENTRAL,
    "cp1250": CENTRAL,
    "cp1251": RUSSIAN,
    "koi8-r": RUSSIAN,
    "cp866": RUSSIAN,
    "iso8859-7": GREEK,
    "cp1255": HEBREW,
    "cp1256": ARABIC,
    "shift_jis": JAPANESE,
    "euc_jp": JAPANESE,
    "iso2022_jp": JAPANESE,
    "gb18030": CHINESE,
    "big5": TAIWANESE,
    "euc_kr": KOREAN,
    "mac_roman": WESTERN,
    "utf-8-sig": JAPANESE,
    "utf-16": RUSSIAN,
    "utf-16-le": WESTERN,
    "utf-16-be": LATIN,
    "utf-32": CHINESE,
    "utf-32-le": LATIN,
    "utf-32-be": RUSSIAN,
    "utf-7": "The keeper lit the lamp +- at night. ",
}
HEADERS = b"From: a@b.example\nSubject: Lamps\n"


def encoded(encoding: str) -> bytes:
    return (ENCODINGS[encoding] * 8).encode(encoding)


def mail(headers: bytes = b"", body: bytes = b"The keeper lit the lamp.") -> bytes:
    return HEADERS + headers + b"\n" + body


def forwarded(depth: int) -> bytes:
    return (HEADERS + b"Content-Type: message/rfc822\n\n") * depth + mail()


def boxed(depth: int) -> bytes:
    parts = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(depth)
    )
    return HEADERS + parts + b"\nThe keeper lit the lamp.\n"


def text_traps(secret: Path) -> Iterator[Trap]:
    yield from _markdown(secret)
    yield from _html(secret)
    yield from _tables()
    yield from _mail()
    yield from _kinds()
    for encoding, words in ENCODINGS.items():
        lost = encoding in ("utf-7", "mac_roman", "cp866")  # no reader can tell them for sure
        yield Trap(f"in-{encoding}.txt", ADDED, partial(encoded, encoding), "" if lost else words[:20])


def _markdown(secret: Path) -> Iterator[Trap]:
    yield Trap("headings.md", ADDED, lambda: b"# lamp\n" * 60_000, "# lamp")
    yield Trap("million-headings.md", ADDED, lambda: b"# lamp\n\nlit\n\n" * 1_000_000, slow=True)
    yield Trap(
        "spaces.md", ADDED, lambda: b"# lamp" + b" " * 1_000_000 + b"x\n# " + b"# " * 300_000, "# lamp"
    )
    yield Trap("front.md", ADDED, lambda: b"---\ntitle: a" + b" " * 500_000 + b"b\n---\n" * 2, "title")
    yield Trap("brackets.md", ADDED, lambda: b"![" * 200_000 + b"[lamp](" * 100_000)
    yield Trap("quotes.md", ADDED, lambda: b">" * 500_000 + b" lamp", "lamp")
    yield Trap("adorned.rst", ADDED, lambda: b"lamp\n====\n" * 60_000 + b"=" * 1_000_000, "lamp")
    yield Trap(
        "including.rst",
        ADDED,
        lambda: f"Lamps\n\n.. include:: {secret}\n.. raw:: html\n   :file: {secret}\n".encode(),
    )
    yield Trap("doubled.csv", ADDED, lambda: b"lamp;lit\nnorth;" + b'"";' * 9 + b'=""' * 4000, "lamp")
    yield Trap("line.txt", ADDED, lambda: b"lamp" * 500_000, "lamp")
    yield Trap("dots.txt", ADDED, lambda: b"a. " * 300_000 + b"." * 300_000, "a.")
    yield Trap(
        "breaks.txt", ADDED, lambda: b"a\n" + b"\n \t" * 300_000 + b"b" + b"\x0b\x0c\x1c\x85" * 100, "b"
    )
    yield Trap("marks.txt", ADDED, lambda: ("a" + "\u0301" * 300_000 + "\u200b" * 300_000).encode(), "a")
    yield Trap("line-100-mb.txt", "more than 50,000,000 characters", lambda: b"lamp " * 20_000_000, slow=True)
    yield Trap("line-40-mb.txt", ADDED, lambda: b"lamp " * 8_000_000, slow=True)
    yield Trap("over.txt", "larger than 100 MB", lambda: b"lamp " * 20_000_001, slow=True)


def _html(secret: Path) -> Iterator[Trap]:
    entity = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y "{"lol" * 100}">]>'
    laughs = "<!DOCTYPE html [<!ENTITY a0 'lol'>" + "".join(
        f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10)
    )
    yield Trap("reaching.html", ADDED, lambda: f"{entity}<p>Lamps &x; &y;</p>".encode(), "Lamps")
    yield Trap(
        "reaching.xhtml",
        ADDED,
        lambda: f'<?xml version="1.0"?>{entity}<html><p>Lamps &x;</p></html>'.encode(),
        "Lamps",
    )
    yield Trap("laughs.xhtml", ADDED, lambda: f"{laughs}]><html><p>Lamps &a9;</p></html>".encode(), "Lamps")
    yield Trap(
        "drawing.html",
        ADDED,
        lambda: (
            f'<html><p>Lamps</p><svg>{entity}<image href="{secret.as_uri()}"/><text>&x;</text></svg>'
            f'<iframe src="{secret.as_uri()}"></iframe><object data="{secret.as_uri()}"></object>'.encode()
        ),
        "Lamps",
    )
    yield Trap("deep.html", f"{DEEP}|{ADDED}", lambda: b"<div>" * 100_000 + b"lamp")
    yield Trap("tables.html", f"{DEEP}|{ADDED}", lambda: b"<table><tr><td>a<td>" * 1500 + b"lamp")
    yield Trap("unclosed.html", ADDED, lambda: b"<b><i><p>lamp " * 3000, "lamp")
    yield Trap(
        "attribute.html", ADDED, lambda: b'<p title="' + b"x" * 5_000_000 + b'">The keeper</p>', "The keeper"
    )
    yield Trap(
        "entities.html",
        ADDED,
        lambda: b"<p>lamp &#0; &#xD800; &#x110000; &#99999999999999999999; &nosuch;</p>",
        "lamp",
    )
    yield Trap("comment.html", f"{ADDED}|no text", lambda: b"<p>lamp</p><!--" + b"-" * 2_000_000)
    yield Trap("charset.html", ADDED, lambda: b'<meta charset="rot13"><p>lamp</p>', "lamp")
    yield Trap("hex.html", ADDED, lambda: b'<meta charset="hex"><p>lamp</p>', "lamp")
    yield Trap("headings.html", f"{ADDED}|more than", lambda: b"<h1>lamp</h1>" * 20_000)
    yield Trap(
        "million-headings.html",
        f"{ADDED}|more than|too much memory",
        lambda: b"<h1>lamp</h1>" * 1_000_000,
        slow=True,
    )


def _tables() -> Iterator[Trap]:
    yield Trap("deep.json", DEEP, lambda: b"[" * 1_000_000)
    yield Trap("deep-objects.json", DEEP, lambda: b'{"a":' * 200_000 + b"1" + b"}" * 200_000)
    yield Trap("number.json", ADDED, lambda: b'{"lamp": ' + b"9" * 1_000_000 + b"}", "lamp: 999")
    yield Trap("halves.json", ADDED, lambda: b'{"\\ud800": "lamp \\udfff \\u0000", "lit": NaN}', "lamp")
    yield Trap(
        "long-path.json",
        ADDED,
        lambda: b'{"%s": {%s}}' % (b"k" * 10_000, b",".join(b'"%d": 1' % i for i in range(300))),
    )
    yield Trap(
        "swelling.json",
        "too much memory|more than",
        lambda: b'{"%s": {%s}}' % (b"k" * 1_000_000, b",".join(b'"%d": 1' % i for i in range(9000))),
        slow=True,
    )
    yield Trap("lines.jsonl", ADDED, lambda: b'{"lamp": 1}\n' * 30_000, "lamp: 1")
    yield Trap("cell.csv", ADDED, lambda: b"a,b\n1," + b"lamp " * 400_000 + b"\n", "lamp")
    yield Trap("wide.csv", ADDED, lambda: b",".join([b"lamp"] * 100_000) + b"\n", "lamp")
    yield Trap("quote.csv", ADDED, lambda: b'a,b\n1,"' + b"lamp,\n" * 100_000, "lamp")
    yield Trap("quotes.csv", ADDED, lambda: b'lamp,"' + b'""' * 500_000, "lamp")
    yield Trap("nul.csv", ADDED, lambda: b"a,b\nlamp,\0\n", "lamp")
    yield Trap("rows.csv", f"{ADDED}|more than", lambda: b"lamp,1\n" * 1_000_000, slow=True)


def _mail() -> Iterator[Trap]:
    yield Trap("forwarded.eml", f"{DEEP}|{ADDED}", lambda: forwarded(10_000))
    yield Trap("boxed.eml", f"{DEEP}|{ADDED}", lambda: boxed(10_000))
    yield Trap(
        "headers.eml", ADDED, lambda: mail(b"".join(b"X-%d: y\n" % i for i in range(50_000))), "The keeper"
    )
    yield Trap("header.eml", f"{ADDED}|more than", lambda: mail(b"Cc: " + b"a@b.example, " * 2000 + b"\n"))
    yield Trap("folded.eml", f"{ADDED}|{DEEP}", lambda: mail(b"To: " + b'"(((((' * 300 + b"\n"))
    yield Trap(
        "words.eml",
        ADDED,
        lambda: b"From: =?no-such?Q?=FF=00?= <a@b>\nSubject: =?utf-8?B?////?=\n\nlamp",
        "lamp",
    )
    yield Trap(
        "charset.eml",
        ADDED,
        lambda: mail(b'Content-Type: text/plain; charset="no\0such"\n', b"lamp \xff"),
        "lamp",
    )
    yield Trap("hex.eml", ADDED, lambda: mail(b"Content-Type: text/plain; charset=hex\n", b"lamp"), "lamp")
    yield Trap("base64.eml", ADDED, lambda: mail(b"Content-Transfer-Encoding: base64\n", b"%%%bGFtcA=%%"))
    yield Trap(
        "parts.eml",
        ADDED,
        lambda: mail(b"Content-Type: multipart/mixed; boundary=x\n", b"--x\n\nlamp\n" * 20_000),
    )
    yield Trap("unbounded.eml", ADDED, lambda: mail(b"Content-Type: multipart/mixed\n", b"lamp"))
    yield Trap(
        "file-name.eml",
        ADDED,
        lambda: mail(
            b"Content-Type: multipart/mixed; boundary=x\n",
            b"--x\n\nlamp\n--x\nContent-Disposition: attachment; "
            b"filename*=utf-8''%00%ff..%2f..%2fetc\n\nx\n--x--",
        ),
        "lamp",
    )


def _kinds() -> Iterator[Trap]:
    yield Trap("nothing.txt", "the file is empty", lambda: b"")
    yield Trap("zeros.txt", "no text", lambda: bytes(100_000))
    yield Trap("nul.txt", ADDED, lambda: b"The keeper\0lit\0the lamp.\n" * 9, "The keeper")
    yield Trap(
        "noise.txt", "binary data, not text", lambda: bytes(i * i * 7919 >> 5 & 255 for i in range(50_000))
    )
    yield Trap(
        "halves.txt",
        ADDED,
        lambda: b"The keeper lit the lamp \xed\xa0\x80\xed\xb0\x80 at night.\n",
        "The keeper",
    )
    yield Trap(
        "short.txt", ADDED, lambda: b"The keeper lit the lamp \xff\xfe\xc0\x80\xf8\x88.\n", "The keeper"
    )
    yield Trap("picture.txt", "it is a PNG picture", lambda: b"\x89PNG\r\n\x1a\n" + bytes(99))
    yield Trap("program.md", "it is a program", lambda: b"\x7fELF" + bytes(99))
    yield Trap("words.pdf", "not a PDF", lambda: b"The keeper lit the lamp.")
    yield Trap("page.docx", "it is an HTML page", lambda: b"<html><p>lamp</p>")
    yield Trap("packed.txt", "it is a gzip archive", lambda: b"\x1f\x8b\x08" + bytes(99))
    yield Trap("archive.zip", "unpack it and add", lambda: b"PK\x05\x06" + bytes(18))
    yield Trap("quoted.txt.exe", r"does not read \.exe", lambda: b"MZ")
    yield Trap("README", "the name has no extension", lambda: b"lamp")
