"""Brings an agent's own card up to date with the task: sends it, changes it, or finds that they cannot be reached."""

from dataclasses import dataclass
from typing import Final

import structlog

from bots.connector import Place
from bots.outbox import Outbox, retry_seconds
from bots.pacing import Priority
from bots.path import TeamsPath
from bots.problems import Kind, SendProblem
from bots.refusals import Refusals
from bots.task_cards import TaskCards, card_activity
from cards.parts import Drawn
from conversations.messages import Conversations, Shown
from directory.directory import Directory
from directory.model import Registration
from distribution.distributor import Distributor
from distribution.tasks import Task, Via
from distribution.user_session import Phase
from store.due import RetryLater, Subject

log = structlog.get_logger(__name__)

OLD_CARD_SECONDS: Final = 1.0
"""An old card is brought up to date only together with the new one: nobody comes back for it."""

_UNREACHABLE: Final = frozenset({Kind.BLOCKED, Kind.CONVERSATION_GONE})


class OfferCards:
    """The handler of `card:<tenant>:<task>:<user>`."""

    def __init__(
        self,
        *,
        distributor: Distributor,
        conversations: Conversations,
        directory: Directory,
        task_cards: TaskCards,
        outbox: Outbox,
        path: TeamsPath,
        refusals: Refusals,
    ) -> None:
        self._distributor = distributor
        self._conversations = conversations
        self._directory = directory
        self._task_cards = task_cards
        self._outbox = outbox
        self._path = path
        self._refusals = refusals

    async def handle(self, subject: Subject) -> None:
        """Show this agent the task as it is now. Harmless when run twice. Raises RetryLater when Teams wants a pause."""
        tenant, (task_id, user) = subject.tenant, subject.parts
        task = await self._distributor.task(tenant, task_id)
        registration = await self._directory.registration(tenant, user)
        if task is None or registration is None:
            return  # an open surface shows it, or the offer goes back when its time to be delivered is over
        drawn = await self._task_cards.personal(task, user)
        if drawn is None:
            return
        shown = await self._conversations.shown(tenant, task_id, _slot(user))
        session = task.session_of(user)
        offered = session is not None and session.phase is Phase.OFFERED
        if shown is None and not offered:
            return  # they never had a card of it
        offer = task.offer or "" if offered else _offer_of(shown)
        job = _Job(task, user, offered, registration, drawn, f"{offer}|{drawn.digest}")
        try:
            # A new offer is a new message: a change of an old one makes no sound.
            if shown is None or _offer_of(shown) != offer:
                await self._send(job, Priority.OFFER)
            elif shown.digest != job.digest:
                await self._update(job, shown)
                await self._distributor.reached(tenant, user)
        except SendProblem as problem:
            await self._failed(job, problem)
            return
        if offered and task.deadline_at is None:
            await self._distributor.confirm_delivery(tenant, task_id, offer, user, Via.CARD)
        if shown is not None and _offer_of(shown) != offer:
            await self._leave_behind(job, shown)

    async def _send(self, job: "_Job", priority: Priority) -> None:
        place = Place(job.task.tenant, job.registration.service_url, job.registration.conversation_id)
        activity_id = await self._outbox.send(place, card_activity(job.drawn), priority)
        await self._note(job, place.conversation, activity_id)

    async def _update(self, job: "_Job", shown: Shown) -> None:
        place = Place(job.task.tenant, job.registration.service_url, shown.conversation_ref)
        try:
            await self._outbox.update(place, shown.activity_id, card_activity(job.drawn), Priority.UPDATE)
        except SendProblem as problem:
            moved = shown.conversation_ref != job.registration.conversation_id
            if problem.kind is not Kind.ACTIVITY_GONE and not (moved and problem.kind in _UNREACHABLE):
                raise
            log.info("card_gone", task=job.task.id, code=problem.code)
            await self._send(job, Priority.UPDATE)
        else:
            await self._note(job, place.conversation, shown.activity_id)

    async def _leave_behind(self, job: "_Job", shown: Shown) -> None:
        """The card of an earlier offer says for good how that one ended; nobody looks after it any more."""
        past = await self._task_cards.past(job.task, job.user)
        if past is None:
            return
        place = Place(job.task.tenant, job.registration.service_url, shown.conversation_ref)
        try:
            await self._outbox.patient(OLD_CARD_SECONDS).update(
                place, shown.activity_id, card_activity(past), Priority.UPDATE
            )
        except SendProblem as problem:
            log.info("old_card_left", task=job.task.id, status=problem.status, code=problem.code)

    async def _note(self, job: "_Job", conversation: str, activity_id: str) -> None:
        task, slot = job.task, _slot(job.user)
        await self._conversations.set_shown(task.tenant, task.id, slot, conversation, activity_id, job.digest)

    async def _failed(self, job: "_Job", problem: SendProblem) -> None:
        task, user = job.task, job.user
        if await self._path.failed(Subject("card", task.tenant, (task.id, user)), problem):
            if job.offered:
                await self._distributor.unsent(task.tenant, task.id, task.offer or "", user)
            return
        again = retry_seconds(problem)
        if again is not None and job.offered:
            raise RetryLater(again, str(problem)) from problem  # for as long as an offer may take to arrive
        if again is not None:
            await self._refusals.leaves(task, _slot(user), job.registration.conversation_id, problem)
        log.warning("card_not_shown", task=task.id, user=user, status=problem.status, code=problem.code)
        if problem.kind in _UNREACHABLE:
            current = await self._directory.registration(task.tenant, user)
            if current is not None and current.conversation_id == job.registration.conversation_id:
                await self._directory.drop_registration(task.tenant, user)
        if job.offered:
            why = problem.code or problem.kind.name.lower()
            await self._distributor.undelivered(task.tenant, task.id, task.offer or "", user, why)


@dataclass(frozen=True, slots=True)
class _Job:
    """One look at the task, and the card that came of it. `offered`: to this agent, now."""

    task: Task
    user: str
    offered: bool
    registration: Registration
    drawn: Drawn
    digest: str


def _slot(user: str) -> str:
    return f"card:{user}"


def _offer_of(shown: Shown | None) -> str:
    """A card's note begins with the offer that it was sent for."""
    return shown.digest.partition("|")[0] if shown is not None else ""
