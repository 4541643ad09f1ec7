"""One task for every state, as the product would make it: what all card tests draw."""

from dataclasses import replace

from cards.state import CardData, Category, Line, PersonalState, Target
from distribution.tasks import Outcome, Task, TaskState
from distribution.user_session import Acw, Entries, OfferResult, PastOffer

ANNA = "a1f6a7b0-0001-4c1b-9a55-000000000001"
BEN = "a1f6a7b0-0002-4c1b-9a55-000000000002"
NOON = 1_795_608_000_000  # an ordinary noon, in milliseconds


def asked(result: OfferResult) -> dict[str, PastOffer]:
    """How Anna's latest offer of the task ended."""
    return {ANNA: PastOffer(result, 0, "0k3v9x2m4q7t1b8c5d99")}


TASK = Task(
    tenant="5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
    id="0k3v9x2m4q7t1b8c5d6f",
    state=TaskState.OFFERED,
    revision=4,
    service="garden-advice",
    user=None,
    customer="Jonas Keller",
    created_at=NOON - 82_000,
    since_at=NOON - 80_000,
    offer="0k3v9x2m4q7t1b8c5d99",
    invited=(ANNA,),
    offered_at=NOON,
    deliver_by_at=NOON + 10_000,
    deadline_at=NOON + 31_000,
    agent=None,
    accepted_at=None,
    active_at=None,
    ended_at=None,
    acw_until_at=None,
    closed_at=None,
    ended_by=None,
    outcome=None,
    why="",
    codes=(),
    tags=(),
    note="",
    visitor_here=True,
    visitor_left_at=None,
    asked={},
)
STATE = CardData(
    task=TASK,
    viewer=ANNA,
    language="en",
    customer="Jonas Keller",
    service="Garden Advice",
    page="www.fabrikam.example/roses",
    said=(
        Line(
            "Jonas Keller", "Hello, the leaves of my rose have black spots.\nIs there anything I can do before winter?"
        ),
        Line("Usher", "Hello, and welcome to Fabrikam Gardens. What can we do for you?"),
        Line("Jonas Keller", "It stands in a pot on the balcony 🌹"),
    ),
    chat_url="https://teams.microsoft.com/l/chat/19%3Ameeting@thread.v2/0?tenantId=5f1c",
    categories=(
        Category("Topic", ("Plants", "Tools", "Delivery", "Something else"), required=True),
        Category("Result", ("Solved", "Call back", "Order placed")),
    ),
    tags=("returning", "urgent", "refund"),
    extensions_left=2,
    extension_seconds=60,
    offer_seconds=30,
    names={ANNA: "Anna Meier", BEN: "Ben Okafor"},
    refresh_for=("29:1anna",),
    targets=(
        Target("orders", "Orders & Delivery", service=True),
        Target(BEN, "Ben Okafor"),
    ),
    transferred_to="Ben Okafor",
)

ACCEPTED = replace(TASK, state=TaskState.CONNECTING, agent=ANNA, accepted_at=NOON + 4_000)
ACTIVE = replace(ACCEPTED, state=TaskState.ACTIVE, active_at=NOON + 6_000)
OVER = replace(
    ACTIVE,
    state=TaskState.ACW,
    ended_at=NOON + 371_000,
    acw_until_at=NOON + 431_000,
    ended_by="agent",
    outcome=Outcome.HANDLED,
    codes=("Plants",),
    tags=("returning",),
    note="Black spot; recommended a spray.",
)


def past(result: OfferResult, **changes: object) -> Task:
    """The task after Anna's offer ended so."""
    waiting = replace(TASK, state=TaskState.QUEUED, offer=None, invited=(), deadline_at=None, asked=asked(result))
    return replace(waiting, **changes)  # type: ignore[arg-type]  # names of fields, given by the tests below


TASKS: dict[PersonalState, Task] = {
    PersonalState.OFFER: TASK,
    PersonalState.CONNECTING: ACCEPTED,
    PersonalState.ACCEPTED: ACTIVE,
    PersonalState.ACW: OVER,
    PersonalState.ENDED: replace(OVER, state=TaskState.CLOSED, closed_at=NOON + 400_000),
    PersonalState.DECLINED: past(OfferResult.DECLINED),
    PersonalState.MISSED: past(OfferResult.RONA),
    PersonalState.WITHDRAWN: past(
        OfferResult.WITHDRAWN, state=TaskState.CLOSED, outcome=Outcome.ABANDONED_WHILE_OFFERED, ended_by="visitor"
    ),
    PersonalState.TAKEN: past(OfferResult.WITHDRAWN, state=TaskState.ACTIVE, agent=BEN),
    PersonalState.FAILED: past(OfferResult.FAILED, why="not_granted-Chat.Create"),
}
STATES: dict[PersonalState, CardData] = {
    **{state: replace(STATE, task=task) for state, task in TASKS.items()},
    PersonalState.TRANSFERRED: replace(
        STATE,
        task=replace(ACTIVE, agent=BEN, had_for={ANNA: "garden-advice"}, asked=asked(OfferResult.ACCEPTED)),
        transferred_to="Orders & Delivery",
    ),
}
HERS = Entries(("Plants",), ("urgent",), "Wants it before Friday.")
HANDED_ON = replace(
    ACTIVE, agent=BEN, had_for={ANNA: "garden-advice"}, asked=asked(OfferResult.ACCEPTED), noted={ANNA: HERS}
)
WRAPS = replace(HANDED_ON, wraps={ANNA: Acw(NOON + 95_000, 1)})
"""Ben has the chat now, and Anna the after-call work of her part."""
ROOM_TASKS: dict[str, Task] = {
    "active": ACTIVE,
    "left": replace(ACTIVE, visitor_here=False, visitor_left_at=NOON + 60_000),
    "acw": OVER,
    "closed": TASKS[PersonalState.ENDED],
    "handed on": replace(
        ACTIVE, state=TaskState.OFFERED, agent=None, invited=(BEN,), holder=ANNA, transfer_to=f"@{BEN}"
    ),
    "noted before": HANDED_ON,
    "noted before, acw": replace(OVER, agent=BEN, had_for={ANNA: "garden-advice"}, noted={ANNA: HERS}),
    "waiting again": past(OfferResult.FAILED),
}
