from __future__ import annotations

import asyncio
import re
import threading
from types import SimpleNamespace

import pytest
from markup import parse

from rag.people.limits import Limits
from ui.app import STATIC
from ui.guard import CONTENT_SECURITY_POLICY
from ui.lockout import Lockout
from ui.sign_in import render_sign_in, seconds_of, words_of
from ui.sign_ins import WAITING, Refused, SignIns
from ui.visitors import KEY, user_of


def tree_of(page: str):
    return parse(page.removeprefix("<!doctype html>"))


def test_the_page_has_labels_and_tells_password_managers_what_is_what():
    root = tree_of(render_sign_in(wanted="/?a=1&b=2"))
    fields = {each.attributes["name"]: each.attributes for each in root.all("input")}
    assert fields["name"]["autocomplete"] == "username"
    assert fields["password"]["autocomplete"] == "current-password"
    assert fields["password"]["type"] == "password"
    assert fields["next"]["value"] == "/?a=1&b=2"
    assert {each.attributes["for"] for each in root.all("label")} == {"name", "password"}
    assert not root.all(".error")
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY


def test_what_was_wrong_is_said_at_once():
    root = tree_of(render_sign_in(name="anna", error="Wrong."))
    assert (root.one(".error").text, root.one(".error").attributes["role"]) == ("Wrong.", "alert")
    assert root.one("form").attributes["aria-describedby"] == "error"


@pytest.mark.parametrize(
    ("refused", "seconds", "words"),
    [
        (Refused(43.2), 44, "Too many wrong tries. Wait 44 seconds, and try again."),
        (Refused(0.2), 1, "Too many wrong tries. Wait 1 second, and try again."),
        (Refused(2.0, busy=True), 2, "Many people are signing in just now. Wait a moment, and try again."),
    ],
)
def test_how_long_to_wait(refused, seconds, words):
    assert (seconds_of(refused), words_of(refused)) == (seconds, words)


def test_the_page_is_as_dark_without_a_script():
    def tokens(path: str, start: str) -> dict[str, str]:
        block = (STATIC / path).read_text("utf-8").split(start)[1].split("}")[0]
        return dict(re.findall(r"--([\w-]+): ([^;]+);", block))

    dark = tokens("tokens.css", ':root[data-theme="dark"] {')
    assert tokens("dusk.css", ":root:not([data-theme]) {") == dark


def test_passwords_are_verified_beside_the_loop_and_no_more_than_may_wait(library):
    let_go, at_work = threading.Event(), []

    class Slow:
        def verify(self, *_):
            at_work.append(1)
            let_go.wait(120)
            return True

    async def run():
        sessions = SimpleNamespace(begin=lambda name: f"token of {name}")
        sign_ins = SignIns(Slow(), sessions, Lockout(Limits(library.catalog)))
        tries = [
            asyncio.create_task(sign_ins.begin(f"user{n}", "x", f"10.0.{n}.1")) for n in range(WAITING + 3)
        ]
        while len(at_work) < 2:  # the loop goes on meanwhile
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        most = len(at_work)
        let_go.set()
        return most, await asyncio.gather(*tries)

    most, outcomes = asyncio.run(run())
    assert most == 2
    assert [each for each in outcomes if isinstance(each, Refused)] == [Refused(2.0, busy=True)] * 3
    assert outcomes[0] == "token of user0"


def test_tries_at_the_same_time_are_no_way_around_the_lock(library):
    async def run():
        verified = []
        users = SimpleNamespace(verify=lambda *a: bool(verified.append(a)))
        sign_ins = SignIns(users, SimpleNamespace(), Lockout(Limits(library.catalog)))
        outcomes = await asyncio.gather(*(sign_ins.begin("anna", str(n), "10.0.0.1") for n in range(12)))
        return verified, outcomes

    verified, outcomes = asyncio.run(run())
    assert len(verified) == 5
    assert sum(outcome is None for outcome in outcomes) == 5


def test_a_callback_of_the_page_knows_who_calls():
    import gradio as gr

    def request(scope):
        return gr.Request(SimpleNamespace(scope=scope), username="other")

    assert user_of(request({KEY: "anna"})) == "anna"
    assert user_of(request({KEY: ""})) == ""
    with pytest.raises(KeyError):
        user_of(request({}))
    with pytest.raises(KeyError):
        user_of(gr.Request())
