"""The disk fills up at any point: what was acknowledged stays, and with room again everything goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tally import LONG, TALLY, count, some

POINTS = some(50, 3)
CARE_POINTS = some(10, 2)
NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


def can_mount() -> bool:
    """Whether this user may have a small file system of its own."""
    try:
        command = [*NAMESPACE, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


WAYS = ["limit", *(["tmpfs"] if can_mount() else [])]


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_loses_nothing(way, tmp_path) -> None:
    looked_over(f"full disk ({way})", filled(way, tmp_path, POINTS, "work")["work"], POINTS)


@pytest.mark.parametrize("way", WAYS if LONG else WAYS[-1:])
def test_care_that_fills_the_disk_leaves_the_library_as_it_was(way, tmp_path) -> None:
    found = filled(way, tmp_path, CARE_POINTS, "care")
    assert list(found) == ["backup", "restore", "reindex", "purge"]
    for care, results in found.items():
        looked_over(f"full disk ({way}) by {care}", results, CARE_POINTS)


def filled(way: str, folder: Path, points: int, what: str) -> dict[str, Any]:
    """Run the program that fills disks, and return what it found."""
    program = Path(__file__).with_name("full_disk.py")
    paths = [str(program.parent), str(program.parent.parent), os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, str(program), way, str(folder), str(points), what]
    done = subprocess.run(
        [*(NAMESPACE if way == "tmpfs" else []), *command],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def looked_over(kind: str, results: list[tuple[bool, list[str]]], points: int) -> None:
    """Count what was found at points of a kind."""
    assert len(results) == points
    TALLY[f"{kind}: points where it was full"] += sum(failed for failed, _ in results)
    assert [line for _, wrong in results for line in count(kind, wrong)] == []
    assert any(failed for failed, _ in results)
