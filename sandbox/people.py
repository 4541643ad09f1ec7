"""The tenant's people, their presence, and the ids by which a bot knows them."""

import base64
import hashlib
import sqlite3

from sandbox.database import Database
from sandbox.world import Person, World

# The values of Graph's `activity` (presence resource type, docs).
ACTIVITIES = (
    "Available", "Busy", "DoNotDisturb", "InACall", "InAMeeting", "Focusing", "Presenting", "BeRightBack", "Away",
    "Offline", "PresenceUnknown",
)  # fmt: skip
# Some values exist only as an activity; the availability that belongs to them is coarser (presence, docs).
COARSE = {"InACall": "Busy", "InAMeeting": "Busy", "Focusing": "DoNotDisturb", "Presenting": "DoNotDisturb"}


class People:
    """All people of the tenant."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self._app = world.app.client_id
        self._teams_ids: dict[str, str] = {}
        self._everybody: dict[str, Person] = {row["id"]: _person(row) for row in self._rows()}
        self._names: dict[str, str] = {}
        for person in self._everybody.values():
            self._know(person)
        for person in world.people:
            self.add(person)

    def add(self, person: Person) -> None:
        """Add a person, or update their name from the world. Presence begins as Available."""
        self._database.run(
            "INSERT INTO people SELECT ?, ?, ?, ?, 'Available', 'Available', count(*) FROM people WHERE true "
            "ON CONFLICT (id) DO UPDATE SET upn = excluded.upn, name = excluded.name, guest = excluded.guest",
            person.id, person.upn, person.name, person.guest,
        )  # fmt: skip
        self._everybody[person.id] = person
        self._know(person)

    def _rows(self) -> list[sqlite3.Row]:
        return self._database.rows("SELECT * FROM people ORDER BY place")

    def _know(self, person: Person) -> None:
        for name in (person.id, person.upn.lower(), self.teams_id(person.id)):
            if name:  # Entra has people without a UPN
                self._names[name] = person.id

    def all(self) -> list[Person]:
        return list(self._everybody.values())

    def find(self, name: str) -> Person | None:
        """Find a person by object id, UPN, or the bot's `29:…` id."""
        known = self._names.get(name) or self._names.get(name.lower())
        return self._everybody[known] if known is not None else None

    def teams_id(self, person: str) -> str:
        """Return the id that Teams gives a bot: stable for this bot, different for every other one."""
        if person not in self._teams_ids:
            digest = hashlib.sha256(f"{self._app} {person}".encode()).digest()
            self._teams_ids[person] = "29:1" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return self._teams_ids[person]

    def presence(self, person: str) -> tuple[str, str]:
        """(availability, activity)"""
        row = self._database.row("SELECT availability, activity FROM people WHERE id = ?", person)
        return (row["availability"], row["activity"]) if row is not None else ("PresenceUnknown", "PresenceUnknown")

    def set_presence(self, person: str, activity: str) -> None:
        availability = COARSE.get(activity, activity)
        self._database.run(
            "UPDATE people SET availability = ?, activity = ? WHERE id = ?", availability, activity, person
        )


def _person(row: sqlite3.Row) -> Person:
    return Person(row["id"], row["upn"], row["name"], bool(row["guest"]))
