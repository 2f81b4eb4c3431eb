from __future__ import annotations

import socket

import pytest

from rag.errors import SettingsError
from ui.listen import address, check_host, check_port, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_addresses_of_this_machine_are_taken(host):
    check_host(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])  # noqa: S104
def test_addresses_that_others_reach_are_refused(host):
    with pytest.raises(SettingsError, match="setting 'host' is .* use 127.0.0.1"):
        check_host(host)
    with pytest.raises(SettingsError, match="setting 'host'"):
        check_port(host, 0)


def test_a_taken_port_is_named_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} of 127\.0\.0\.1 .* --port or FOOTNOTE_PORT"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_port_0_takes_a_free_one():
    with listen("127.0.0.1", 0) as listener:
        assert address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_ipv6_address_is_written_as_browsers_want_it():
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with listen("::1", 0) as listener:
        assert address(listener).startswith("http://[::1]:")
