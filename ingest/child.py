"""A child process spoken to in frames, with a deadline for every exchange."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO, cast

HEADER = 8  # bytes of a frame's length
_CHUNK = 1 << 20
_TICK_S = 0.1  # between two looks at whether the answer is still wanted
_GRACE_S = 5.0  # for a process to be gone once it is killed or has closed its output


class Child:
    """A process that answers each request of some frames with one frame."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            process_group=0,  # Ctrl-C in a terminal is for the parent, which ends the child when it is done
        )
        self._input = cast(BinaryIO, self._process.stdin)
        self._output = cast(BinaryIO, self._process.stdout)
        os.set_blocking(self._input.fileno(), False)
        os.set_blocking(self._output.fileno(), False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def exchange(
        self,
        frames: Sequence[bytes],
        *,
        timeout_s: float,
        max_reply: int,
        wanted: Callable[[], bool] = lambda: True,
    ) -> bytes:
        """Send `frames` and return the frame that answers.

        Raises:
            TimeoutError: no whole answer within `timeout_s`.
            EOFError: the process ended, or answers with more than `max_reply` bytes.
            InterruptedError: the answer is not `wanted` any more.
        """
        deadline = time.monotonic() + timeout_s
        outgoing = [memoryview(part) for frame in frames for part in (pack_length(frame), frame)]
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._input, selectors.EVENT_WRITE)
            selector.register(self._output, selectors.EVENT_READ)
            while True:
                ready = selector.select(min(_TICK_S, max(0.0, deadline - time.monotonic())))
                if time.monotonic() >= deadline:
                    raise TimeoutError
                if not wanted():
                    raise InterruptedError
                for key, _ in ready:
                    if key.fileobj is self._output:
                        self._receive(received, max_reply)
                    elif not self._send(outgoing):
                        selector.unregister(self._input)
                if len(received) >= HEADER and len(received) >= HEADER + _length(received):
                    return bytes(received[HEADER:])

    def stop(self) -> int:
        """Kill the process if it still runs, and return its exit code: minus the signal that ended it."""
        try:
            return self._process.wait(0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(_GRACE_S)
        finally:
            self._input.close()
            self._output.close()

    def kill(self) -> None:
        """Kill the process without waiting; an exchange that goes on ends in `EOFError`."""
        self._process.kill()

    def ended(self) -> int:
        """Return the exit code of a process that has closed its output."""
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        return self.stop()

    def _send(self, outgoing: list[memoryview]) -> bool:
        """Send what the pipe takes, and say whether anything is left."""
        while outgoing:
            if outgoing[0]:
                try:
                    sent = os.write(self._input.fileno(), outgoing[0][:_CHUNK])
                except BlockingIOError:
                    return True
                except BrokenPipeError as error:
                    raise EOFError from error
                outgoing[0] = outgoing[0][sent:]
            else:
                outgoing.pop(0)
        return False

    def _receive(self, received: bytearray, max_reply: int) -> None:
        chunk = os.read(self._output.fileno(), _CHUNK)
        received += chunk
        if not chunk or (len(received) >= HEADER and _length(received) > max_reply):
            raise EOFError


def pack_length(frame: bytes) -> bytes:
    """Return the eight bytes that go before a frame."""
    return len(frame).to_bytes(HEADER, "big")


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame of a blocking stream; None at its end."""
    length = stream.read(HEADER)
    if len(length) < HEADER:
        return None
    size = _length(length)
    frame = stream.read(size)
    return frame if len(frame) == size else None


def write_frame(stream: BinaryIO, frame: bytes) -> None:
    """Write a frame and flush."""
    stream.write(pack_length(frame))
    stream.write(frame)
    stream.flush()


def _length(data: bytes | bytearray) -> int:
    return int.from_bytes(data[:HEADER], "big")
