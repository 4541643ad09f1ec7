"""The JSON that goes in and out. Instants (`…_at`) are milliseconds since the epoch, in the server's time.

`openapi.py` describes the API from these models, and web/portal/types.ts has the same shapes.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from directory.model import Theme
from distribution.user_session import LONGEST_NOTE
from store.languages import Language

Priority = Literal["strict", "high", "normal", "low"]
State = Literal["arriving", "queued", "offered", "connecting", "active", "acw", "closed"]
Choice = Annotated[str, Field(min_length=1, max_length=200)]


class Shape(BaseModel):
    """Frozen, and nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Shape):
    """A code for programs, a sentence in the user's language for people."""

    code: str
    text: str


class NotedView(Shape):
    """A colleague's note on a task that they had before."""

    name: str = Field(description='"" when the user is no longer known')
    codes: list[str]
    tags: list[str]
    note: str


class TaskView(Shape):
    """A task as one agent sees it."""

    id: str
    state: State
    revision: int
    service: str | None = Field(description="null: the visitor asked for this user, not for a service")
    service_name: str
    customer: str
    page: str
    first_message: str
    created_at: int
    since_at: int = Field(description="waiting since; kept when the task goes back to the queue")
    offer: str | None = Field(description="the offer that is open to this user")
    offered_at: int | None
    deadline_at: int | None = Field(description="end of the time to answer; null until the offer has arrived somewhere")
    offer_seconds: int
    accepted_at: int | None
    active_at: int | None
    ended_at: int | None
    ended_by: str | None
    acw_until_at: int | None
    acw_can_extend: bool
    closed_at: int | None
    outcome: str | None
    my_result: str | None = Field(description="how this user's own latest offer of the task ended")
    codes: list[str] = Field(description="these three: this user's own entries")
    tags: list[str]
    note: str
    noted_before: list[NotedView] = Field(description="the entries of agents who had the chat before")
    visitor_here: bool
    visitor_grace_until_at: int | None = Field(description="when the chat ends unless the visitor comes back")
    chat_url: str | None = Field(description="the room in Teams")
    handed_to: str = Field(description='the transfer target, by name; "" without one')
    handed_until_at: int | None = Field(description="when it returns to this user if no agent has accepted")
    handed_by: str = Field(description='who transfers it, or did, by name; "" without one')


class CodeCategoryView(Shape):
    category: str
    required: bool
    codes: list[str]


class ServiceView(Shape):
    """What a wrap-up of this service may contain; id "" stands for chats straight to the user."""

    id: str
    name: str
    codes: list[CodeCategoryView]
    tags: list[str]


class AgentServiceView(Shape):
    id: str
    name: str
    selectable: bool
    reasons: list[Words]


class AgentView(Shape):
    on_duty: bool
    presence: str
    unavailable: Words | None = Field(description="the reason for not being available; null when available")
    not_available: list[Words] = Field(description="the reasons that the user may give")
    rona: bool
    rona_until_at: int | None
    services: list[AgentServiceView]


class RegistrationView(Shape):
    registered: bool
    since_at: int | None
    missing: list[Words] = Field(description="what stands against chats reaching this user at all")


class ServiceName(Shape):
    id: str
    name: str


class MeView(Shape):
    tenant: str
    tenant_name: str
    user: str
    upn: str
    name: str
    roles: list[str]
    supervises: list[ServiceName] = Field(description="the services whose team and waiting chats the user may manage")
    language: Language
    theme: Theme
    notifications: bool
    notices: list[Words] = Field(description="for admins: what is wrong with this installation now")


class WaitingTaskView(Shape):
    id: str
    customer: str
    position: int
    since_at: int
    priority: Priority


class WaitingView(Shape):
    service: str
    name: str
    may_pick: bool = Field(description="this user may pick one of these")
    tasks: list[WaitingTaskView]


class Pieces(Shape):
    """Everything a page shows."""

    me: MeView
    registration: RegistrationView
    agent: AgentView | None = Field(description="null: this user takes no chats")
    services: list[ServiceView]
    offers: list[TaskView]
    open: list[TaskView] = Field(description="connecting, active and after-call work")
    waiting: list[WaitingView]
    past: list[TaskView]


class Snapshot(Pieces):
    revision: str = Field(description="changes with the content and with nothing else")
    at: int


class Update(Shape):
    """Event `state`: the pieces that changed, each whole."""

    revision: str
    at: int
    pieces: dict[str, object]


