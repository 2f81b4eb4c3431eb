"""The disk fills up at any point: what was acknowledged stays, and with room again everything goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tally import TALLY, count, some

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
    filled(way, tmp_path, f"full disk ({way})", POINTS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("care", ["backup", "restore", "reindex", "purge"])
def test_care_that_fills_the_disk_leaves_the_library_as_it_was(care, way, tmp_path) -> None:
    filled(way, tmp_path, f"full disk ({way}) by {care}", CARE_POINTS, care)


def filled(way: str, folder: Path, kind: str, points: int, *care: str) -> None:
    """Run the program that fills disks, and count what it finds."""
    program = Path(__file__).with_name("full_disk.py")
    paths = [str(program.parent), str(program.parent.parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [
            *(NAMESPACE if way == "tmpfs" else []),
            sys.executable,
            str(program),
            way,
            str(folder),
            str(points),
            *care,
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    results = json.loads(done.stdout)
    assert len(results) == points
    TALLY[f"{kind}: points where it was full"] += sum(failed for failed, _ in results)
    assert [line for _, wrong in results for line in count(kind, wrong)] == []
    assert any(failed for failed, _ in results)
