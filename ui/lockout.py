"""Too many wrong passwords: after five in a minute from one address, or for one name, no more are tried.

A name is counted as well as an address, so that many addresses together cannot try one name. The price is
that somebody who knows a name can keep its owner from signing in while he goes on; who is signed in stays so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from rag.people.limits import LASTING_S, Limits

TRIES = 5
"""Wrong passwords after which nobody may try."""

WINDOW_S = LASTING_S
"""Seconds for which a wrong password counts."""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that may be made, counted `at` a moment under some keys; or not, for so many `seconds`."""

    keys: tuple[str, ...]
    at: float
    seconds: float = 0.0


class Lockout:
    """Counts failures by key, for every process of a library. Safe for threads."""

    def __init__(self, limits: Limits) -> None:
        """Count among these."""
        self._limits = limits

    def begin(self, *keys: str) -> Try:
        """Count a try as failed until `forgive` says otherwise, so that tries at the same time count, too.

        One that may not be made is not counted.

        Raises:
            StorageError: it cannot be counted.
        """
        with self._limits.changing(*keys) as counts:
            recent = {key: within(times, counts.now) for key, times in counts.of.items()}
            seconds = max((wait(times, counts.now) for times in recent.values()), default=0.0)
            if not seconds:
                counts.of.update({key: [*times, counts.now] for key, times in recent.items()})
            return Try(keys, counts.now, seconds)

    def forgive(self, tried: Try) -> None:
        """Take back one try that was right; earlier failures go on counting.

        Raises:
            StorageError: it cannot be taken back.
        """
        with self._limits.changing(*tried.keys) as counts:
            for times in counts.of.values():
                if tried.at in times:
                    times.remove(tried.at)


def within(times: Sequence[float], now: float) -> list[float]:
    """Return the failures that count; what lies ahead, a clock that was set back has left there (pure)."""
    return [moment for moment in times if now - WINDOW_S < moment <= now + WINDOW_S]


def wait(recent: Sequence[float], now: float) -> float:
    """Return the seconds until the next try after these failures; 0 where it may be now (pure)."""
    return recent[-TRIES] + WINDOW_S - now if len(recent) >= TRIES else 0.0


def address_key(address: str) -> str:
    """Return what an address is counted as: of IPv6 the network of 64 bits, which one household has whole."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"address {address[:64]}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address {parsed.ipv4_mapped}"
        return f"address {ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address {parsed}"


def name_key(name: str) -> str:
    """Return what a user's name is counted as, whether there is such a user or not."""
    return f"name {name[:64]}"
