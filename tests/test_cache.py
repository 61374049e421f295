"""Files that save work: read only where they can be believed, and never a reason to fail."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from optimizer.io import cache
from optimizer.io.cache import FOLDER, Cache, user_folder

MARK = b'{"made_by": "us"'
CONTENT = MARK + b', "n": 1}'
KEYS = [f"{number:064x}" for number in range(12)]


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "user" / "ideals", MARK)


def place(kept: Cache, key: str = KEYS[0]) -> Path:
    return kept.folder / f"{key}.json"


def test_what_was_written_is_read(kept: Cache) -> None:
    assert kept.read(KEYS[0]) is None
    kept.write(KEYS[0], CONTENT)
    assert kept.read(KEYS[0]) == CONTENT
    assert kept.read(KEYS[1]) is None
    # For nobody else to read or write, and nothing begun is left.
    assert place(kept).stat().st_mode & 0o777 == 0o600
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    assert os.listdir(kept.folder) == [place(kept).name]


@pytest.mark.parametrize("content", [b"", b"{}", CONTENT[:5], b" " + CONTENT])
def test_a_file_that_does_not_begin_like_ours_is_not_read(kept: Cache, content: bytes) -> None:
    kept.write(KEYS[0], CONTENT)
    place(kept).write_bytes(content)
    assert kept.read(KEYS[0]) is None
    # It is written anew by whoever works it out again.
    kept.write(KEYS[0], CONTENT)
    assert kept.read(KEYS[0]) == CONTENT


def test_a_large_file_is_neither_read_nor_written(kept: Cache) -> None:
    kept.write(KEYS[0], CONTENT.ljust(cache.MOST_BYTES))
    assert kept.read(KEYS[0]) is not None
    place(kept).write_bytes(CONTENT.ljust(cache.MOST_BYTES + 1))
    assert kept.read(KEYS[0]) is None
    kept.write(KEYS[1], CONTENT.ljust(cache.MOST_BYTES + 1))
    assert not place(kept, KEYS[1]).exists()


def test_links_are_not_followed(kept: Cache, tmp_path: Path) -> None:
    kept.write(KEYS[0], CONTENT)
    elsewhere = tmp_path / "elsewhere.json"
    place(kept).rename(elsewhere)
    place(kept).symlink_to(elsewhere)
    assert kept.read(KEYS[0]) is None
    kept.write(KEYS[0], CONTENT + b" ")
    # The link is replaced, and what it led to is as it was.
    assert not place(kept).is_symlink()
    assert elsewhere.read_bytes() == CONTENT
    real = tmp_path / "real"
    kept.folder.rename(real)
    kept.folder.symlink_to(real)
    assert kept.read(KEYS[0]) is None
    kept.write(KEYS[1], CONTENT)
    assert not (real / place(kept, KEYS[1]).name).exists()


def test_neither_pipes_nor_folders_are_waited_for(kept: Cache) -> None:
    kept.folder.mkdir(mode=0o700, parents=True)
    os.mkfifo(place(kept))
    place(kept, KEYS[1]).mkdir()
    for key in KEYS[:2]:
        assert kept.read(key) is None
    kept.write(KEYS[1], CONTENT)
    assert place(kept, KEYS[1]).is_dir()
    assert len(os.listdir(kept.folder)) == 2


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not_believed(kept: Cache, mode: int) -> None:
    kept.write(KEYS[0], CONTENT)
    place(kept).chmod(mode)
    assert kept.read(KEYS[0]) is None
    place(kept).chmod(0o600)
    assert kept.read(KEYS[0]) == CONTENT
    kept.folder.chmod(0o777)
    assert kept.read(KEYS[0]) is None
    kept.write(KEYS[1], CONTENT)
    assert not place(kept, KEYS[1]).exists()


def test_what_belongs_to_somebody_else_is_not_believed(
    kept: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.write(KEYS[0], CONTENT)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert kept.read(KEYS[0]) is None
    kept.write(KEYS[1], CONTENT)
    assert os.listdir(kept.folder) == [place(kept).name]


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "ideals", Path(os.devnull) / "x", tmp_path / ("x" * 300)):
        kept = Cache(folder, MARK)
        kept.write(KEYS[0], CONTENT)
        assert kept.read(KEYS[0]) is None


def test_what_may_only_be_read_is_read(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.write(KEYS[0], CONTENT)

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    for name in ("utime", "mkdir"):
        monkeypatch.setattr(os, name, refused)
    assert kept.read(KEYS[0]) == CONTENT


def test_a_full_disk_leaves_nothing(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.write(KEYS[0], CONTENT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    kept.write(KEYS[1], CONTENT)
    assert os.listdir(kept.folder) == [place(kept).name]


@pytest.mark.parametrize("key", ["", "../x", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_hashes_are_names(kept: Cache, key: str) -> None:
    kept.write(key, CONTENT)
    assert kept.read(key) is None
    assert not kept.folder.exists()


def test_the_least_recently_used_are_removed(kept: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_FILES", 3)
    for age, key in enumerate(KEYS[:3]):
        kept.write(key, CONTENT)
        os.utime(place(kept, key), (1000 + age, 1000 + age))
    foreign = [kept.folder / name for name in ("notes.json", f"{'0' * 63}.json", "a.txt")]
    for path in foreign:
        path.write_text("{}")
        os.utime(path, (1, 1))
    # It has a name as ours have, but does not begin like ours.
    odd = place(kept, "f" * 64)
    odd.write_text("{}")
    os.utime(odd, (1, 1))
    assert kept.read(KEYS[0]) == CONTENT
    kept.write(KEYS[3], CONTENT)
    left = {path.name for path in kept.folder.iterdir()}
    used = {place(kept, key).name for key in (KEYS[0], KEYS[2], KEYS[3])}
    assert left == used | {path.name for path in (*foreign, odd)}


def test_what_was_never_completed_is_cleared_away_in_the_end(kept: Cache) -> None:
    kept.write(KEYS[0], CONTENT)
    old, new, foreign = (kept.folder / f".{name}.begun" for name in ("0" * 16, "1" * 16, "mine"))
    for path in (old, new, foreign):
        path.touch()
    long_ago = time.time() - 2 * cache.LEFT_BEHIND
    for path in (old, foreign):
        os.utime(path, (long_ago, long_ago))
    kept.write(KEYS[1], CONTENT)
    assert not old.exists()
    # Somebody may be writing the new one now.
    assert new.exists()
    assert foreign.exists()


def test_half_a_file_is_never_seen(kept: Cache) -> None:
    contents = [CONTENT.ljust(size) for size in (100, cache.MOST_BYTES)]
    kept.write(KEYS[0], contents[0])
    stop = threading.Event()

    def write(content: bytes) -> None:
        while not stop.is_set():
            kept.write(KEYS[0], content)

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    seen = [kept.read(KEYS[0]) for _ in range(200)]
    stop.set()
    for writer in writers:
        writer.join()
    assert set(seen) <= set(contents)


def test_the_folder_is_the_users_own_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # None in tests, also in processes that they start.
    assert user_folder() is None
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert user_folder() == tmp_path
    monkeypatch.delenv(FOLDER)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = user_folder()
    assert found is not None
    assert found.is_relative_to(tmp_path)
    assert not list(tmp_path.iterdir())
