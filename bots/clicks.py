"""A click on a card: do it, once, and show the card as it is now. An old click is an answer, not an error."""

from dataclasses import dataclass
from typing import Final

import structlog

from bots import answers
from bots.answers import Answer
from bots.incoming import Incoming
from bots.targets import Targets
from bots.task_cards import TaskCards, customer_of
from cards.form import read_form
from cards.handing import read_target, refused_of
from cards.parts import Drawn
from cards.room import left_card
from cards.verbs import CardAction, Verb, parse
from cards.wording import Wording, wording
from conversations.messages import Conversations
from directory.acw import check_entries, missing_categories
from directory.directory import Directory
from distribution import verdicts
from distribution.distributor import Distributor
from distribution.tasks import Task, Via
from distribution.verdicts import Verdict
from store.connection import Store
from store.due import Subject, mark_due

log = structlog.get_logger(__name__)

ROOM_SCOPE: Final = "groupChat"

_NOTICES: Final = {
    Verdict.NOT_YOURS: "answer.not_yours",
    Verdict.REFUSED: "answer.not_possible",
    Verdict.NO_SUCH_SERVICE: "answer.not_possible",
    Verdict.NO_SUCH_AGENT: "answer.not_possible",
}
"""What the card alone does not say. A late click needs no words: the card says who was quicker."""


@dataclass(frozen=True, slots=True)
class _Click:
    """Who clicked what, and where."""

    tenant: str
    user: str
    room: str  # the chat in Teams whose card it is; "" = an agent's own card
    action: CardAction
    again: bool
    words: Wording

    @property
    def in_room(self) -> bool:
        return self.room != ""

    @property
    def via(self) -> Via:
        return Via.ROOM if self.in_room else Via.CARD


