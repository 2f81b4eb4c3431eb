"""Reads a safetensors file in place, where its own library for numpy copies all of it.

The weights of the embedder take 80 ms to copy and 6 to map. Half of them are the rows of words, of which a
question touches some dozens: the others need not even come from the disk.
"""

from __future__ import annotations

import json
from math import prod
from mmap import ACCESS_COPY, mmap
from pathlib import Path

import numpy as np

from rag.vectors import Matrix

_LENGTH = 8
"""Bytes that tell how long the header is: <https://huggingface.co/docs/safetensors#format>."""


def mapped(file: Path) -> dict[str, Matrix]:
    """Return the float32 tensors of a file by their names; others are left out.

    What is written to them stays in this process. The file must not be cut short meanwhile.
    """
    with file.open("rb") as opened:
        whole = mmap(opened.fileno(), 0, access=ACCESS_COPY)
    start = _LENGTH + int.from_bytes(whole[:_LENGTH], "little")
    return {
        name: np.frombuffer(whole, "<f4", prod(tensor["shape"]), start + tensor["data_offsets"][0]).reshape(
            tensor["shape"]
        )
        for name, tensor in json.loads(whole[_LENGTH:start]).items()
        if tensor.get("dtype") == "F32"
    }
