"""Twenty ways to damage a file."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

PAGE = 4096


def _zeroed(data: bytes, start: int, length: int) -> bytes:
    end = min(start + length, len(data))
    return data[:start] + bytes(end - start) + data[end:]


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def _scattered(data: bytes, draw: random.Random) -> bytes:
    for _ in range(100):
        data = _flipped(data, draw.randrange(len(data)))
    return data


Way = Callable[[bytes, random.Random], bytes]
WAYS: dict[str, Way] = {
    "cut to nothing": lambda data, draw: b"",
    "cut to a byte": lambda data, draw: data[:1],
    "cut to a page": lambda data, draw: data[: min(PAGE, len(data) // 2)],
    "cut in half": lambda data, draw: data[: len(data) // 2],
    "cut anywhere": lambda data, draw: data[: draw.randrange(len(data))],
    "cut by a byte": lambda data, draw: data[:-1],
    "all zeros": lambda data, draw: bytes(len(data)),
    "zeros at the start": lambda data, draw: _zeroed(data, 0, 16),
    "zeros for a page": lambda data, draw: _zeroed(data, 0, PAGE),
    "zeros in the middle": lambda data, draw: _zeroed(data, len(data) // 2, PAGE),
    "zeros at the end": lambda data, draw: _zeroed(data, max(0, len(data) - PAGE), PAGE),
    "a flip at the start": lambda data, draw: _flipped(data, 0),
    "a flip in the middle": lambda data, draw: _flipped(data, len(data) // 2),
    "a flip at the end": lambda data, draw: _flipped(data, len(data) - 1),
    "a flip anywhere": lambda data, draw: _flipped(data, draw.randrange(len(data))),
    "a hundred flips": _scattered,
    "noise": lambda data, draw: draw.randbytes(len(data)),
    "halves changed over": lambda data, draw: data[len(data) // 2 :] + data[: len(data) // 2],
    "more at the end": lambda data, draw: data + draw.randbytes(100),
}
"""With `GONE` there are twenty."""

GONE = "gone"


def damage(path: Path, way: str, seed: int) -> bool:
    """Damage a file, and return whether it is another one now."""
    data = path.read_bytes()
    if way == GONE:
        path.unlink()
        return True
    if not data:
        return False
    changed = WAYS[way](data, random.Random(seed))
    path.write_bytes(changed)
    return changed != data
