"""Results as they come, in one SQLite file that a killed sweep leaves whole.

Only the sweep itself writes to it, one transaction for each batch of answers. The table
``results`` has a row for every scenario; what stands for a plan is kept apart, by the key of the
scenario, which is a hash of all that its answer follows from.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from optimizer.errors import InputError, Problems, TargetError
from optimizer.io.paths import begins_with, standing_at
from optimizer.sweeps.outcomes import Outcome

RESULTS = "results.sqlite"
"""Name of the file in the folder of a sweep."""
FORMAT = 1
"""Version of what stands in it."""
_MARK, _HEADER = "talent-optimizer sweep", "SQLite format 3\x00"

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE results (
    scenario TEXT PRIMARY KEY, status TEXT NOT NULL, points REAL, bound REAL, gap REAL,
    seconds REAL, rebuilt_because TEXT, hint TEXT, goals TEXT, changes TEXT, time_limit REAL,
    complete INTEGER NOT NULL,
    key TEXT NOT NULL, digest TEXT NOT NULL
);
CREATE INDEX by_key ON results (key);
CREATE TABLE contents (
    key TEXT, name TEXT, packed BLOB NOT NULL, PRIMARY KEY (key, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class StoredRow:
    """A row of the table ``results``, in the order of its columns."""

    scenario: str
    status: str
    points: float | None
    bound: float | None
    gap: float | None
    seconds: float
    rebuilt_because: str
    hint: str
    goals: str
    changes: str
    time_limit: float | None
    complete: int
    key: str

    @property
    def digest(self) -> str:
        """Hash of what the row says, which reveals whatever was changed since."""
        said = json.dumps([getattr(self, each.name) for each in fields(self)])
        return hashlib.sha256(said.encode()).hexdigest()

    def named(self, scenario: str) -> StoredRow:
        """The same answer under another name."""
        return StoredRow(**{**vars(self), "scenario": scenario})

    @property
    def raw_and_scaled(self) -> dict[str, tuple[float, float]]:
        """Raw and scaled value of every goal."""
        found: dict[str, tuple[float, float]] = json.loads(self.goals)
        return found


def row_of(scenario: str, key: str, changes: Mapping[str, object], outcome: Outcome) -> StoredRow:
    """StoredRow of an answer."""
    return StoredRow(
        scenario=scenario,
        status=outcome.status,
        points=_float(outcome.points),
        bound=_float(outcome.bound),
        gap=_float(outcome.gap),
        seconds=float(outcome.seconds),
        rebuilt_because=outcome.rebuilt_because,
        hint=outcome.hint,
        goals=json.dumps({goal: list(values) for goal, values in outcome.goals.items()}),
        changes=json.dumps(dict(changes), ensure_ascii=False, default=str),
        time_limit=_float(outcome.time_limit),
        complete=int(outcome.complete),
        key=key,
    )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


_COLUMNS = ", ".join(each.name for each in fields(StoredRow))
_PLACES = ", ".join("?" for _ in fields(StoredRow))


class Store:
    """A file of results, or the same in memory.

    Parameters
    ----------
    path
        Of the file, which is made if need be; ``None`` for memory.
    only_read
        Whether nothing is to be written.

    Raises
    ------
    InputError
        If it is another file, was damaged, or is of another version.
    TargetError
        If it cannot be made.
    """

    def __init__(self, path: Path | None = None, *, only_read: bool = False) -> None:
        self.path = path
        if path is not None:
            self._require_file(path, only_read=only_read)
        name = ":memory:" if path is None else path.absolute().as_uri()
        mode = "" if path is None else "?mode=ro" if only_read else "?mode=rwc"
        with self._told():
            self._database = sqlite3.connect(
                f"{name}{mode}", uri=True, check_same_thread=False, isolation_level=None
            )
            self._open(only_read=only_read)

    def _require_file(self, path: Path, *, only_read: bool) -> None:
        standing = standing_at(path)
        if standing == "nothing" and only_read:
            self._refuse("is missing", "the folder of a sweep")
        if standing not in ("nothing", "file"):
            self._refuse("is not a file", "a store of results")
        if standing == "file" and path.stat().st_size and not begins_with(path, _HEADER):
            self._refuse("is not a store of results", "what a sweep has written")

    def _open(self, *, only_read: bool) -> None:
        run = self._database.execute
        if self.path is not None and not only_read:
            run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=NORMAL")
        tables = {name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and not only_read:
            # A sweep that was killed at its very beginning leaves an empty file.
            with self.writing():
                for statement in filter(str.strip, _TABLES.split(";")):
                    run(statement)
                self._write_facts({"made_by": _MARK, "format": FORMAT})
            return
        if not tables >= {"facts", "results", "contents"} or self.facts().get("made_by") != _MARK:
            self._refuse("is not a store of results", "what a sweep has written")
        version = self.facts().get("format")
        if version != FORMAT:
            self._refuse(
                f"is of version {version} of such stores, and this is version {FORMAT}",
                "another folder, or the version of talent-optimizer that has written it",
            )
        (sound,) = run("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            self._refuse(f"is damaged: {sound}", _WHOLE)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all that is written inside, or nothing of it."""
        run = self._database.execute
        with self._told(writes=True):
            run("BEGIN IMMEDIATE")
            try:
                yield
                run("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    run("ROLLBACK")
                raise

    @contextmanager
    def _told(self, *, writes: bool = False) -> Iterator[None]:
        """Tell errors of the database in words."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            is_damage = "malformed" in str(error) or "not a database" in str(error)
            if writes and not is_damage:
                problems = Problems()
                problems.add(self.name, f"cannot be written: {error}", expected=_ROOM)
                raise TargetError(problems) from error
            self._refuse(f"cannot be read: {error}", _WHOLE)

    @property
    def name(self) -> str:
        """Name of the file in messages."""
        return RESULTS if self.path is None else str(self.path)

    def _refuse(self, message: str, expected: str) -> None:
        problems = Problems()
        problems.add(self.name, message, expected=expected)
        raise InputError(problems)

    def facts(self) -> dict[str, Any]:
        """What is said of all results together, by name."""
        with self._told():
            rows = self._database.execute("SELECT name, value FROM facts").fetchall()
        try:
            return {name: json.loads(value) for name, value in rows}
        except ValueError:
            self._refuse("was changed since it was written", _WHOLE)
            raise

    def _write_facts(self, facts: Mapping[str, Any]) -> None:
        rows = [(name, json.dumps(value, ensure_ascii=False)) for name, value in facts.items()]
        self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Keep facts, in place of those of the same name."""
        with self.writing():
            self._write_facts(facts)

    def rows(self) -> dict[str, StoredRow]:
        """Every row by scenario.

        Raises
        ------
        InputError
            If one was changed since it was written.
        """
        select = f"SELECT {_COLUMNS}, digest FROM results"
        with self._told():
            found = self._database.execute(select).fetchall()
        rows = {}
        for *cells, digest in found:
            row = StoredRow(*cells)
            if row.digest != digest:
                self._refuse(f"scenario {row.scenario!r} was changed since it was solved", _WHOLE)
            rows[row.scenario] = row
        return rows

    def write(self, answers: Iterable[tuple[StoredRow, Mapping[str, bytes]]]) -> None:
        """Keep rows, in place of older ones of the same scenarios, with what they hold."""
        insert = f"INSERT OR REPLACE INTO results VALUES ({_PLACES}, ?)"
        keep = "INSERT OR REPLACE INTO contents VALUES (?, ?, ?)"
        with self.writing():
            for row, contents in answers:
                cells = [getattr(row, each.name) for each in fields(row)]
                self._forget(row)
                self._database.execute(insert, (*cells, row.digest))
                packed = [(row.key, name, content) for name, content in contents.items()]
                self._database.executemany(keep, packed)

    def _forget(self, row: StoredRow) -> None:
        """Drop what was kept for what the scenario of a row was before."""
        select = "SELECT key FROM results WHERE scenario = ? AND key <> ?"
        for (key,) in self._database.execute(select, (row.scenario, row.key)).fetchall():
            drop = (
                "DELETE FROM contents WHERE key = ?1 AND NOT EXISTS "
                "(SELECT 1 FROM results WHERE key = ?1 AND scenario <> ?2)"
            )
            self._database.execute(drop, (key, row.scenario))

    def contents(self, name: str, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Contents of one name, by the keys of scenarios."""
        select = "SELECT packed FROM contents WHERE key = ? AND name = ?"
        with self._told():
            for key in keys:
                for (packed,) in self._database.execute(select, (key, name)):
                    yield key, packed

    def contents_of(self, key: str) -> dict[str, bytes]:
        """All contents of one scenario, by name."""
        select = "SELECT name, packed FROM contents WHERE key = ?"
        with self._told():
            return dict(self._database.execute(select, (key,)).fetchall())

    def keys(self) -> set[str]:
        """Keys of all scenarios that have an answer."""
        with self._told():
            return {key for (key,) in self._database.execute("SELECT key FROM results")}

    def names(self) -> list[str]:
        """Names of all contents."""
        with self._told():
            found = self._database.execute("SELECT DISTINCT name FROM contents").fetchall()
        return [name for (name,) in found]


_WHOLE = "a store as a sweep has left it; move this one away to begin anew"
_ROOM = "free space; the same command goes on where it has stopped"
