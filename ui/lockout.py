"""Too many wrong passwords: after five in a minute from one address, or for one name, no more are tried.

A name is counted as well as an address, so that many addresses together cannot try one name. The price is
that somebody who knows a name can keep its owner from signing in while he goes on; who is signed in stays so.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

TRIES = 5
"""Wrong passwords after which nobody may try."""

WINDOW_S = 60.0
"""Seconds for which a wrong password counts."""

MOST_KEYS = 20_000
"""Addresses and names that are remembered, about 5 MB; those that failed longest ago are forgotten first."""


class Lockout:
    """Counts failures by key, in memory. For one thread: the one of the server's loop."""

    def __init__(self, now: Callable[[], float] = time.monotonic, most_keys: int = MOST_KEYS) -> None:
        """Remember nothing yet; `now` is the clock, in seconds."""
        self._now = now
        self._most_keys = most_keys
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, *keys: str) -> float:
        """Return the seconds until the next try with these keys; 0 where it may be now."""
        return max(map(self._wait, keys), default=0.0)

    def begin(self, *keys: str) -> float:
        """Count a try as failed until `forgive` says otherwise, so that tries at the same time count, too.

        Returns the moment that `forgive` takes.
        """
        now = self._now()
        for key in keys:
            self._failures[key] = [*self._recent(key), now]
            self._failures.move_to_end(key)
        while len(self._failures) > self._most_keys:
            self._failures.popitem(last=False)
        return now

    def forgive(self, moment: float, *keys: str) -> None:
        """Take back one try that was right; earlier failures go on counting."""
        for key in keys:
            if moment in (times := self._failures.get(key, [])):
                times.remove(moment)
                if not times:
                    del self._failures[key]

    def _wait(self, key: str) -> float:
        recent = self._recent(key)
        return recent[-TRIES] + WINDOW_S - self._now() if len(recent) >= TRIES else 0.0

    def _recent(self, key: str) -> list[float]:
        since = self._now() - WINDOW_S
        return [moment for moment in self._failures.get(key, ()) if moment > since]


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
