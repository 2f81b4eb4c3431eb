"""Downloads of the model hub, or of its mirror."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from rag.model_files.places import File, Meter, PlaceError, open_part, part_size
from rag.text.wording import shortened

CONNECT_S = 3.0
READ_S = 30.0


def host(hub: str) -> str:
    """Return the name of a hub's machine, or the whole address where it has none."""
    return httpx.URL(hub).host or hub


def download(hub: str, folder_at: str, files: Sequence[File], folder: Path, meter: Meter) -> None:
    """Complete the ``.part`` of every file in `folder` with what the hub has in `folder_at`.

    Raises:
        PlaceError: it cannot; what did arrive is kept.
    """
    try:
        _probe(hub)
        timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
        with httpx.Client(follow_redirects=True, timeout=timeout) as client:
            done = 0
            for file in files:
                _download(client, f"{hub}/{folder_at}/{file.name}", file, folder, meter, done)
                done += file.size
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PlaceError(shortened(str(error)) or type(error).__name__) from None


def _download(client: httpx.Client, url: str, file: File, folder: Path, meter: Meter, done: int) -> None:
    while (have := part_size(folder, file.name)) < file.size:
        try:
            _download_rest(client, url, file, folder, lambda n: meter.at(done + n))
        except httpx.TransportError:
            if part_size(folder, file.name) <= have:  # else the line broke half-way: go on from there
                raise
        else:
            if part_size(folder, file.name) <= have:
                raise PlaceError(f"sends nothing more of {file.name}")


def _probe(url: str) -> None:
    """Fail within `CONNECT_S` when the hub cannot be reached.

    The look-up of a host name obeys no time-out of ours, so it waits in a thread of its own.
    """
    outcome: queue.SimpleQueue[httpx.HTTPError | httpx.InvalidURL | None] = queue.SimpleQueue()

    def knock() -> None:
        try:
            httpx.head(url, timeout=CONNECT_S)
            outcome.put(None)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            outcome.put(error)

    threading.Thread(target=knock, name="hub-probe", daemon=True).start()
    try:
        error = outcome.get(timeout=CONNECT_S + 0.5)
    except queue.Empty:
        raise PlaceError(f"no answer within {CONNECT_S:.0f} s") from None
    if error is not None:
        raise PlaceError(shortened(str(error)) or type(error).__name__)


def _download_rest(
    client: httpx.Client, url: str, file: File, folder: Path, report: Callable[[int], None]
) -> None:
    have = part_size(folder, file.name)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code not in (200, 206):
            raise PlaceError(f"HTTP {response.status_code} for {file.name}")
        if response.status_code == 200:
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise PlaceError(f"answers another range than the one asked of {file.name}")
        with open_part(folder, file.name, have) as part:
            for block in response.iter_bytes():
                have += len(block)
                if have > file.size:
                    raise PlaceError(f"{file.name} is longer than it should be")
                part.write(block)
                report(have)
    if have < file.size and response.status_code == 200:
        raise PlaceError(f"{file.name} is shorter than it should be")
