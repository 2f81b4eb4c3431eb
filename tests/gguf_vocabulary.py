"""The control tokens in the vocabulary of a GGUF file, read from its head without loading the model.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_CONTROL, _USER_DEFINED = 3, 4


def control_tokens(path: Path) -> list[str]:
    """Return the tokens that a server reads in text as signs: control tokens and those added to the words."""
    facts = metadata(path)
    tokens, kinds = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    return [token for token, kind in zip(tokens, kinds, strict=True) if kind in (_CONTROL, _USER_DEFINED)]


def metadata(path: Path) -> dict[str, Any]:
    """Return the key-value pairs of a GGUF file, version 2 or 3."""
    with path.open("rb") as file:
        magic, version, _, count = struct.unpack("<4sIQQ", file.read(24))
        assert magic == b"GGUF"
        assert version in (2, 3)
        return {_value(file, _STRING): _value(file, _number(file, "I")) for _ in range(count)}


def _number(file: BinaryIO, code: str) -> Any:
    return struct.unpack(f"<{code}", file.read(struct.calcsize(code)))[0]


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return file.read(_number(file, "Q")).decode("utf-8", "replace")
    if kind != _ARRAY:
        return _number(file, _NUMBERS[kind])
    of, count = _number(file, "I"), _number(file, "Q")
    if of in _NUMBERS:
        size = struct.calcsize(_NUMBERS[of])
        return list(struct.unpack(f"<{count}{_NUMBERS[of]}", file.read(size * count)))
    return [_value(file, of) for _ in range(count)]
