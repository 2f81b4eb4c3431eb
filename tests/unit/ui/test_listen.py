from __future__ import annotations

import socket

import pytest

from rag.errors import SettingsError
from rag.settings import Settings
from ui.listen import address, check_host, check_port, check_reach, listen, names_of


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_addresses_of_this_machine_are_taken(host):
    check_host(host)


OTHERS = ["0.0.0.0", "::", "192.168.1.5", "example.com"]


@pytest.mark.parametrize("host", OTHERS)
def test_addresses_that_others_reach_need_a_sign_in(host):
    how = "setting 'host' is .* add --auth .*'footnote users add NAME'.* use 127.0.0.1"
    with pytest.raises(SettingsError, match=how):
        check_host(host)
    with pytest.raises(SettingsError, match=how):
        check_port(host, 0)
    with pytest.raises(SettingsError, match=how):
        check_reach(Settings(host=host))
    check_host(host, auth=True)
    check_reach(Settings(host=host, auth=True))


@pytest.mark.parametrize("auth", [True, False])
def test_an_empty_address_is_none(auth):
    with pytest.raises(SettingsError, match="setting 'host' is ''"):
        check_host("", auth=auth)


def test_names_by_which_others_come_need_a_sign_in_as_well():
    with pytest.raises(SettingsError, match=r"'docs\.example\.com' without signing in: add --auth"):
        check_reach(Settings(hosts="docs.example.com"))
    check_reach(Settings(hosts="docs.example.com", auth=True))


@pytest.mark.parametrize(
    ("host", "hosts", "names"),
    [
        ("127.0.0.1", (), {"127.0.0.1"}),
        ("192.168.1.5", ("Docs.Example.com",), {"192.168.1.5", "docs.example.com"}),
        ("0.0.0.0", ("a", "b"), {"0.0.0.0", "a", "b", "box.lan", "box", "box.local"}),
        ("::", (), {"::", "box.lan", "box", "box.local"}),
    ],
)
def test_the_names_by_which_the_chat_is_called(monkeypatch, host, hosts, names):
    monkeypatch.setattr(socket, "gethostname", lambda: "Box.lan")
    assert names_of(Settings(host=host, hosts=hosts, auth=True)) == names


def test_every_address_is_shown_by_the_name_of_the_machine(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    with listen("0.0.0.0", 0, auth=True) as listener:
        assert address(listener) == f"http://box:{listener.getsockname()[1]}"


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
