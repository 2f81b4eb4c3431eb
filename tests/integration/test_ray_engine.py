"""`footnote add --engine ray` on a real Ray: the same library as ever, and what is told where it cannot."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from embeddings_server import EmbeddingsServer, serving_embeddings
from ray_clusters import RayCluster, free_port, running, wait_until
from terminals import CTRL_C, in_terminal
from without import footnote_without

from ingest.limits import DEFAULT_LIMITS
from ingest.node import Order
from rag.errors import LibraryMissing
from rag.library import Library
from rag.settings import Settings

ADD = [sys.executable, "-m", "ui.cli", "add"]
HOLDER = """
import sys, time, ray
ray.init(sys.argv[1], log_to_driver=False)
hold = ray.remote(num_cpus=1)(lambda seconds: time.sleep(seconds))
held = [hold.remote(600) for _ in range(2)]
while ray.available_resources().get("CPU", 0):
    time.sleep(0.05)
print("held", flush=True)
sys.stdin.read()
"""
FREE_GPUS = """
import sys, ray
ray.init(sys.argv[1], log_to_driver=False)
print(ray.cluster_resources().get("GPU", 0), ray.available_resources().get("GPU", 0))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with running() as made:
        yield made


@pytest.fixture
def embeddings(monkeypatch) -> Iterator[EmbeddingsServer]:
    """A server of embeddings that commands and nodes ask, which is quick to start."""
    with serving_embeddings() as server:
        monkeypatch.setenv("FOOTNOTE_EMBEDDER", "openai:angles")
        monkeypatch.setenv("FOOTNOTE_EMBEDDER_BASE_URL", server.address)
        monkeypatch.setenv("FOOTNOTE_EMBEDDER_API_KEY", "none")
        yield server


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "papers"
    made.mkdir()
    for number in range(3):
        (made / f"paper{number}.txt").write_text(f"Paper {number} speaks of the river.")
    (made / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    return made


def added(folder: Path, library: Path, *options: str) -> tuple[int, str, object]:
    """Add a folder, and return the exit code, what was said, and what is in the library."""
    done = subprocess.run(
        [*ADD, folder, "-l", library, *options], capture_output=True, text=True, timeout=600
    )
    assert done.stderr == ""
    with Library.open(library) as opened:
        stored = [
            (each.title, each.status, each.error, opened.catalog.stored(each.id))
            for each in opened.documents()
        ]
        ids, _ = opened.catalog.vectors()
    return done.returncode, done.stdout.replace(library.name, ""), (stored, sorted(ids))


def titles(library: Path) -> list[str]:
    try:
        with Library.open(library) as opened:
            return [each.title for each in opened.documents() if each.status == "ready"]
    except LibraryMissing:
        return []


def many(folder: Path) -> None:
    """Add files whose every passage has to be embedded."""
    draw = random.Random(7)
    for number in range(200):
        text = "\n\n".join(" ".join(f"{draw.getrandbits(20):x}" for _ in range(80)) + "." for _ in range(30))
        (folder / f"many{number:03}.txt").write_text(text)


@pytest.mark.shared
@pytest.mark.models
def test_a_folder_is_added_by_a_ray_of_this_machine(folder, tmp_path) -> None:
    assert added(folder, tmp_path / "by-ray", "--engine", "ray") == added(folder, tmp_path / "by-now")


@pytest.mark.shared
def test_a_folder_is_added_by_two_nodes(cluster, embeddings, folder, tmp_path) -> None:
    expected = added(folder, tmp_path / "by-now")
    assert added(folder, tmp_path / "by-ray", "--engine", "ray", "--address", cluster.address) == expected


@pytest.mark.shared
@pytest.mark.parametrize(
    ("address", "environ", "told"),
    [
        ("127.0.0.1:{free}", {}, "connection refused; name the port that 'ray start --head' told"),
        ("127.0.0.1:{client}", {}, "what answers there is another port of Ray"),
        ("{address}", {"RAY_AUTH_TOKEN": "another"}, "it asks for another token: set RAY_AUTH_MODE=token"),
        ("ray://127.0.0.1:{client}", {}, "setting 'ray_address' is not valid"),
        ("localhost", {}, "setting 'ray_address' is not valid"),
    ],
)
def test_a_wrong_address_is_told_within_seconds(
    address, environ, told, cluster, embeddings, folder, tmp_path
) -> None:
    named = address.format(free=free_port(), client=cluster.client_port, address=cluster.address)
    began = time.monotonic()
    done = subprocess.run(
        [*ADD, folder, "-l", tmp_path / "library", "--engine", "ray", "--address", named],
        capture_output=True,
        text=True,
        env=os.environ | environ,
        timeout=300,
    )
    assert done.returncode == (2 if "setting" in told else 1)
    assert re.fullmatch(r"footnote: .*\n", done.stderr)
    assert named in done.stderr
    assert told in done.stderr
    assert time.monotonic() - began < 60, "a busy machine takes some, Ray by itself takes minutes"
    assert titles(tmp_path / "library") == []


def test_the_missing_extra_is_named(folder, tmp_path) -> None:
    done = footnote_without(("ray",), "add", folder, "-l", tmp_path / "library", "--engine", "ray")
    assert (done.returncode, done.stderr) == (
        1,
        "footnote: the engine ray needs the Python package ray: pip install 'footnote[ray]'\n",
    )


@pytest.mark.shared
def test_a_run_tells_that_it_waits_for_room_and_goes_on_when_there_is_some(
    cluster, embeddings, folder, tmp_path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, cluster.address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        command = [*ADD, folder, "-l", tmp_path / "library", "--engine", "ray", "--address", cluster.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as adding:
            assert adding.stdout.readline() == (
                f"waiting for room on the Ray cluster at {cluster.address}: all of its 2 cores are taken\n"
            )
            holder.stdin.close()
            assert "3 added, 0 changed, 0 same, 1 failed" in adding.stdout.read()


@pytest.mark.shared
@pytest.mark.parametrize("alone", [False, True], ids=["a cluster", "a Ray of this machine"])
def test_ctrl_c_keeps_what_is_stored_and_leaves_no_worker(
    alone, cluster, embeddings, folder, tmp_path
) -> None:
    many(folder)
    library = tmp_path / "library"
    options = [] if alone else ["--address", cluster.address]
    before = {each.pid for each in psutil.process_iter()}
    command = [*map(str, ADD), str(folder), "-l", str(library), "--engine", "ray", *options]
    with in_terminal(command, {"RAY_AUTH_MODE": "token"}, tmp_path) as session:
        session.until("reading many")
        embeddings.pace = 0.4  # to its end, it would take half a minute
        while not titles(library):
            session.drawn()
        session.type(CTRL_C)
        session.until("Stopped. What is listed is in the library")
        assert session.ended() == 130
    stored = titles(library)
    assert 0 < len(stored) < 200
    assert all(f"{name}.txt" in session.seen for name in stored if name.startswith("many"))
    wait_until(lambda: not _of_ray(before))


def _of_ray(before: set[int]) -> list[str]:
    """Workers of Ray, and all else of it, that began since then and go on."""
    found = [each for each in psutil.process_iter(["pid", "name", "cmdline"]) if each.pid not in before]
    names = [" ".join([each.info["name"] or "", *(each.info["cmdline"] or [])[:1]]) for each in found]
    return [name for name in names if re.search("raylet|gcs_server|ray::(read|Embedding)", name)]


@pytest.mark.shared
def test_an_actor_asks_for_the_gpu_that_a_node_declares(cluster, embeddings, folder, tmp_path) -> None:
    """The GPU is but declared: what is seen is that it was asked for, and given back."""
    many(folder)
    embeddings.pace = 0.2
    node = cluster.add(num_gpus=1)
    command = [*ADD, folder, "-l", tmp_path / "library", "--engine", "ray", "--address", cluster.address]

    def gpus() -> str:
        asked = [sys.executable, "-c", FREE_GPUS, cluster.address]
        return subprocess.run(asked, capture_output=True, text=True, timeout=120, check=True).stdout

    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as adding:
        wait_until(lambda: titles(tmp_path / "library"))
        assert (gpus(), adding.poll()) == ("1.0 0\n", None)
        adding.kill()
    wait_until(lambda: gpus() == "1.0 1.0\n")
    cluster.lose(node)


def test_a_node_is_told_what_makes_the_embedder_and_no_more(tmp_path) -> None:
    settings = Settings(library=tmp_path / "secret", llm="openai:x", llm_api_key="hidden", models=tmp_path)
    order = Order.of(settings, "fingerprint", DEFAULT_LIMITS)
    assert "secret" not in str(order.settings.library)
    assert (order.settings.llm, order.settings.llm_api_key) == ("local", None)
    assert order.settings.models == tmp_path
