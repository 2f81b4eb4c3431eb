"""What ``deploy/`` asks of the figures: a real Prometheus reads a chat, and every query finds something."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fakes import QUESTION, TEXT, ScriptedModel
from serving import page_over

import rag.answering
from rag.errors import ModelUnavailable

pytestmark = pytest.mark.shared

DEPLOY = Path(__file__).parents[2] / "deploy"
PANELS = [
    panel
    for panel in json.loads((DEPLOY / "grafana" / "footnote.json").read_text("utf-8"))["panels"]
    if panel["type"] != "row"
]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


@pytest.fixture(scope="module")
def programs() -> None:
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        pytest.skip("no Prometheus on this machine: install the package prometheus of your system")


class Prometheus:
    """A Prometheus with the configuration of ``deploy/``, which reads one chat every second."""

    def __init__(self, folder: Path, target: str) -> None:
        shutil.copytree(DEPLOY / "prometheus", folder / "conf")
        conf = folder / "conf" / "prometheus.yml"
        told, replaced = re.subn(r"targets:\n(\s+- \S+\n)+", f"targets: ['{target}']\n", conf.read_text())
        assert replaced == 1
        conf.write_text(told.replace("15s", "1s"))
        self.port = _free_port()
        command = ["prometheus", f"--config.file={conf}", f"--storage.tsdb.path={folder / 'data'}"]
        command += [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self._at: dict[str, float] = {}

    def stand_still(self) -> None:
        """Answer as of now from now on: what happened a minute ago is no longer in the rate of a minute."""
        self._at = {"time": time.time()}

    def ask(self, query: str) -> list[dict]:
        url = f"http://127.0.0.1:{self.port}/api/v1/query"
        reply = httpx.get(url, params={"query": query, **self._at}, timeout=60).json()
        assert reply["status"] == "success", (query, reply)
        return reply["data"]["result"]

    def until(self, query: str) -> list[dict]:
        """Return what a query finds, once it finds something."""
        for _ in range(300):
            try:
                if found := self.ask(query):
                    return found
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"nothing is found by {query}")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def used(url: str, model: ScriptedModel) -> None:
    """Ask, be refused, meet a model that is gone, and add a file."""

    def ask(question: str) -> dict:
        return httpx.post(f"{url}/api/v1/ask", json={"question": question}, timeout=60).json()

    assert ask(QUESTION)["refused"] is False
    assert ask("Which moons does Kurabar have?")["refused"] is True
    model.error = ModelUnavailable("the model is gone")
    assert "the model is gone" in str(ask(QUESTION))
    sent = httpx.post(f"{url}/api/v1/documents", files={"file": ("zebra.txt", b"A zebra came.")}, timeout=60)
    assert sent.status_code == 202


@pytest.fixture(scope="module")
def watching(programs, tmp_path_factory) -> Iterator[Prometheus]:
    """Return a Prometheus that has seen a chat before, while and after it was used."""
    folder = tmp_path_factory.mktemp("prometheus")
    model = ScriptedModel("The plane came on 26 October.")
    with pytest.MonkeyPatch.context() as patched, page_over(folder, model, metrics=True) as served:
        patched.setattr(rag.answering, "written_confidence", lambda seen: 0.9)
        served.put("news", TEXT)
        prometheus = Prometheus(folder, served.url.removeprefix("http://"))
        try:
            prometheus.until('footnote_questions_total{outcome="answered"} == 0')
            used(served.url, model)
            prometheus.until('rate(footnote_ingest_documents_total{outcome="added"}[1m]) > 0')
            prometheus.until('rate(footnote_question_errors_total{type="ModelUnavailable"}[1m]) > 0')
            prometheus.until("rate(footnote_http_requests_total[1m]) > 0")
            prometheus.stand_still()
            yield prometheus
        finally:
            prometheus.end()


@pytest.mark.parametrize(
    ("title", "query"), QUERIES, ids=[f"{title}-{i}" for i, (title, _) in enumerate(QUERIES)]
)
def test_every_panel_shows_something(watching, title: str, query: str) -> None:
    for name, value in (("$__rate_interval", "1m"), ("$job", "footnote"), ("$instance", ".*")):
        query = query.replace(name, value)
    assert "$" not in query
    found = watching.ask(query)
    assert any(each["value"][1] != "NaN" for each in found), f"{title}: {query}"


def test_the_variables_of_the_dashboard_find_the_chat(watching) -> None:
    [info] = watching.ask("footnote_info")
    assert info["metric"]["job"] == "footnote"
    assert info["metric"]["version"]


def test_every_alert_asks_for_figures_that_there_are(watching) -> None:
    rules = httpx.get(f"http://127.0.0.1:{watching.port}/api/v1/rules", timeout=60).json()["data"]["groups"]
    alerts = [rule for group in rules for rule in group["rules"]]
    assert len(alerts) == (DEPLOY / "prometheus" / "alerts.yml").read_text().count("- alert:")
    assert {rule["health"] for rule in alerts} <= {"ok", "unknown"}
    names = {name for rule in alerts for name in re.findall(r"footnote_\w+", rule["query"])}
    assert names
    for name in names:
        assert watching.ask(name), name
    for label, value in re.findall(
        r'(type|outcome|until|route)="([^"]+)"', str([r["query"] for r in alerts])
    ):
        assert value == "/ready" or watching.ask(f'{{__name__=~"footnote_.+",{label}="{value}"}}'), value


def test_prometheus_finds_nothing_wrong_with_the_figures(programs, tmp_path) -> None:
    with page_over(tmp_path, metrics=True) as served:
        page = httpx.get(f"{served.url}/metrics", timeout=60).text
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("words", ["check config prometheus.yml", "test rules alerts-test.yml"])
def test_its_configuration_and_alerts_are_right(programs, words: str) -> None:
    done = subprocess.run(
        ["promtool", *words.split()], cwd=DEPLOY / "prometheus", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    alerts = re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus" / "alerts.yml").read_text())
    tried = re.findall(r"alertname: (\w+)", (DEPLOY / "prometheus" / "alerts-test.yml").read_text())
    assert set(alerts) == set(tried)
