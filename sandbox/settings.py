"""Settings that tests and the start page may change while the sandbox runs. They survive a restart."""

import json
from typing import Any

from sandbox.database import Database
from sandbox.world import World


class Settings:
    """Named JSON values; those that were not set come from the world."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self._defaults: dict[str, Any] = {
            "bot_endpoint": world.app.bot_endpoint,
            "granted": list(world.app.granted),
            "rsc": list(world.app.rsc),
            "links": {},
            "limits": True,
            "redirect_uris": list(world.app.redirect_uris),
            "blocked_people": [],
            "single_human_chats": False,
            "without_teams": [],
            "deleted_people": [],
        }
        rows = database.rows("SELECT name, value FROM settings")
        self._values: dict[str, Any] = {row["name"]: json.loads(row["value"]) for row in rows}

    def get(self, name: str) -> Any:
        return self._values.get(name, self._defaults[name])

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(str(entry) for entry in self.get(name))

    def set(self, name: str, value: Any) -> None:
        assert name in self._defaults, name
        self._values[name] = value
        self._database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, json.dumps(value))