class Clicks:
    """Buttons of cards, sent by Action.Execute or, by older clients, by Action.Submit."""

    def __init__(
        self,
        *,
        distributor: Distributor,
        conversations: Conversations,
        directory: Directory,
        task_cards: TaskCards,
        targets: Targets,
        store: Store,
    ) -> None:
        self._distributor = distributor
        self._conversations = conversations
        self._directory = directory
        self._task_cards = task_cards
        self._targets = targets
        self._store = store

    async def execute(self, incoming: Incoming, *, again: bool) -> Answer:
        """What the invoke is answered with: the card as it is now, or a sentence where there is none."""
        click = await self._read(incoming, again=again)
        if click is None:
            return answers.message(wording(incoming.locale)("answer.unknown"))
        notice = await self._carry_out(click)
        drawn = await self._draw(click, notice)
        if drawn is None:
            return answers.message(notice or click.words("answer.unknown"))
        return answers.card(drawn.content)

    async def submit(self, incoming: Incoming, *, again: bool) -> str:
        """The same for a message with a `value`, which cannot be answered with a card: the posted card is brought up
        to date. Returns what is to be said to the clicker, empty if nothing.
        """
        click = await self._read(incoming, again=again)
        if click is None:
            return wording(incoming.locale)("answer.unknown")
        notice = await self._carry_out(click)
        task = click.action.task
        if click.in_room:
            await mark_due(self._store, click.tenant, Subject("relay", click.tenant, (task,)))
        else:
            await mark_due(self._store, click.tenant, Subject("card", click.tenant, (task, click.user)))
        return notice

    async def _read(self, incoming: Incoming, *, again: bool) -> _Click | None:
        action = parse(incoming.value)
        if action is None or not incoming.user:
            log.info("click_unknown", scope=incoming.scope)
            return None
        words = wording(await self._task_cards.language(incoming.tenant, incoming.user))
        room = incoming.conversation if incoming.scope == ROOM_SCOPE else ""
        if room and await self._conversations.by_room(incoming.tenant, incoming.conversation) != action.task:
            log.warning("click_from_another_room", task=action.task, user=incoming.user)
            return None
        return _Click(incoming.tenant, incoming.user, room, action, again, words)

    async def _carry_out(self, click: _Click) -> str:
        """Returns the notice for the clicker."""
        task = await self._distributor.task(click.tenant, click.action.task)
        if task is None or click.action.verb is Verb.REFRESH:
            return ""
        answer = await self._verb(click, task)
        if isinstance(answer, str):
            return answer
        log.info("clicked", verb=click.action.verb.value, task=task.id, user=click.user, verdict=answer.verdict.value)
        if answer.why == "no_extension":
            return click.words("answer.no_extension")
        notice = _NOTICES.get(answer.verdict)
        return click.words(notice) if notice else ""

    async def _verb(self, click: _Click, task: Task) -> verdicts.Answer | str:
        action, distributor = click.action, self._distributor
        tenant, user = click.tenant, click.user
        if action.verb is Verb.ACCEPT:
            return await distributor.accept(tenant, task.id, action.offer, user, click.via)
        if action.verb is Verb.DECLINE:
            return await distributor.decline(tenant, task.id, action.offer, user, click.via)
        match action.verb:
            case Verb.TERMINATE:
                return await distributor.terminate(tenant, task.id, by="agent", actor=user, via=click.via)
            case Verb.ACW_DONE:
                return await self._finish(click, task)
            case Verb.ACW_EXTEND:
                return await self._extend(click, task)
            case Verb.TRANSFER:
                return await self._transfer(click, task)
            case Verb.TAKE_BACK:
                return await distributor.take_back(tenant, task.id, user, click.via)
            case Verb.REFRESH:
                return ""

    async def _transfer(self, click: _Click, task: Task) -> verdicts.Answer | str:
        # A repeated click would hand on what has come back meanwhile.
        if click.again or click.action.offer != (task.offer or ""):
            return ""
        target = read_target(click.action.inputs)
        if target is None:
            return click.words("handing.choose_one" if await self._targets.of(task) else "handing.nobody")
        answer = await self._distributor.transfer(
            click.tenant,
            task.id,
            click.user,
            to_service=target.id if target.service else None,
            to_user=None if target.service else target.id,
            via=click.via,
        )
        if answer.verdict is not Verdict.REFUSED:
            return answer
        return refused_of(click.words, answer.why, await self._targets.name(click.tenant, target))

    async def _finish(self, click: _Click, task: Task) -> verdicts.Answer | str:
        if _is_form_of_another(click, task):
            return ""
        problem = await self._save(click, task, finishing=True)
        if problem and task.acw_of(click.user):
            return problem
        return await self._distributor.finish_acw(click.tenant, task.id, click.user, click.via)

    async def _extend(self, click: _Click, task: Task) -> verdicts.Answer | str:
        if _is_form_of_another(click, task):
            return ""
        problem = await self._save(click, task)
        # The end that the card showed is the fence: Teams has sent clicks twice, even with a new id.
        acw = task.acw_of(click.user)
        if click.again or acw is None or click.action.offer != str(acw.until_at):
            return problem
        answer = await self._distributor.extend_acw(click.tenant, task.id, click.user, click.via)
        return problem if problem and answer.ok else answer

    async def _save(self, click: _Click, task: Task, *, finishing: bool = False) -> str:
        """Keep what was entered, as far as it is valid. Returns what is wrong with it, and, `finishing`, what is missing."""
        settings = await self._directory.settings(click.tenant, task.service_for(click.user))
        if settings is None:
            return ""
        checked = check_entries(settings, read_form(click.action.inputs))
        codes, tags, note = checked.entries.codes, checked.entries.tags, checked.entries.note
        await self._distributor.save_wrapup(click.tenant, task.id, click.user, codes=codes, tags=tags, note=note)
        said = [click.words(f"acw.{fault}", name=name) for fault, name in checked.faults]
        missing = missing_categories(settings, codes) if finishing else ()
        if missing:
            said.append(click.words("acw.missing", names=", ".join(missing)))
        return " ".join(said)

    async def _draw(self, click: _Click, notice: str) -> Drawn | None:
        task = await self._distributor.task(click.tenant, click.action.task)
        if task is None:
            return None
        if not click.in_room:
            return await self._task_cards.personal(task, click.user, notice=notice)
        conversation = await self._conversations.get(click.tenant, task.id)
        if conversation is None:
            return None
        if click.room in conversation.left:
            said = click.words("room.moved_on")
            return left_card(click.words, task.id, customer_of(task, conversation), said)
        return await self._task_cards.opening(task, conversation, reader=click.user, notice=notice)


def _is_form_of_another(click: _Click, task: Task) -> bool:
    """Whether the form on a room's card was that of the agent who has the talk, and the clicker's own is another one: the
    answer shows them theirs."""
    session = task.session_of(click.user)
    if not click.in_room or session is None or not session.left_talk or session.acw is None:
        return False
    return click.action.offer != str(session.acw.until_at)
