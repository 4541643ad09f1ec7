"""One SQLite file stores what survives a restart: chats, messages, cards, installations."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS people (
  id TEXT PRIMARY KEY, upn TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, guest INTEGER NOT NULL,
  availability TEXT NOT NULL, activity TEXT NOT NULL, place INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS people_by_upn ON people (upn) WHERE upn <> '';
CREATE TABLE IF NOT EXISTS chats (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, topic TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members (
  chat TEXT NOT NULL, person TEXT NOT NULL, roles TEXT NOT NULL, joined_at INTEGER NOT NULL, read_at INTEGER NOT NULL,
  history_from INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (chat, person));
CREATE INDEX IF NOT EXISTS members_by_person ON members (person);
CREATE TABLE IF NOT EXISTS installs (
  subject TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, consented TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
  chat TEXT NOT NULL, id TEXT NOT NULL, number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
  kind TEXT NOT NULL, sender TEXT NOT NULL, text TEXT NOT NULL, text_format TEXT NOT NULL, html TEXT,
  attachments TEXT NOT NULL, summary TEXT NOT NULL, version INTEGER NOT NULL, edited_at INTEGER, deleted INTEGER NOT NULL,
  UNIQUE (chat, id));
CREATE TABLE IF NOT EXISTS views (
  chat TEXT NOT NULL, message TEXT NOT NULL, person TEXT NOT NULL, card TEXT, error TEXT, refreshed INTEGER NOT NULL,
  PRIMARY KEY (chat, message, person));
"""


class Database:
    """A thin layer over SQLite. Calls are short and synchronous: one process, one thread, rows by primary key."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # WAL with NORMAL keeps everything when the process is killed; only a power cut can lose the last transactions.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        if not any(column["name"] == "history_from" for column in self.rows("PRAGMA table_info(members)")):
            # The file is from version 0.1.
            self.run("ALTER TABLE members ADD COLUMN history_from INTEGER NOT NULL DEFAULT 0")

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        return self._connection.execute(sql, values).fetchone()

    def run(self, sql: str, *values: Any) -> int:
        """Execute a statement; returns how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    @contextmanager
    def together(self) -> Generator[None]:
        """Commit all statements inside, or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
