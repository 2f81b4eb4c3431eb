"""The address that the chat listens on, who can reach it there, and the names by which it is called."""

from __future__ import annotations

import ipaddress
import socket

from rag.errors import SettingsError
from rag.settings import Settings

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what it is compared with
"""Addresses that stand for every address of this machine."""


def check_host(host: str, *, auth: bool = False) -> None:
    """Refuse an address that others can reach, unless who comes has to sign in.

    Raises:
        SettingsError: it is not a loopback address, and `auth` is off; or it is empty.
    """
    if not host:
        raise SettingsError("setting 'host' is '', which is no address: use 127.0.0.1")
    if not auth and not is_loopback(host):
        raise SettingsError(
            f"setting 'host' is '{host}', which others could reach without signing in: add --auth (users "
            "are made by 'footnote users add NAME'), or use 127.0.0.1, and an SSH tunnel from elsewhere"
        )


def check_reach(settings: Settings) -> None:
    """Refuse settings by which others could reach the chat without signing in.

    Raises:
        SettingsError: `host` is not a loopback address or `hosts` names others, and `auth` is off.
    """
    check_host(settings.host, auth=settings.auth)
    if settings.hosts and not settings.auth:
        raise SettingsError(
            f"setting 'hosts' lets others reach the chat as '{settings.hosts[0]}' without signing in: add "
            "--auth (users are made by 'footnote users add NAME'), or leave it out"
        )


def check_port(host: str, port: int, *, auth: bool = False) -> None:
    """Refuse an address that cannot be had, before anything heavy is loaded.

    Raises:
        SettingsError: the address is not one of this machine, or the port is taken.
    """
    listen(host, port, auth=auth).close()


def names_of(settings: Settings) -> frozenset[str]:
    """Return the names, beside those of this machine to itself, by which the chat may be called.

    They are the address of `host` and the names in `hosts`. Where `host` stands for every address, they are
    also the machine's own name, alone and under ``.local``; `ui.guard` then takes any address written in
    numbers, too: whatever site is behind one cannot make it lead here, as it could its own name.
    """
    names = {settings.host.lower(), *settings.hosts}
    if settings.host in ANY_ADDRESS:
        own = socket.gethostname().lower()
        short = own.partition(".")[0]
        names |= {own, short, f"{short}.local"} - {""}
    return frozenset(names)


def address(listener: socket.socket) -> str:
    """Return the address that a browser opens."""
    host, port = listener.getsockname()[:2]
    if host in ANY_ADDRESS:
        host = socket.gethostname() or "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def own_address(listener: socket.socket) -> str | None:
    """Return the loopback address of a listener; None where it hears another network only."""
    host, port = listener.getsockname()[:2]
    if host in ANY_ADDRESS:
        host = "::1" if ":" in host else "127.0.0.1"
    if not is_loopback(host):
        return None
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int, *, auth: bool = False) -> socket.socket:
    """Return a socket that listens at the address; port 0 takes a free one.

    Raises:
        SettingsError: others could reach it without signing in, it is not an address of this machine, or the
            port is taken.
    """
    check_host(host, auth=auth)
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family)
    except OSError as error:
        raise SettingsError(
            f"port {port} of {host} cannot be used ({error.strerror or error}): "
            "stop what uses it, or choose another with --port or FOOTNOTE_PORT"
        ) from error


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
