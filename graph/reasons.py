"""Why Graph refused, for people: a word for the journal and the cards, and a sentence for pages and the doctor."""

from collections.abc import Mapping
from dataclasses import dataclass

from graph.client import GraphClient
from graph.errors import GraphProblem, ProblemKind
from graph.permissions import NEEDED

# Entra's codes for "nobody of this tenant has ever granted anything to this app".
# learn.microsoft.com/entra/identity-platform/reference-error-codes
NEVER_GRANTED = frozenset({"AADSTS700016", "AADSTS7000229", "AADSTS650052", "AADSTS65001"})
_SECRETS: Mapping[str, str] = {
    "AADSTS7000215": "the client secret is wrong",
    "AADSTS7000222": "the client secret has expired",
    "AADSTS90002": "there is no such tenant",
    "no_secret": "it has no client secret",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`word`: letters, digits, `-` and `.`, at most 64, the same for the same cause. `text`: one or two sentences."""

    word: str
    text: str


class RoomRefused(Exception):
    """There will be no room, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


APP_NOT_IN_CATALOGUE = Reason(
    "app_not_in_catalogue",
    "Usher is not in your organisation's Teams app catalogue. An administrator can upload its package in the Teams admin centre.",
)
ONE_PERSON_REFUSED = Reason(
    "one_person_refused",
    "Teams refuses a group chat with one person. Name a second person for the service, and take `one_person_rooms` back.",
)
NO_SECOND_PERSON = Reason(
    "no_second_person",
    "Teams wants two people in a group chat, and the service names nobody who sits in the room beside the agent. "
    "An owner of Usher's settings can name a `second_person`.",
)
TOPIC_REFUSED = Reason("topic_refused", "Teams refuses the name of the room.")
PERSON_REFUSED = Reason(
    "person_refused",
    "Teams refuses one of the people who were to sit in the room: the agent, or the second person. They may have no Teams licence.",
)
GRAPH_UNAVAILABLE = Reason("graph_unavailable", "Microsoft Graph did not open the room in time. It is tried again.")
AGENT_LEFT_OUT = Reason("agent_left_out", "Teams opened the room without the agent, and does not let them in.")
NO_SUCH_USER = Reason("no_such_user", "Microsoft Teams does not know this person.")
NO_SUCH_SECOND_PERSON = Reason(
    "no_such_second_person",
    "Microsoft Teams does not know the second person who was to sit in the room: they may have been deleted. "
    "Name another `second_person` for the service.",
)
BLOCKED = Reason("blocked_by_policy", "An app policy of your organisation blocks Usher. Ask your administrator.")


def not_granted(permission: str) -> Reason:
    """The permission is missing, by name."""
    return Reason(
        f"not_granted-{permission}",
        f"The permission {permission} is not granted, or was withdrawn. An administrator can grant it with the grant link.",
    )


async def reason_of(graph: GraphClient, tenant: str, problem: GraphProblem) -> Reason:
    """Why, as exactly as can be found out: a refused call is compared with what our token may do."""
    needed = NEEDED.get(problem.operation)
    if problem.kind is ProblemKind.AUTH:
        if problem.code in NEVER_GRANTED and needed is not None:
            return not_granted(needed.name)
        why = _SECRETS.get(problem.code, f"it says {problem.code}")
        return Reason("sign_in_refused", f"Entra refuses Usher's own sign-in: {why}. Check USHER_BOT_APP_SECRET.")
    if problem.kind is ProblemKind.FORBIDDEN and needed is not None:
        if await _lacks(graph, tenant, needed.name):
            return not_granted(needed.name)
        if problem.operation.startswith("install"):
            return BLOCKED
    if problem.operation == "create_chat":
        if problem.refuses_one_person:
            return ONE_PERSON_REFUSED
        if problem.refuses_topic:
            return TOPIC_REFUSED
        if problem.refuses_person:
            return PERSON_REFUSED
    return Reason(f"refused-{_plain(problem.code or str(problem.status))}", f"Microsoft Graph refuses it: {problem}.")


async def _lacks(graph: GraphClient, tenant: str, permission: str) -> bool:
    try:
        return permission not in await graph.tenant(tenant).roles()
    except GraphProblem:
        return False  # no token, no evidence


def _plain(code: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in code)[:48]
