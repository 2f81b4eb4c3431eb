"""Pictures of text (png, jpg, tiff), read only by OCR: each is a page, or each frame of a tiff."""

from __future__ import annotations

import io
from typing import Any

from ingest.limits import Limits, exceeded
from ingest.load import ocr
from ingest.load.paragraphs import Line
from ingest.load.pdf import write
from rag.types import Text


def load(data: bytes, name: str, limits: Limits, scans: ocr.Scans = "read") -> Text:
    """Return the words in a picture; none, but its pages, where they are not to be read.

    Raises:
        LimitExceeded: a page has more pixels than it may.
    """
    from PIL import Image, ImageSequence

    Image.MAX_IMAGE_PIXELS = None  # the check below has better words
    pages: list[list[Line]] = []
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as picture:
        for frame in ImageSequence.Iterator(picture):
            if frame.width * frame.height > limits.max_megapixels * 1_000_000:
                what = f"it has more than {limits.max_megapixels:g} megapixels"
                raise exceeded(name, what, "max_megapixels", do="make the picture smaller")
            pages.append(ocr.read(_pixels(frame)) if scans == "read" else [])
    return write(pages, {}, name, "")


def _pixels(frame: Any) -> Any:
    """Return a frame upright, on white, no larger than is read, as an array with blue first."""
    import numpy as np
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(frame)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    plain = upright.convert("RGB")
    plain.thumbnail((ocr.MAX_SIDE, ocr.MAX_SIDE))
    return np.ascontiguousarray(np.asarray(plain)[:, :, ::-1])