class TeamTaskView(Shape):
    """A chat of a service, as those see it who supervise it."""

    id: str
    customer: str
    state: State
    priority: Priority
    position: int | None = Field(description="1 = the next one; null when it does not wait")
    level: int = Field(description="up to which level of the service it is open")
    since_at: int
    active_at: int | None
    agents: list[str] = Field(description="names of those who are asked, or who have it")
    trouble: str = Field(
        default="", description="why its room could not be opened, or was lost, while it waits; in words"
    )
    paused_until_at: int | None = Field(default=None, description="nobody is asked for it before this")
    backlog: int = Field(
        default=0, description="messages of the customer that have not reached the room for 10 s or more"
    )
    backlog_since_at: int | None = Field(default=None, description="when the first of them was written")


class TeamAgentView(Shape):
    """An agent, and every reason against an offer of this service; none = the agent may be asked."""

    user: str
    name: str
    selectable: bool
    reasons: list[Words]
    level: int | None = Field(description="the level that adds the agent; null when none does")
    on_duty: bool
    presence: str
    unavailable: str = Field(description='the reason for not being available; "" when available')
    rona: bool
    rona_until_at: int | None
    idle_since_at: int | None
    chats: int = Field(description="all current chats of the agent, of any service")


class TeamView(Shape):
    """Why is nobody offered this? One answer for a whole service."""

    service: str
    name: str
    levels: int = Field(description="0: the service has no levels")
    notices: list[Words] = Field(description="what stands against the service itself: closed, full, switched off")
    agents: list[TeamAgentView]


class TeamTasksView(Shape):
    service: str
    waiting: list[TeamTaskView]
    running: list[TeamTaskView] = Field(description="offered, opening and talking; oldest first")
    all: int = Field(description="how many chats `end-all` would end; more than are listed where many wait")


class PriorityBody(Shape):
    priority: Priority


class UserBody(Shape):
    user: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]


class EndedAnswer(Shape):
    ended: int = Field(description="how many chats were ended")


class TargetServiceView(Shape):
    id: str
    name: str
    free: int = Field(description="how many others could be asked at once")


class TargetAgentView(Shape):
    user: str
    name: str
    free: bool
    reason: str = Field(description='the reason against asking the agent now; "" when there is none')


class TargetsView(Shape):
    """Where a chat could be handed to."""

    services: list[TargetServiceView]
    agents: list[TargetAgentView]


class TransferBody(Shape):
    """One of the two."""

    service: Annotated[str, Field(pattern=r"^[0-9a-z-]{1,40}$")] | None = None
    user: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")] | None = None


class TaskAnswer(Shape):
    """What became of a request. A late click is an answer, too: verdict `gone`, and the task as it is now."""

    verdict: str
    message: str = Field(description='a sentence when there is something to say, else ""')
    task: TaskView | None


class MessageView(Shape):
    seq: int
    sender: Literal["visitor", "agent", "system", "note"]
    author: str
    text: str
    at: int
    edited: bool
    deleted: bool


class Transcript(Shape):
    """All that was said, in order, with edits and deletions applied; notes included."""

    task: str
    customer: str
    service_name: str
    messages: list[MessageView]


class RegisterAnswer(Shape):
    result: str
    message: str


class Fault(Shape):
    code: str
    field: str | None
    message: str


class Problem(Shape):
    """Every refusal looks like this."""

    error: Fault


class Nothing(Shape):
    """An empty body, or `{}`."""


class OfferBody(Shape):
    offer: Annotated[str, Field(pattern=r"^[0-9a-z-]{1,64}$")]


class WrapupBody(Shape):
    codes: Annotated[list[Choice], Field(max_length=100)]
    tags: Annotated[list[Choice], Field(max_length=100)]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)]


class DutyBody(Shape):
    on: bool


class AvailabilityBody(Shape):
    reason: Annotated[str, Field(pattern=r"^[0-9a-z-]{0,40}$")] = Field(
        description='the code of one of the tenant\'s reasons for not being available; "" = available again'
    )


class PreferencesBody(Shape):
    """What is left out stays as it is."""

    language: Language | None = None
    theme: Theme | None = None
    notifications: bool | None = None


class SurfaceBody(Shape):
    """An open page answers a heartbeat. Hidden, it counts only when it can raise a desktop notification."""

    surface: Annotated[str, Field(pattern=r"^[0-9a-zA-Z-]{1,64}$")]
    hidden: bool
    notifications: bool
