"""Sentences for people, in the user's language: the cards' own where they say the same thing, the portal's for the rest."""

import json
from functools import cache
from pathlib import Path

from cards.handing import refused_of
from cards.wording import Wording, wording
from distribution.agents import Reason
from distribution.tasks import Task
from distribution.user_session import OfferResult
from distribution.verdicts import Answer, Verdict
from portal.schemas import Language, Words
from store.languages import DEFAULT, LANGUAGES, language_of

REASONS = frozenset(reason.value for reason in Reason)
REFUSALS = frozenset({"not_picked_here", "level", "full", "im_off", "outside_hours", "yourself"})
"""What the distributor says beside the reasons that stand against an agent."""

FOLDER = Path(__file__).parent / "texts"


class Voice:
    """Speaks one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._cards = wording(language)
        self._own = _own(language)

    def __call__(self, key: str, **values: str | int) -> str:
        return self._own(key, **values)

    @property
    def direct(self) -> str:
        """What stands where a service's name would, when the visitor asked for this user."""
        return self._cards("direct")

    def reason(self, reason: Reason, unavailable: str = "") -> Words:
        """The reasons against the agent, addressed to them. `unavailable`: their reason for not being
        available."""
        # The cards send people to My Sessions to end the pause; here they are there.
        text = self("reason.rona") if reason is Reason.RONA else self._cards(f"reason.{reason}")
        if reason is Reason.NOT_AVAILABLE and unavailable:
            text = f"{text}: {unavailable}"
        return Words(code=reason, text=text[:1].upper() + text[1:])

    def reason_of(self, reason: Reason, unavailable: str = "") -> Words:
        """The same, about the agent, for others."""
        text = self._cards(f"team.{reason}")
        return Words(
            code=reason, text=f"{text}: {unavailable}" if reason is Reason.NOT_AVAILABLE and unavailable else text
        )

    def refused(self, why: str) -> str:
        """Why the distributor refused a verb: its own word, or a reason that stands against the one who asked."""
        if why in REFUSALS:
            return self._cards(f"refused.{why}")
        return f"{self.reason(Reason(why)).text}." if why in REASONS else self._cards("answer.not_possible")

    def refused_of(self, why: str, name: str) -> str:
        """As above, for others."""
        return refused_of(self._cards, why, name)

    def about(self, answer: Answer) -> str:
        """What to say about a verdict; "" when all went as asked."""
        match answer.verdict:
            case Verdict.OK | Verdict.UNCHANGED:
                return ""
            case Verdict.GONE:
                return self("answer.gone")
            case Verdict.NOT_YOURS:
                return self._cards("answer.not_yours")
            case Verdict.REFUSED if answer.why == "no_extension":
                return self._cards("answer.no_extension")
            case Verdict.REFUSED:
                return self.refused(answer.why)
            case Verdict.NO_SUCH_TASK:
                return self("problem.no_such_task")
            case _:
                return self._cards("answer.not_possible")

    def trouble(self, task: Task) -> str:
        """Why a task's room could not be opened, or was lost, said to the agent who had it."""
        why, _, detail = (task.broken or task.failing or task.why).partition("-")
        return self._cards.get(f"failed.{why}", "failed.text", detail=detail)

    def trouble_of(self, task: Task) -> str:
        """The same, said to those who supervise the service."""
        why = (task.broken or task.failing).partition("-")[0]
        if self._own.knows(f"trouble.{why}"):
            return self._own(f"trouble.{why}")
        return self.trouble(task) if self._cards.knows(f"failed.{why}") else self._own("trouble.text")

    @property
    def somebody(self) -> str:
        return self._cards("taken.somebody")

    def gone(self, task: Task, user: str, customer: str, winner: str = "") -> Words | None:
        """Why an offer or a room has gone from a person's page; None when they did it themselves, or it just
        continued.

        `winner`: the name of the agent who has the task now.
        """
        session = task.session_of(user)
        match session.result if session else None:
            case OfferResult.RONA:
                return Words(code="missed", text=self("notice.missed", customer=customer))
            case OfferResult.UNDELIVERED:
                return Words(code="undelivered", text=self("notice.undelivered", customer=customer))
            case OfferResult.WITHDRAWN if task.agent not in {None, user}:
                return Words(code="taken", text=self("notice.taken", customer=customer, name=winner or self.somebody))
            case OfferResult.WITHDRAWN:
                return Words(code="withdrawn", text=self("notice.withdrawn", customer=customer))
            case OfferResult.FAILED:
                return Words(code="failed", text=f"{customer}: {self.trouble(task)}")
            case _:
                return None


@cache
def voice(language: Language) -> Voice:
    return Voice(language)


def best_language(accepted: str) -> Language:
    """The first of our languages in an Accept-Language header; for people whose own choice is not known."""
    for part in accepted.split(","):
        found = language_of(part.partition(";")[0])
        if found is not None:
            return found
    return DEFAULT


def _own(language: str) -> Wording:
    assert language in LANGUAGES
    return Wording(language, json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))
