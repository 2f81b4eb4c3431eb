"""E-mail messages: the header lines that a reader sees, the body, and the names of the attachments."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage, MIMEPart

from ingest.limits import Limits
from ingest.load import html
from ingest.load.decode import decode, normalise_newlines
from ingest.load.draft import Draft
from rag.errors import BrokenDocument, EncryptedDocument
from rag.types import Text

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")


def load(data: bytes, name: str, _: Limits) -> Text:
    """Return a message's header lines and body; its title is its subject."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    headers = {key: " ".join(str(message[key]).split()) for key in _SHOWN if message[key]}
    if not headers:
        raise BrokenDocument(f"{name}: it has no sender, date or subject, so it is no e-mail; save it again")
    if message.get_content_type() in _ENCRYPTED and message.get_param("smime-type") != "signed-data":
        raise EncryptedDocument(f"{name}: the message is encrypted; save it decrypted and add it again")
    draft = Draft()
    draft.block("\n".join(f"{key}: {value}" for key, value in headers.items()))
    draft.block(_body(message, name))
    attached = ", ".join(_attachments(message))
    draft.block(f"Attachments: {attached}" if attached else "")
    return draft.finish(name, headers.get("Subject"))


def _body(message: EmailMessage, name: str) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    words = _content(part, name)
    return html.visible_text(words) if part.get_content_type() == "text/html" else words


def _content(part: MIMEPart, name: str) -> str:
    """Return a part's text; its declared character set is often missing, wrong or unknown."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset()
    try:
        return normalise_newlines(raw.decode(charset or "ascii"))
    except (ValueError, LookupError):  # other bytes than it declares; no such name, or none that can be one
        return decode(raw, name)


def _attachments(message: EmailMessage) -> list[str]:
    names = []
    for part in message.iter_attachments():
        if part.get_content_type() == "message/rfc822":
            names.append("a forwarded message")
        elif filename := part.get_filename():
            names.append(" ".join(filename.split()))
    return names
