"""A service's settings, and those of its widget. Field names are those of `company.toml`; durations are seconds."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

from directory.fields import (
    Colour,
    Name,
    Origin,
    PersonName,
    PersonOrNobody,
    Sentence,
    Settings,
    Slug,
    WebAddress,
    Word,
    between,
    unique,
)
from directory.hours import OpeningHours
from distribution.service_rules import SETTINGS
from distribution.tasks import Priority
from distribution.vocabulary import HoursEnd, OfferPolicy, ServiceKind

Ask = Literal["no", "optional", "required"]
Slugs = Annotated[Sequence[Slug], AfterValidator(unique)]

OVERFLOW_WORDS = ("form", "wait")
"""Values of `overflow` other than a service's id."""


class WidgetSettings(Settings):
    """The widget's appearance, and what it asks."""

    origins: Sequence[Origin] = ()
    """Websites that may embed it, such as `https://www.example.com`; `https://*.example.com` stands for one label, `"*"` is any."""
    greeting: Sentence = ""
    """The first thing a visitor reads."""
    ask_name: Ask = "optional"
    """Whether the visitor is asked for their name."""
    ask_email: Ask = "no"
    """Whether the visitor is asked for their e-mail address."""
    colour: Colour = "#2f6f4e"
    """The widget's colour."""
    agent_name: Word = "hidden"
    """What visitors see of the agent: `hidden` (the service's name), `real`, or one name for all."""
    privacy_text: Sentence = ""
    """Shown before the first message."""
    privacy_url: WebAddress = ""
    """A link next to it."""
    privacy_tick: bool = False
    """Whether the visitor must tick it."""


class CodeCategory(Settings):
    """Codes from which an agent chooses at the end."""

    category: Word
    """The category's name."""
    required: bool = False
    """Whether one of its codes must be chosen."""
    codes: Annotated[Sequence[Word], AfterValidator(unique)]
    """The codes."""

    @property
    def name(self) -> str:
        return self.category


class Level(Settings):
    """Agents that a level adds after a chat has waited this long. Without levels, every agent is asked from the beginning."""

    after_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    """The waiting time after which the level opens; the first level opens at once, each later one after the previous one."""
    agents: Annotated[Sequence[PersonName], AfterValidator(unique)] = ()
    """Agents of the service, by UPN or object id."""
    skills: Slugs = ()
    """Agents of the service who have all of these skills."""


def _unique_categories(codes: Sequence[CodeCategory]) -> Sequence[CodeCategory]:
    unique([code.category for code in codes])
    return codes


NOT_A_RULE = "not a rule of the distributor"
"""Marks a setting that others than the distributor obey."""

CONVERTED = frozenset({"name", "hours", "levels", "contact_center", "instant_messaging"})
"""Settings that `directory.projection` converts into rules of another form."""

NOT_SET_BY_OWNERS = frozenset({"deliver_seconds"})
"""Rules without a setting."""


def _rule(name: str) -> Any:
    """A setting that the distributor obeys as it is: default, bounds and meaning are those of `distribution.service_rules`."""
    setting = SETTINGS[name]
    info: FieldInfo = Field(default=setting.default, description=setting.meaning)
    if setting.bounds is not None:
        info.metadata.append(AfterValidator(setting.bounds))
    return info


