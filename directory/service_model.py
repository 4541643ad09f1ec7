"""A service's settings, and those of its widget. Field names are those of `company.toml`; durations are seconds."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator

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

Ask = Literal["no", "optional", "required"]
Policy = Literal["longest_idle", "round_robin", "least_occupied"]
Kind = Literal["direct", "broadcast", "pickup"]
PriorityName = Literal["strict", "high", "normal", "low"]
HoursEnd = Literal["stay", "overflow"]

Slugs = Annotated[Sequence[Slug], AfterValidator(unique)]

OVERFLOW_WORDS = ("form", "wait")
"""What `overflow` may say beside a service's id."""


class WidgetSettings(Settings):
    """How a widget looks and what it asks."""

    origins: Sequence[Origin] = ()
    """Websites that may embed it, such as `https://www.example.com`; `https://*.example.com` stands for one label, `"*"` is any."""
    greeting: Sentence = ""
    """The first thing a visitor reads."""
    ask_name: Ask = "optional"
    """Whether the visitor is asked for his name."""
    ask_email: Ask = "no"
    """Whether the visitor is asked for his e-mail address."""
    colour: Colour = "#2f6f4e"
    """The widget's colour."""
    agent_name: Word = "hidden"
    """What visitors see of the agent: `hidden` (the service's name), `real`, or one name for all."""
    privacy_text: Sentence = ""
    """Shown before the first message."""
    privacy_url: WebAddress = ""
    """A link beside it."""
    privacy_tick: bool = False
    """Whether the visitor must tick it."""


class CodeCategory(Settings):
    """Codes of which an agent chooses at the end."""

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
    """Whom a level adds, once a chat has waited for so long. Without levels every agent is asked from the beginning."""

    after_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    """When it opens; the first level opens at once, each later one later than the one before it."""
    agents: Annotated[Sequence[PersonName], AfterValidator(unique)] = ()
    """Agents of the service, by UPN or object id."""
    skills: Slugs = ()
    """Agents of the service who have all of these skills."""


def _unique_categories(codes: Sequence[CodeCategory]) -> Sequence[CodeCategory]:
    unique([code.category for code in codes])
    return codes


