"""E-mail messages."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from ingest.load import load
from rag.errors import BrokenDocument, EncryptedDocument


def message(
    body: str | None = "The pier is closed.\nUntil March.", subject: str = "Pier – closed"
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ada Grey <ada@example.org>"
    mail["To"] = "bob@example.org"
    mail["Date"] = "Tue, 04 Nov 2025 10:00:00 +0000"
    mail["Subject"] = subject
    if body is not None:
        mail.set_content(body)
    return mail


HEAD = (
    "From: Ada Grey <ada@example.org>\nTo: bob@example.org\nDate: Tue, 04 Nov 2025 10:00:00 +0000\n"
    "Subject: Pier – closed\n\n"
)


def test_headers_body_and_title():
    text = load(message().as_bytes(), "a.eml")

    assert text.text == HEAD + "The pier is closed.\nUntil March."
    assert (text.title, text.media_type) == ("Pier – closed", "message/rfc822")


def test_plain_text_is_preferred_to_html():
    mail = message()
    mail.add_alternative("<p>unwanted</p>", subtype="html")

    assert "unwanted" not in load(mail.as_bytes(), "a.eml").text


def test_html_alone_is_read_without_scripts():
    mail = message(None)
    mail.set_content("<script>x</script><p>The <b>pier</b></p><p>is closed.</p>", subtype="html")

    assert load(mail.as_bytes(), "a.eml").text == HEAD + "The pier\n\nis closed."


def test_attachments_are_named():
    mail = message()
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="plan of pier.pdf")
    mail.add_attachment(message("inner words"))

    assert load(mail.as_bytes(), "a.eml").text.endswith("Attachments: plan of pier.pdf, a forwarded message")


def test_a_message_without_a_body_is_its_headers():
    mail = message(None)
    mail.add_attachment(b"x", maintype="image", subtype="png", filename="pier.png")

    assert load(mail.as_bytes(), "a.eml").text == HEAD + "Attachments: pier.png"


@pytest.mark.parametrize("declared", ["us-ascii", "no-such-charset"])
def test_a_wrong_character_set_is_guessed(declared: str):
    head = f"From: a@example.org\nSubject: x\nContent-Type: text/plain; charset={declared}\n\n"

    assert "Größe" in load(head.encode() + "Die Größe der Brücke".encode(), "a.eml").text


def test_an_encrypted_message_is_refused():
    mail = "From: a@example.org\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIIB"
    with pytest.raises(EncryptedDocument, match=r"^a\.eml: the message is encrypted"):
        load(mail.encode(), "a.eml")


def test_what_is_no_message_is_refused():
    with pytest.raises(BrokenDocument, match=r"^a\.eml: it has no sender, date or subject"):
        load(b"just some words\nin a file", "a.eml")
