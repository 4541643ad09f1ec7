"""The directory's data: tenants, services, users. Field names are those of `company.toml`.

Durations are seconds. Everything is frozen; texts are as their owner wrote them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator

from directory.fields import Guid, Name, Settings, SignInName, TimeZone, Word, between, unique_keys, word_key
from directory.service_model import CodeCategory, Level, Service, ServiceSettings, Slugs, WidgetSettings
from directory.times import ClockOrNever
from store.languages import Language

__all__ = [
    "CodeCategory",
    "Language",
    "Level",
    "Licences",
    "Membership",
    "Missing",
    "Registration",
    "Role",
    "Service",
    "ServiceSettings",
    "Slugs",
    "Tenant",
    "Theme",
    "User",
    "WidgetSettings",
    "WidgetTarget",
]

Theme = Literal["light", "dark", "system", "teams"]
Role = Literal["admin", "owner", "supervisor", "agent"]

NOT_AVAILABLE = ("Break", "Lunch", "Meeting", "Training", "Other work")
"""The reasons an agent may give for not being available, unless the tenant has its own list."""


class Licences(Settings):
    """How many of each licence the tenant has: the first two are for services, the others for users."""

    contact_center: Annotated[int, between(0, 1_000_000)] = 0
    """Services."""
    interact_service: Annotated[int, between(0, 1_000_000)] = 0
    """Services that visitors from outside may reach."""
    instant_messaging: Annotated[int, between(0, 1_000_000)] = 0
    """Users who may be offered chats: the Instant Messaging modality."""
    interact_user: Annotated[int, between(0, 1_000_000)] = 0
    """Users with a personal widget."""


class Tenant(Settings):
    """A company: an Entra tenant."""

    id: Guid
    """The Entra tenant's id."""
    name: Name
    """The company's name."""
    time_zone: TimeZone = "UTC"
    """The time zone of opening hours without one, and of `sweep_at`."""
    language: Language = "en"
    """The language of users who have not chosen one."""
    one_person_rooms: bool = False
    """The agent is alone in the room, without a second person. Only where your Teams allows group chats of one person:
    Microsoft documents a minimum of two."""
    instant_messaging: bool = True
    """The modality for the whole tenant; off refuses new chats, active ones end normally."""
    not_available: Annotated[Sequence[Word], AfterValidator(unique_keys)] = NOT_AVAILABLE
    """The reasons an agent may give for not being available. An empty list: agents can only go off duty."""
    sweep_at: ClockOrNever = "03:00"
    """The time of the daily sweep, which ends abandoned chats (see `sweep_quiet_seconds`); `""` never."""
    licences: Licences = Licences()
    """How many licences there are."""
    direct: ServiceSettings = ServiceSettings()
    """Settings for chats directly to a user, as far as they apply without a service."""

    @property
    def im_enabled(self) -> bool:
        return self.instant_messaging

    @property
    def reasons(self) -> Mapping[str, str]:
        """Short name → text of `not_available`, as the distributor and people use them."""
        return {word_key(word): word for word in self.not_available}


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's part in a service. `role`: the highest; `agent`: may be offered its tasks while `active`."""

    role: Role
    agent: bool
    active: bool


class User(Settings):
    """A user. `instant_messaging` and `interact_user` are the licences; the lists name services."""

    id: Guid
    upn: SignInName
    name: Name
    instant_messaging: bool = False
    interact_user: bool = False
    capacity: Annotated[int, between(1, 10)] = 1
    skills: Slugs = ()
    admin: bool = False
    agent_of: Slugs = ()
    inactive_in: Slugs = ()
    owns: Slugs = ()
    supervises: Slugs = ()
    widget: WidgetSettings | None = None
    # The user's own choices, in User Preferences.
    language: Language = "en"
    theme: Theme = "teams"
    notifications: bool = False

    @property
    def first_name(self) -> str:
        return self.name.split(maxsplit=1)[0]

    @property
    def im(self) -> bool:
        return self.instant_messaging

    @property
    def interact(self) -> bool:
        return self.interact_user

    @property
    def roles(self) -> tuple[Role, ...]:
        """The user's roles in the tenant, the highest first; for roles in a service, see `services`."""
        has: dict[Role, bool] = {
            "admin": self.admin,
            "owner": bool(self.owns),
            "supervisor": bool(self.supervises),
            "agent": bool(self.agent_of) or self.interact_user,
        }
        return tuple(role for role, yes in has.items() if yes)

    @property
    def services(self) -> Mapping[str, Membership]:
        """The user's part in each service."""
        return {service: self._membership(service) for service in (*self.owns, *self.supervises, *self.agent_of)}

    def _membership(self, service: str) -> Membership:
        agent = service in self.agent_of
        role: Role = "owner" if service in self.owns else "supervisor" if service in self.supervises else "agent"
        return Membership(role, agent, agent and service not in self.inactive_in)


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the bot reaches a user: the conversation reference that Teams sent when the user installed it."""

    tenant: str
    user: str
    service_url: str
    conversation_id: str
    bot_id: str
    teams_user_id: str
    installed_at: int


@dataclass(frozen=True, slots=True)
class WidgetTarget:
    """The target of a widget's public key: a service, or a user."""

    tenant: str
    service: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class Missing:
    """An unmet precondition (product.md 5), as a code and in words."""

    code: str
    text: str