class ServiceSettings(Settings):
    """What the distributor needs to know of a service, or of chats that go straight to a user (product.md 3 and 4)."""

    priority: PriorityName = "normal"
    """Which chats come first, where agents have several services. `strict` is before everything else."""
    age_every_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    """Waiting so long raises a chat by one priority (never to `strict`); 0 never."""
    policy: Policy = "longest_idle"
    """Who is asked first: idle longest, in turn, or with the fewest chats for his capacity."""
    offer_seconds: Annotated[int, between(5, 300, "seconds")] = 20
    """The time to answer an offer, from its arrival."""
    persistent_rona: bool = False
    """An agent who misses or declines an offer gets no more until `rona_reset_seconds` are over, or he resets it."""
    rona_after_misses: Annotated[int, between(0, 100)] = 2
    """So many misses in a row do that also without `persistent_rona`; 0 never."""
    rona_reset_seconds: Annotated[int, between(10, 28_800, "seconds")] = 600
    """How long it lasts."""
    reoffer_seconds: Annotated[int, between(0, 3600, "seconds")] = 30
    """The same agent is asked again only when nobody else can be, and not before this."""
    allow_busy: bool = False
    """Agents who are busy in Teams are asked, too."""
    allow_away: bool = False
    """Agents who are away in Teams are asked, too."""
    concurrent: Annotated[int, between(1, 500)] = 20
    """So many chats at once, counted from the offer; further ones wait."""
    queue_limit: Annotated[int, between(0, 100_000)] = 0
    """So many may wait; a further one overflows at once. 0 no limit."""
    queue_seconds: Annotated[int, between(5, 3600, "seconds")] = 300
    """So long a chat may wait; then it overflows."""
    overflow: str = "form"
    """What becomes of it: `form` (it ends, with words for the visitor), `wait` (it goes on waiting), or a service's id."""
    hours: OpeningHours | None = None
    """When it is open; left out: always. A later file exchanges them as a whole."""
    hours_end: HoursEnd = "stay"
    """What becomes of waiting chats when it closes: they `stay`, or `overflow`."""
    closed_text: Sentence = ""
    """What a visitor is told who writes outside the hours; left out: Usher's own words, in his language."""
    full_text: Sentence = ""
    """What a visitor is told who finds the queue full; likewise."""
    acw_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    """After-call work; 0 none."""
    acw_extension_seconds: Annotated[int, between(0, 3600, "seconds")] = 0
    """How much time an extension gives."""
    acw_extensions: Annotated[int, between(0, 10)] = 0
    """How often it can be extended."""
    visitor_grace_waiting_seconds: Annotated[int, between(1, 3600, "seconds")] = 60
    """A visitor whose connection is gone for so long while he waits has left."""
    visitor_grace_active_seconds: Annotated[int, between(1, 86_400, "seconds")] = 300
    """Likewise during a chat."""
    idle_warn_seconds: Annotated[int, between(0, 86_400, "seconds")] = 600
    """After so long without a word from either side both are warned; 0 never."""
    idle_seconds: Annotated[int, between(0, 86_400, "seconds")] = 900
    """After so long without a word the chat ends; 0 never."""
    agent_lost_seconds: Annotated[int, between(0, 86_400, "seconds")] = 600
    """An agent who is offline for so long, and has written nothing, loses the chat: it waits for another one; 0 never."""
    stays_after_transfer: bool = False
    """An agent who has handed a chat on to this service, or to a colleague for it, stays in the room and may write there."""
    # also in distribution/agents.py
    opening_pause_seconds: Annotated[int, between(0, 300, "seconds")] = 5
    """When a room could not be opened, nobody is asked for this time; it doubles with each attempt, up to 300 seconds."""
    opening_attempts: Annotated[int, between(1, 100)] = 5
    """After this many rooms that could not be opened a chat ends with an error, and the visitor is told."""
    second_person: PersonOrNobody = ""
    """Who sits in the room beside the agent, by UPN or object id: Teams wants two people in a group chat. What they write goes to nobody outside. Left out: the first owner of the service by name."""
    stale_seconds: Annotated[int, between(0, 604_800, "seconds")] = 0
    """A chat in which nothing has happened for so long is ended; 0 only by the daily sweep."""
    sweep_quiet_seconds: Annotated[int, between(60, 86_400, "seconds")] = 3600
    """The daily sweep ends chats that have been quiet for so long."""
    codes: Annotated[Sequence[CodeCategory], AfterValidator(_unique_categories)] = ()
    """Codes for after-call work, by category."""
    tags: Annotated[Sequence[Word], AfterValidator(unique)] = ()
    """Tags for after-call work."""


class Service(ServiceSettings):
    """A service."""

    id: Slug
    """Its id: 1 to 40 characters of `a-z`, `0-9` and `-`; never changed."""
    name: Name
    """Its name; the room's begins with it."""
    contact_center: bool = False
    """Its licence."""
    interact: bool = False
    """The licence for visitors from outside."""
    instant_messaging: bool = True
    """The modality of this service; off refuses new chats, running ones end normally."""
    kind: Kind = "direct"
    """`direct` asks one agent after the other, `broadcast` ten at once (the first to accept has it), `pickup` nobody: agents pick."""
    agents_may_pick: bool = False
    """Agents may pick waiting chats of a service that is not `pickup`, and from every surface."""
    last_agent: bool = False
    """A visitor who comes back is offered first to the agent who had his last chat."""
    levels: Sequence[Level] = ()
    """Who is asked from the beginning, and who is added after how much waiting."""
    widget: WidgetSettings | None = None
    """Its widget."""

    @property
    def im_enabled(self) -> bool:
        return self.instant_messaging
