"""Every setting of Usher, in one place.

Settings come from the environment (and from a `.env` file in the working directory); nothing else in the product
reads it. A start with anything missing, wrong or misspelt names *every* faulty variable with its expected form, once,
and ends with exit code 2 (see `load_settings`).
"""

from __future__ import annotations

import ipaddress
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from entry.hosts import leads_here
from identity.proxies import Proxies
from store.address import FORMS as REDIS_FORMS
from store.address import parse_address
from store.env_file import read_env_file
from store.text import unfit
from store.web_address import site

PREFIX = "USHER_"
ENV_FILE = Path(".env")
STANDARD = ("https_proxy", "no_proxy")
"""Fields whose variables have a name that all programs know, without our prefix."""
TYPOGRAPHIC = frozenset("“”„‟‘’‚‛«»‹›")
TESTS_OWN = ("test_", "model_", "chaos_")
"""How the names of variables go on that say how the tests run; a server that a test starts inherits them."""

# What a person is told who left a variable out or misspelt its value: its form, with an example.
FORMS: dict[str, str] = {
    "port": "a TCP port from 1 to 65535 (3978)",
    "host": "the address to listen on (127.0.0.1, or 0.0.0.0 behind a load balancer)",
    "public_url": "the https address, without a path, under which Microsoft and browsers reach Usher (https://usher.example.com)",
    "redis_url": f"{REDIS_FORMS}; leave it out for the embedded server",
    "data_dir": "a folder that this process may write to (./.data)",
    "object_store_url": "leave it out for the data folder",
    "workers": "how many processes serve the port, from 1 to 64 (1)",
    "secret_key": "at least 32 characters that nobody can guess (openssl rand -hex 32)",
    "trusted_proxies": "addresses or networks of your load balancers, separated by commas (10.0.0.0/8)",
    "first_admin": "the UPN or object id of the first tenant admin (olivia@example.com)",
    "bot_app_id": "the application (client) id of the bot's Entra app: a GUID",
    "bot_app_type": "SingleTenant, UserAssignedMSI or MultiTenant",
    "bot_app_secret": "a client secret of the bot's Entra app",
    "tenant_id": "the directory (tenant) id of the bot's Entra app: a GUID",
    "teams_app_id": "the `id` of the Teams app manifest: a GUID (leave it out when it equals USHER_BOT_APP_ID)",
    "login_url": "Entra's address (https://login.microsoftonline.com)",
    "graph_url": "Microsoft Graph's address (https://graph.microsoft.com)",
    "bot_openid_url": "the Bot Framework's OpenID document (https://login.botframework.com/v1/.well-known/openidconfiguration)",
    "bot_token_issuer": "who issues the Bot Framework's tokens (https://api.botframework.com)",
    "ca_file": "a PEM file of certificate authorities to trust besides the system's",
    "dangerously_allow_unauthenticated_bot": "true or false; true only while USHER_HOST and USHER_PUBLIC_URL are loopback addresses",
    "metrics_token": "at least 16 characters, which Prometheus sends as a bearer token for /metrics",
    "metrics_port": "a TCP port of 127.0.0.1 that only serves /metrics (9100)",
    "https_proxy": "the proxy for calls to Microsoft (http://proxy.example.com:3128, or http://user:password@…)",
    "no_proxy": "hosts that are called straight, separated by commas (localhost,10.0.0.0/8,.example.com)",
    "log_format": "text or json",
    "log_level": "debug, info, warning or error",
}

GUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"


