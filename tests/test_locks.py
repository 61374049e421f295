"""Locks of folders: one at a time, gone with the process, and never through a link."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.io.locks import lock_of

HOLDING = """
import sys, time
from pathlib import Path
from optimizer.io.locks import lock_of
with lock_of(Path(sys.argv[1]), "lock"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_held_once_and_names_its_holder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with lock_of(folder, "lock") as first:
        assert first is None
        with lock_of(folder, "lock") as second:
            assert second == str(os.getpid())
    with lock_of(folder, "lock") as again:
        assert again is None


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDING, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with lock_of(tmp_path, "lock") as holder:
            assert holder == str(other.pid)
        other.kill()
    with lock_of(tmp_path, "lock") as holder:
        assert holder is None


def test_a_lock_is_not_taken_through_a_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("all my notes", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "lock").symlink_to(precious)
    with pytest.raises(OSError, match="Too many levels"), lock_of(folder, "lock"):
        pass
    assert precious.read_text(encoding="utf-8") == "all my notes"
