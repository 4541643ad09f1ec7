"""The parts of the sandbox, built once and passed to every handler."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.bells import Bells
from sandbox.chats import Chats
from sandbox.database import Database
from sandbox.entra.codes import Codes
from sandbox.entra.tokens import Tokens
from sandbox.faults import Faults
from sandbox.keys import kept_key
from sandbox.limits import Limits, Windows
from sandbox.messages import Messages
from sandbox.people import People
from sandbox.records import Records
from sandbox.settings import Settings
from sandbox.teams.bot_keys import BotKeys
from sandbox.teams.bot_line import BotLine
from sandbox.world import World


@dataclass(slots=True)
class Addresses:
    """The sandbox's addresses: for people's browsers, and for the product."""

    http: str = ""
    tls: str = ""
    ca_file: str = ""


class Core:
    """All that handlers need."""

    def __init__(self, world: World, state: Path) -> None:
        self.world = world
        self.addresses = Addresses()
        self.database = Database(state / "sandbox.sqlite")
        self.settings = Settings(self.database, world)
        self.people = People(self.database, world)
        self.chats = Chats(self.database, world.app.client_id)
        self.messages = Messages(self.database)
        self.tokens = Tokens(world, kept_key(state, "entra"))
        self.codes = Codes()
        self.limits = Limits()
        self.faults = Faults()
        self.records = Records()
        self.bells = Bells()
        self.bot_keys = BotKeys(kept_key(state, "bot"), world.app.client_id)
        self.bot_line = BotLine(self.settings, self.bot_keys, self.faults, self.records)

    @property
    def service_url(self) -> str:
        """The URL at which a bot answers this tenant's conversations."""
        return f"{self.addresses.tls}/smba/{self.world.tenant_id}/"

    def is_deleted(self, person: str) -> bool:
        """Whether the person was deleted in Entra and not restored. Teams keeps their messages and memberships without a name."""
        return person in self.settings.texts("deleted_people")

    def count(self, refusal: str, key: str, windows: Windows) -> None:
        """Count a call against Microsoft's limits, unless a test switched them off."""
        if self.settings.get("limits"):
            self.limits.count(refusal, key, windows)

    async def close(self) -> None:
        self.bells.close()
        await self.bot_line.close()
        self.database.close()


CORE = web.AppKey("core", Core)
