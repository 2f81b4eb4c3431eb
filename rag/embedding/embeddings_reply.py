"""What a server answers to a request for embeddings: read within bounds, and believed only after a look."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import numpy as np

from rag.errors import BadModelAnswer
from rag.vectors import Matrix, unit

MOST_BYTES = 64 * 2**20
"""Of an answer: 32 vectors of 4,096 numbers take 3 MB."""

_SHOWN = 120


class Refused(Exception):
    """An error that a server told, with the status that goes with it and the reply that it came in."""

    def __init__(self, said: str, status_code: int, response: httpx.Response) -> None:
        super().__init__(said)
        self.status_code = status_code
        self.response = response


def read(reply: httpx.Response, seconds: float) -> Any:
    """Return the JSON of a reply, which is there whole within `seconds`.

    Raises:
        Refused: it is an error.
        httpx.TransportError: it broke off, or it comes too slowly.
        BadModelAnswer: it is no JSON, or too much.
    """
    until = time.monotonic() + seconds
    body = bytearray()
    for part in reply.iter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            raise BadModelAnswer(f"answered with more than {MOST_BYTES >> 20} MiB")
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer comes too slowly", request=reply.request)
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    status, said = _error_in(answer)
    if not reply.is_success:
        raise Refused(said or _beginning(body), reply.status_code, reply)
    if status is not None:
        raise Refused(said, status, reply)
    if said or answer is None:
        raise BadModelAnswer(f"answered with something else than embeddings ({(said or _beginning(body))})")
    return answer


def vectors_of(answer: Any, count: int, dimensions: int) -> Matrix:
    """Return the vectors in an answer in the order of the texts, of unit length.

    Args:
        answer: JSON.
        count: how many there must be.
        dimensions: how many numbers each must have; 0 for any number.

    Raises:
        BadModelAnswer: they are not what was asked for.
    """
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        places = [row["index"] for row in rows]
        made = [row["embedding"] for row in rows]
        sizes = {len(each) for each in made}
    except (TypeError, KeyError) as error:
        raise BadModelAnswer("answered without embeddings in OpenAI's form") from error
    if places != list(range(count)):
        raise BadModelAnswer(f"gave {len(made)} vectors, numbered otherwise than the {count} texts")
    if len(sizes) != 1 or 0 in sizes:
        raise BadModelAnswer(f"gave vectors of {', '.join(map(str, sorted(sizes)))} numbers at once")
    if dimensions and sizes != {dimensions}:
        raise BadModelAnswer(
            f"gave vectors of {sizes.pop()} numbers, and of {dimensions} before: another model has its name"
        )
    try:
        with np.errstate(over="ignore"):  # what is too large becomes infinite
            vectors = np.array(made, np.float64).astype(np.float32)
    except (TypeError, ValueError) as error:
        raise BadModelAnswer("gave vectors of something else than numbers") from error
    if vectors.ndim != 2 or not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
        raise BadModelAnswer("gave a vector that is no direction: zeros, infinite or no numbers")
    return unit(vectors)


def _error_in(answer: Any) -> tuple[int | None, str]:
    """Return the status and the words of an error, which some servers send with status 200."""
    if not isinstance(answer, dict):
        return None, ""
    told = answer.get("error") or (answer if answer.get("object") == "error" else None)
    if not isinstance(told, dict):
        return None, str(told or "")
    code = told.get("code")
    return code if isinstance(code, int) and 400 <= code <= 599 else None, str(told.get("message") or told)


def _beginning(body: bytes | bytearray) -> str:
    words = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return words[:_SHOWN] or "nothing"