class ServiceSettings(Settings):
    """What the distributor needs to know of a service, or of chats directly to a user (product.md 3 and 4)."""

    priority: Priority = _rule("priority")
    age_every_seconds: int = _rule("age_every_seconds")
    policy: OfferPolicy = _rule("policy")
    offer_seconds: int = _rule("offer_seconds")
    persistent_rona: bool = _rule("persistent_rona")
    rona_after_misses: int = _rule("rona_after_misses")
    rona_reset_seconds: int = _rule("rona_reset_seconds")
    reoffer_seconds: int = _rule("reoffer_seconds")
    allow_busy: bool = _rule("allow_busy")
    allow_away: bool = _rule("allow_away")
    concurrent: int = _rule("concurrent")
    queue_limit: int = _rule("queue_limit")
    queue_seconds: int = _rule("queue_seconds")
    overflow: str = _rule("overflow")
    hours: OpeningHours | None = None
    """Opening hours; left out: always open. A later file replaces them as a whole."""
    hours_end: HoursEnd = _rule("hours_end")
    closed_text: Annotated[Sentence, NOT_A_RULE] = ""
    """What a visitor who writes outside the hours is told; left out: Usher's own words, in their language."""
    full_text: Annotated[Sentence, NOT_A_RULE] = ""
    """What a visitor who finds the queue full is told; left out: Usher's own words, in their language."""
    acw_seconds: int = _rule("acw_seconds")
    acw_extension_seconds: int = _rule("acw_extension_seconds")
    acw_extensions: int = _rule("acw_extensions")
    visitor_grace_waiting_seconds: int = _rule("visitor_grace_waiting_seconds")
    visitor_grace_active_seconds: int = _rule("visitor_grace_active_seconds")
    idle_warn_seconds: int = _rule("idle_warn_seconds")
    idle_seconds: int = _rule("idle_seconds")
    agent_lost_seconds: int = _rule("agent_lost_seconds")
    stays_after_transfer: Annotated[bool, NOT_A_RULE] = False
    """An agent who has transferred a chat to this service, or to a colleague for it, stays in the room and may write there."""
    opening_pause_seconds: int = _rule("opening_pause_seconds")
    opening_attempts: int = _rule("opening_attempts")
    second_person: Annotated[PersonOrNobody, NOT_A_RULE] = ""
    """The second person in the room, by UPN or object id: Teams wants two people in a group chat. Their messages are never sent to the visitor. Left out: the first owner of the service by name."""
    stale_seconds: int = _rule("stale_seconds")
    sweep_quiet_seconds: int = _rule("sweep_quiet_seconds")
    codes: Annotated[Sequence[CodeCategory], AfterValidator(_unique_categories), NOT_A_RULE] = ()
    """Codes for ACW, by category."""
    tags: Annotated[Sequence[Word], AfterValidator(unique), NOT_A_RULE] = ()
    """Tags for ACW."""


class Service(ServiceSettings):
    """A service."""

    id: Annotated[Slug, NOT_A_RULE]
    """Its id: 1 to 40 characters of `a-z`, `0-9` and `-`; never changed."""
    name: Name
    """Its name; room names begin with it."""
    contact_center: bool = False
    """Its licence."""
    interact: Annotated[bool, NOT_A_RULE] = False
    """The licence for visitors from outside."""
    instant_messaging: bool = True
    """The modality of this service; off refuses new chats, active ones end normally."""
    kind: ServiceKind = _rule("kind")
    agents_may_pick: bool = _rule("agents_may_pick")
    last_agent: Annotated[bool, NOT_A_RULE] = False
    """A visitor who comes back is offered first to the agent of their last chat."""
    levels: Sequence[Level] = ()
    """Which agents are asked from the beginning, and which are added after which waiting time."""
    widget: Annotated[WidgetSettings | None, NOT_A_RULE] = None
    """Its widget."""

    @property
    def im_enabled(self) -> bool:
        return self.instant_messaging


def check_marks() -> None:
    """Every setting is a rule of the distributor, is converted into one, or is marked as none: nothing is forgotten."""
    unmarked = {
        name
        for name, info in Service.model_fields.items()
        if name not in SETTINGS and name not in CONVERTED and NOT_A_RULE not in info.metadata
    }
    missing = SETTINGS.keys() - Service.model_fields.keys() - NOT_SET_BY_OWNERS
    if unmarked or missing:
        raise TypeError(f"settings that are no rules and not marked: {unmarked}; rules without a setting: {missing}")


check_marks()
