"""What reading one file may take, and the words for a file that takes more."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from rag.errors import LimitExceeded

if TYPE_CHECKING:
    from rag.settings import Settings  # not for the parsing process: it takes memory


@dataclass(frozen=True, slots=True)
class Limits:
    """How far reading one file goes; each is a setting of the same name in `rag.settings.Settings`.

    Attributes:
        max_file_mb: size of the file, in millions of bytes.
        max_pages: pages of a PDF.
        max_megapixels: of a picture that is looked at: a scanned page.
        max_decompressed_mb: what a docx, pptx, xlsx or epub file unpacks to, in millions of bytes.
        max_ratio: that size against the packed one; only what unpacks to more than 10 MB is measured.
        max_entries: parts of such a file.
        max_characters: length of the text.
        load_timeout_s: time from sending the file to having its text, start of the process included, and as
            much of the processor's.
        load_memory_mb: address space of the parsing process, in units of 2^20 bytes. Python with markitdown
            takes 260 of them before it has read anything.
        ocr: whether pages without text, and pictures of text, are read by OCR.
        ocr_memory_mb: address space of the parsing process then; a page takes 1,300.
        ocr_page_s: what each page that is read by OCR adds to the time; a full one takes 11 s of one core.
    """

    max_file_mb: float = 100
    max_pages: int = 5000
    max_megapixels: float = 50
    max_decompressed_mb: float = 200
    max_ratio: float = 100
    max_entries: int = 10_000
    max_characters: int = 50_000_000
    load_timeout_s: float = 30
    load_memory_mb: int = 1024
    ocr: bool = False
    ocr_memory_mb: int = 3072
    ocr_page_s: float = 180

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that are set."""
        return cls(**{name: getattr(settings, name) for name in cls.__slots__})

    @property
    def max_bytes(self) -> int:
        """Bytes that a file may have."""
        return int(self.max_file_mb * 1_000_000)

    @property
    def max_decompressed(self) -> int:
        """Bytes that a file may unpack to."""
        return int(self.max_decompressed_mb * 1_000_000)

    @property
    def memory_bytes(self) -> int:
        """Bytes of address space."""
        return (self.ocr_memory_mb if self.ocr else self.load_memory_mb) << 20

    def with_time_for(self, pages: int) -> Self:
        """Return the same with the time that OCR of this many pages may take."""
        return replace(self, load_timeout_s=self.load_timeout_s + pages * self.ocr_page_s)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values, ready for JSON."""
        return asdict(self)


DEFAULT_LIMITS = Limits()


def exceeded(name: str, what: str, setting: str, *, do: str = "split it into smaller files") -> LimitExceeded:
    """Return the error of a file that goes beyond a limit.

    Args:
        name: the file's.
        what: what it does, as in "it has more than 5,000 pages".
        setting: the one that moves the limit.
        do: what else helps.
    """
    return LimitExceeded(f"{name}: {what}; {do} or raise the setting '{setting}'")
