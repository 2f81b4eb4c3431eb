"""The address that the chat listens on: on this machine only, and free."""

from __future__ import annotations

import ipaddress
import socket

from rag.errors import SettingsError


def check_host(host: str) -> None:
    """Refuse an address that others can reach, since there is no log-in yet.

    Raises:
        SettingsError: it is not a loopback address.
    """
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise SettingsError(
            f"setting 'host' is '{host}', which others could reach, and the chat has no log-in: "
            "use 127.0.0.1, and an SSH tunnel to reach it from elsewhere"
        )


def check_port(host: str, port: int) -> None:
    """Refuse an address that cannot be had, before anything heavy is loaded.

    Raises:
        SettingsError: the address is not one of this machine, or the port is taken.
    """
    listen(host, port).close()


def address(listener: socket.socket) -> str:
    """Return the address that a browser opens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the address; port 0 takes a free one.

    Raises:
        SettingsError: the address is not one of this machine, or the port is taken.
    """
    check_host(host)
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family)
    except OSError as error:
        raise SettingsError(
            f"port {port} of {host} cannot be used ({error.strerror or error}): "
            "stop what uses it, or choose another with --port or FOOTNOTE_PORT"
        ) from error
