"""The simulated world: one tenant, its people and one registered app, read from a TOML file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox.values import is_object

# What the app's manifest asks for in a chat, unless the world says otherwise (`[app] rsc`). `PUT /control/manifest` changes it.
DEFAULT_RSC = ("ChatMessage.Read.Chat",)


class WorldError(Exception):
    """The world's file cannot be used. The text says where and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the tenant. `id` is the Entra object id, lower case."""

    id: str
    upn: str
    name: str
    guest: bool = False

    @property
    def given_name(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def surname(self) -> str:
        return self.name.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class App:
    """The registered app: its Entra registration, its entry in the tenant's Teams catalogue, and its bot."""

    client_id: str
    client_secret: str
    catalogue_id: str
    external_id: str
    name: str
    bot_endpoint: str
    redirect_uris: tuple[str, ...]
    granted: tuple[str, ...]
    required: tuple[str, ...]
    rsc: tuple[str, ...]

    @property
    def bot_id(self) -> str:
        return f"28:{self.client_id}"


@dataclass(frozen=True, slots=True)
class World:
    """The parts that do not change while the sandbox runs."""

    tenant_id: str
    tenant_name: str
    domain: str
    app: App
    people: tuple[Person, ...]


def read_world(path: Path) -> World:
    """Read the file. Raises WorldError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise WorldError(f"{path} cannot be read: {problem.strerror}.") from problem
    except tomllib.TOMLDecodeError as problem:
        raise WorldError(f"{path} is not TOML: {problem}.") from problem
    tenant = _Table(path, "tenant", document.get("tenant"))
    app = _Table(path, "app", document.get("app"))
    tenant_id, tenant_name, domain = tenant.text("id").lower(), tenant.text("name"), tenant.text("domain")
    granted = app.texts("granted")
    return World(
        tenant_id=tenant_id,
        tenant_name=tenant_name,
        domain=domain,
        app=App(
            client_id=app.text("client_id").lower(),
            client_secret=app.text("client_secret"),
            catalogue_id=app.text("catalogue_id").lower(),
            external_id=app.text("external_id").lower(),
            name=app.text("name"),
            bot_endpoint=app.text("bot_endpoint"),
            redirect_uris=app.texts("redirect_uris"),
            granted=granted,
            # What the registration asks for; an admin who consents grants all of it.
            required=app.texts("required", granted),
            rsc=app.texts("rsc", DEFAULT_RSC),
        ),
        people=tuple(_person(path, entry) for entry in _list(path, "users", document.get("users", []))),
    )


def _person(path: Path, entry: object) -> Person:
    user = _Table(path, "users", entry)
    return Person(user.text("id").lower(), user.text("upn"), user.text("name"), guest=user.flag("guest"))


def _list(path: Path, name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise WorldError(f"{path}: [[{name}]] must be a list of tables.")
    return cast("list[object]", value)


@dataclass(frozen=True, slots=True)
class _Table:
    path: Path
    name: str
    value: object

    def _get(self, key: str) -> Any:
        if not is_object(self.value):
            raise WorldError(f"{self.path}: there is no table [{self.name}].")
        return self.value.get(key)

    def text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not value:
            raise WorldError(f"{self.path}: [{self.name}] {key} must be a text.")
        return value

    def texts(self, key: str, otherwise: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._get(key)
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, list):
            raise WorldError(f"{self.path}: [{self.name}] {key} must be a list of strings.")
        return tuple(str(entry) for entry in cast("list[object]", value))

    def flag(self, key: str) -> bool:
        return self._get(key) is True
