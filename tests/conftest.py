"""What every test shares: no network, no user's settings, real models only behind a marker."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import clusters
import hypothesis
import pytest
from chroma_servers import ChromaProcess
from fakes import AngleEmbedder, ScriptedModel

from rag.library import Library
from rag.settings import Settings
from rag.storage.postgres_engine import temporary_schema

CHECKOUT = Path(__file__).parent.parent

# A busy machine is no failure: speed is measured by the benchmarks.
hypothesis.settings.register_profile(
    "footnote", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("footnote")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick tests first."""
    items.sort(key=lambda item: bool(item.get_closest_marker("models")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where skipping is forbidden, a skipped test is a failed one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("TESTS_MAY_NOT_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped where skipping is forbidden: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _own_settings(request, monkeypatch, tmp_path):
    """Keep the user's settings and library out; tests with real models use the user's model files."""
    real = request.node.get_closest_marker("models") is not None
    for name in list(os.environ):
        if name.startswith("FOOTNOTE_") and not (real and name in ("FOOTNOTE_MODELS", "FOOTNOTE_OFFLINE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FOOTNOTE_LIBRARY", str(tmp_path / "library"))
    if not real:
        monkeypatch.setenv("FOOTNOTE_MODELS", str(tmp_path / "no-models"))
        monkeypatch.setenv("FOOTNOTE_OFFLINE", "1")


@pytest.fixture(autouse=True)
def _no_network(request, monkeypatch):
    """Let sockets reach this machine only, but where model files may have to be fetched."""
    if request.node.get_closest_marker("models") is not None:
        return
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(library=tmp_path / "library", models=tmp_path / "no-models", llm="none", offline=True)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library", create=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaProcess]:
    """A Chroma server that tests share; each uses collections of its own, and leaves the server running."""
    server = ChromaProcess(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def cluster() -> Iterator[clusters.Cluster]:
    """A PostgreSQL server for all tests that want one."""
    running = clusters.started()
    yield running
    running.stop()


@pytest.fixture
def catalog_url(cluster: clusters.Cluster) -> Iterator[str]:
    """The address of a catalogue on PostgreSQL that is a test's own and not there yet."""
    with temporary_schema(cluster.url) as url:
        yield url


@pytest.fixture
def embedder() -> AngleEmbedder:
    return AngleEmbedder()


@pytest.fixture
def scripted() -> ScriptedModel:
    return ScriptedModel()
