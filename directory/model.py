"""What the directory knows: tenants, services, users. Field names are those of `company.toml`.

Durations are seconds. Everything is frozen; texts are as their owner wrote them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from directory.fields import (
    Colour,
    Guid,
    Name,
    Origin,
    Sentence,
    Slug,
    TimeZone,
    Upn,
    WebAddress,
    Word,
    between,
    unique,
)

Language = Literal["en", "de", "fr", "it"]
Theme = Literal["light", "dark", "system", "teams"]
Role = Literal["admin", "owner", "supervisor", "agent"]
Ask = Literal["no", "optional", "required"]
Policy = Literal["longest_idle", "round_robin", "least_occupied"]

Slugs = Annotated[Sequence[Slug], AfterValidator(unique)]


class Settings(BaseModel):
    """What all of them have in common: frozen, and nothing in them that is not understood."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WidgetSettings(Settings):
    """How a widget looks and what it asks. `agent_name`: `hidden` (the service's name), `real`, or a name for all."""

    origins: Sequence[Origin] = ()
    greeting: Sentence = ""
    ask_name: Ask = "optional"
    ask_email: Ask = "no"
    colour: Colour = "#2f6f4e"
    agent_name: Word = "hidden"
    privacy_text: Sentence = ""
    privacy_url: WebAddress = ""
    privacy_tick: bool = False


class CodeCategory(Settings):
    """Codes of which an agent chooses one at the end; a `required` category must have one."""

    category: Word
    required: bool = False
    codes: Annotated[Sequence[Word], AfterValidator(unique)]

    @property
    def name(self) -> str:
        return self.category


def _unique_categories(codes: Sequence[CodeCategory]) -> Sequence[CodeCategory]:
    unique([code.category for code in codes])
    return codes


class ServiceSettings(Settings):
    """What the distributor needs to know of a service, or of chats that go straight to a user (product.md 3 and 4)."""

    offer_seconds: Annotated[int, between(5, 300, "seconds")] = 20
    acw_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    acw_extension_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    acw_extensions: Annotated[int, between(0, 10)] = 0
    policy: Policy = "longest_idle"
    persistent_rona: bool = False
    rona_after_misses: Annotated[int, between(0, 100)] = 2
    rona_reset_seconds: Annotated[int, between(10, 28_800, "seconds")] = 600
    concurrent: Annotated[int, between(1, 500)] = 20
    queue_seconds: Annotated[int, between(5, 3600, "seconds")] = 300
    allow_busy: bool = False
    allow_away: bool = False
    visitor_grace_waiting_seconds: Annotated[int, between(1, 3600, "seconds")] = 60
    visitor_grace_active_seconds: Annotated[int, between(1, 86_400, "seconds")] = 300
    codes: Annotated[Sequence[CodeCategory], AfterValidator(_unique_categories)] = ()
    tags: Annotated[Sequence[Word], AfterValidator(unique)] = ()


class Licences(Settings):
    """How many of each licence the tenant has: the first two are for services, the others for users."""

    contact_center: Annotated[int, between(0, 1_000_000)] = 0
    interact_service: Annotated[int, between(0, 1_000_000)] = 0
    instant_messaging: Annotated[int, between(0, 1_000_000)] = 0
    interact_user: Annotated[int, between(0, 1_000_000)] = 0


class Tenant(Settings):
    """A company: an Entra tenant. `instant_messaging`: the modality, for the whole tenant."""

    id: Guid
    name: Name
    time_zone: TimeZone = "UTC"
    language: Language = "en"
    instant_messaging: bool = True
    licences: Licences = Licences()
    direct: ServiceSettings = ServiceSettings()

    @property
    def im_enabled(self) -> bool:
        return self.instant_messaging


class Service(ServiceSettings):
    """A service. `contact_center` and `interact` (visitors from outside) are its licences."""

    id: Slug
    name: Name
    contact_center: bool = False
    interact: bool = False
    instant_messaging: bool = True
    widget: WidgetSettings | None = None

    @property
    def im_enabled(self) -> bool:
        return self.instant_messaging


@dataclass(frozen=True, slots=True)
class Membership:
    """What a user is in a service. `role`: the highest he has; `agent`: may be offered its tasks while `active`."""

    role: Role
    agent: bool
    active: bool


class User(Settings):
    """A person. `instant_messaging` and `interact_user` are his licences; the lists name services."""

    id: Guid
    upn: Upn
    name: Name
    instant_messaging: bool = False
    interact_user: bool = False
    capacity: Annotated[int, between(1, 10)] = 1
    admin: bool = False
    agent_of: Slugs = ()
    inactive_in: Slugs = ()
    owns: Slugs = ()
    supervises: Slugs = ()
    widget: WidgetSettings | None = None
    # What he chose himself, in User Preferences.
    language: Language = "en"
    theme: Theme = "teams"
    notifications: bool = False

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def im(self) -> bool:
        return self.instant_messaging

    @property
    def interact(self) -> bool:
        return self.interact_user

    @property
    def roles(self) -> tuple[Role, ...]:
        """His roles in the tenant, the highest first; in a service, see `services`."""
        has: dict[Role, bool] = {
            "admin": self.admin,
            "owner": bool(self.owns),
            "supervisor": bool(self.supervises),
            "agent": bool(self.agent_of) or self.interact_user,
        }
        return tuple(role for role, yes in has.items() if yes)

    @property
    def services(self) -> Mapping[str, Membership]:
        """What he is in which service."""
        return {service: self._membership(service) for service in (*self.owns, *self.supervises, *self.agent_of)}

    def _membership(self, service: str) -> Membership:
        agent = service in self.agent_of
        role: Role = "owner" if service in self.owns else "supervisor" if service in self.supervises else "agent"
        return Membership(role, agent, agent and service not in self.inactive_in)


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the bot reaches a user: the conversation reference that Teams gave when he installed it."""

    tenant: str
    user: str
    service_url: str
    conversation_id: str
    bot_id: str
    teams_user_id: str
    installed_at: int


@dataclass(frozen=True, slots=True)
class WidgetTarget:
    """Whom a widget's public key leads to: a service, or a user."""

    tenant: str
    service: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A precondition that is not met (product.md 5), as a code and in words."""

    code: str
    text: str
