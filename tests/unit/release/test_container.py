"""The Dockerfile and compose.yaml: linted, and in step with what they start. They are not built here."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from serving import page_over

from rag.settings_layers import load_settings
from ui.cli import app

CHECKOUT = Path(__file__).parents[3]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text("utf-8")
COMPOSE = CHECKOUT / "compose.yaml"


def lines_of(instruction: str) -> list[str]:
    """Return what follows an instruction, each time that it stands in the Dockerfile."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^ *{instruction} (.*)$", joined, re.MULTILINE)


def linted(file: Path) -> list[str]:
    """Return the rules that a Dockerfile breaks; DD069 takes the star of ``rm`` for one of ``apt-get``."""
    done = subprocess.run(
        [tool("dockerfile-doctor"), "--format", "json", "--severity", "warning", "--ignore", "DD069", file],
        capture_output=True,
        text=True,
    )
    return [issue["ruleId"] for found in json.loads(done.stdout)["files"] for issue in found["issues"]]


def schema_allows(file: Path) -> bool:
    """Return whether the schema of compose files allows this one."""
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file]
    return subprocess.run(command, capture_output=True).returncode == 0


def tool(name: str) -> Path:
    """Return a program that is installed beside Python."""
    return Path(sys.executable).parent / name


def test_the_dockerfile_passes_its_linter() -> None:
    assert linted(CHECKOUT / "Dockerfile") == []


def test_the_linter_finds_what_is_bad(tmp_path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN pip install x\n")
    assert {"DD001", "DD008", "DD009"} <= set(linted(bad))


def test_compose_yaml_is_what_the_specification_allows() -> None:
    assert schema_allows(COMPOSE)


def test_the_schema_finds_what_is_bad(tmp_path) -> None:
    bad = tmp_path / "compose.yaml"
    bad.write_text(COMPOSE.read_text("utf-8").replace("read_only:", "read-only:"))
    assert not schema_allows(bad)


def test_every_path_that_is_copied_is_there_and_not_ignored() -> None:
    paths = {
        path for line in lines_of("COPY") if not line.startswith("--from") for path in shlex.split(line)[:-1]
    }
    ignored = (CHECKOUT / ".dockerignore").read_text("utf-8").splitlines()
    assert paths == {line[1:] for line in ignored if line.startswith("!")}
    assert all((CHECKOUT / path).exists() for path in paths)


def test_what_the_package_is_made_of_is_copied() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    parts = {path.split("/")[0] for path in (*wheel["packages"], *wheel["force-include"])}
    copied = {path for line in lines_of("COPY") for path in shlex.split(line)[:-1]}
    assert parts | {"pyproject.toml", project["project"]["readme"], "LICENSE"} <= copied
    [extras] = re.findall(r"EXTRAS=(\S+)", DOCKERFILE)
    assert "server" in extras.split(",")
    assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])


def test_nothing_runs_as_root() -> None:
    user = DOCKERFILE.rindex("\nUSER 10001:10001\n")
    assert user > DOCKERFILE.rindex("apt-get")
    assert "\nUSER" not in DOCKERFILE[user + 1 :]


def test_its_settings_are_settings(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    told = dict(re.findall(r"(FOOTNOTE_\w+)=(\S+)", " ".join(lines_of("ENV"))))
    assert {"FOOTNOTE_LIBRARY", "FOOTNOTE_MODELS"} == {name for name in told if "FOR_" not in name}
    names = set(re.findall(r"^ +(FOOTNOTE_\w+):", COMPOSE.read_text("utf-8"), re.MULTILINE))
    assert names
    load_settings(environ=told | {name: "local" for name in names if name == "FOOTNOTE_LLM"})
    assert {name.removeprefix("FOOTNOTE_").lower() for name in names} <= set(load_settings().model_dump())


def test_what_it_starts_listens_for_others_who_sign_in() -> None:
    [entry] = map(json.loads, lines_of("ENTRYPOINT"))
    [command] = map(json.loads, lines_of("CMD"))
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    assert entry == list(project["scripts"])
    chat = typer.main.get_command(app).commands[command[0]]
    given = chat.make_context("chat", command[1:]).params
    assert (given["host"], given["auth"]) == ("0.0.0.0", True)


@pytest.fixture
def check() -> str:
    """The program of the health check."""
    [line] = lines_of("HEALTHCHECK")
    words = json.loads(line[line.index("[") :])
    assert words[:2] == ["python", "-c"]
    return words[2]


def test_the_health_check_tells_whether_the_chat_answers(tmp_path, check) -> None:
    with page_over(tmp_path) as served:
        here = check.replace("http://127.0.0.1:7860", served.url)
        assert here != check
        assert subprocess.run([sys.executable, "-c", here], timeout=60).returncode == 0
    gone = subprocess.run([sys.executable, "-c", here], capture_output=True, timeout=60)
    assert gone.returncode != 0


def test_the_line_that_bakes_the_models_asks_for_their_files(tmp_path) -> None:
    [line] = [line for line in lines_of("RUN") if "MODELS" in line]
    [code] = re.findall(r'python -c "(.*)" ', line)
    environ = os.environ | {"FOOTNOTE_MODELS": str(tmp_path / "models"), "FOOTNOTE_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code, "all"], env=environ, capture_output=True, text=True)
    assert "ArtifactError" in done.stderr
    assert str(tmp_path / "models") in done.stderr