class BotAppType(StrEnum):
    """How the bot's Entra app is registered; the words are Azure Bot's own."""

    SINGLE_TENANT = "SingleTenant"
    USER_ASSIGNED_MSI = "UserAssignedMSI"
    MULTI_TENANT = "MultiTenant"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """What Usher needs to know before it starts. Frozen: nothing changes while it runs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    # Where Usher listens, and what it is called from outside.
    port: Annotated[int, Field(ge=1, le=65535)] = 3978
    host: str = "127.0.0.1"
    public_url: str

    # Where Usher keeps what it knows.
    redis_url: str | None = None
    data_dir: Path = Path(".data")
    object_store_url: str | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1

    # What Usher trusts.
    secret_key: Annotated[SecretStr, Field(min_length=32)]
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    first_admin: str | None = None

    # The bot and its app.
    bot_app_id: Annotated[str, Field(pattern=GUID)]
    bot_app_type: BotAppType = BotAppType.SINGLE_TENANT
    # Needed for a managed identity's bot as well: the sign-in and Graph are asked with it.
    bot_app_secret: SecretStr
    tenant_id: Annotated[str, Field(pattern=GUID)]
    teams_app_id: Annotated[str | None, Field(pattern=GUID)] = None

    # Clouds and stand-ins; the defaults are Microsoft's public cloud.
    login_url: str = "https://login.microsoftonline.com"
    graph_url: str = "https://graph.microsoft.com"
    bot_openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    bot_token_issuer: str = "https://api.botframework.com"
    ca_file: Path | None = None
    https_proxy: SecretStr = Field(SecretStr(""), validation_alias="HTTPS_PROXY")
    no_proxy: str = Field("", validation_alias="NO_PROXY")

    # Only for Bot Framework clients on the same machine, such as the Emulator.
    dangerously_allow_unauthenticated_bot: bool = False

    # What Usher says about itself.
    metrics_token: Annotated[SecretStr | None, Field(min_length=16)] = None
    metrics_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    log_format: LogFormat = LogFormat.TEXT
    log_level: LogLevel = LogLevel.INFO

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # it would read `$` and ` #` as more than signs
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # not used
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, _from_file())

    @field_validator("*", mode="before")
    @classmethod
    def _as_typed(cls, value: Any) -> Any:
        """A value that an editor or a copy has altered would only show as a sign-in that fails."""
        if not isinstance(value, str):
            return value
        if value[:1] in TYPOGRAPHIC or value[-1:] in TYPOGRAPHIC:
            raise ValueError("begins or ends with a typographic quote; write plain quotes, or none")
        if value != value.strip() or unfit(value):
            raise ValueError("has a blank at its begin or end, or a control character in it")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in parts:
            ipaddress.ip_network(part, strict=False)
        return parts

    @field_validator("public_url", "login_url", "graph_url")
    @classmethod
    def _site(cls, value: str, info: ValidationInfo) -> str:
        """Usher serves, and requests, paths at the root: below another path, or after a query, they would not be
        found."""
        address = site(value)
        # MSAL and azure-identity refuse an http authority, and tokens must not travel in the clear.
        loopback_page = info.field_name == "public_url" and leads_here(address)
        if address.startswith("http:") and not loopback_page:
            raise ValueError("must begin with https://")
        return address

    @field_validator("bot_openid_url", "bot_token_issuer")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("must begin with https:// and a host's name")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not name a user")
        return value.rstrip("/")

    @field_validator("https_proxy")
    @classmethod
    def _proxy(cls, value: SecretStr) -> SecretStr:
        Proxies.read(value.get_secret_value(), "")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: str | None) -> str | None:
        if value is not None:
            parse_address(value)
        return value

    @field_validator("ca_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("no such file")
        return value

    @field_validator("tenant_id", "bot_app_id", "teams_app_id")
    @classmethod
    def _lower(cls, value: str | None) -> str | None:
        return value.lower() if value else value

    # A rule between two fields stands on the later one, so that it is reported together with everything else.
    @field_validator("dangerously_allow_unauthenticated_bot")
    @classmethod
    def _only_at_home(cls, value: bool, info: ValidationInfo) -> bool:
        public, host = str(info.data.get("public_url", "")), str(info.data.get("host", ""))
        if value and not (leads_here(public) and leads_here(f"//[{host}]" if ":" in host else f"//{host}")):
            raise ValueError("not allowed here")
        return value

    @property
    def teams_app(self) -> str:
        """The `id` of the Teams app manifest, which Graph's catalogue calls `externalId`."""
        return self.teams_app_id or self.bot_app_id

    @property
    def proxies(self) -> Proxies:
        """The way out of this network."""
        return Proxies.read(self.https_proxy.get_secret_value(), self.no_proxy)


class SettingsError(Exception):
    """Some settings are missing or wrong; `faults` holds (variable, what is wrong, expected form)."""

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        self.faults = faults
        lines = [f"  {name}: {wrong}\n      expected: {form}" for name, wrong, form in faults]
        super().__init__("Usher cannot start; these settings are missing or wrong:\n" + "\n".join(lines))


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raise `SettingsError`, which names every variable that is missing or wrong, at once."""
    faults = [*_faults_of_file(), *_unknown()]
    named = {name for name, _, _ in faults}
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # the environment provides what is not overridden
    except ValidationError as error:
        # What the file says wrongly is not "missing" as well.
        raise SettingsError([*(fault for fault in _invalid(error) if fault[0] not in named), *faults]) from None
    if faults:
        raise SettingsError(faults)
    return settings


def _invalid(error: ValidationError) -> list[tuple[str, str, str]]:
    faults: list[tuple[str, str, str]] = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]).lower()
        wrong = "missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
        faults.append((_variable(name), wrong, FORMS[name]))
    return faults


def _variable(field: str) -> str:
    return field.upper() if field in STANDARD else PREFIX + field.upper()


def _from_file() -> dict[str, str]:
    """What `.env` says, by the names of the fields."""
    values = {name: value for name, value in read_env_file(ENV_FILE).values.items() if value}
    return {field: values[name] for field in FORMS if (name := _variable(field).lower()) in values}


def _faults_of_file() -> list[tuple[str, str, str]]:
    faults = read_env_file(ENV_FILE).faults
    return [
        (
            name or str(ENV_FILE),
            wrong,
            FORMS.get(name.removeprefix(PREFIX).lower(), "lines of the form USHER_PORT=3978"),
        )
        for name, wrong in faults
    ]


def _unknown() -> list[tuple[str, str, str]]:
    """Names that nothing reads: most of them are misspelt, and what they should say would silently not hold."""
    prefix = PREFIX.lower()
    of_file = {name for name, value in read_env_file(ENV_FILE).values.items() if value}
    found = {*of_file, *EnvSettingsSource(Settings).env_vars}
    own = sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix))
    faults: list[tuple[str, str, str]] = []
    for name in own:
        if name in FORMS.keys() - STANDARD or name.startswith(TESTS_OWN):
            continue
        near = get_close_matches(name, FORMS, n=1)
        wrong = f"there is no such setting; {_variable(near[0])}?" if near else "there is no such setting"
        faults.append((PREFIX + name.upper(), wrong, FORMS[near[0]] if near else "no variable of this name"))
    return faults
