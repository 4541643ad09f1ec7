"""The personal card, in an agent's chat with the bot: from the offer to the result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adaptivecards.baseobject import BareObject

from cards import elements as el
from cards import form, parts
from cards.elements import make
from cards.escape import markdown
from cards.parts import Drawn
from cards.result import entry_facts, result_facts
from cards.state import LIVE, CardData, PersonalState, personal_state
from cards.verbs import Verb
from cards.wording import Wording, duration, wording
from distribution.tasks import Outcome
from distribution.user_session import OfferResult


@dataclass(frozen=True, slots=True)
class _Content:
    blocks: Sequence[BareObject]
    buttons: Sequence[BareObject] = ()


# Draws the content of a card in one state. The last argument is False if the complete card would be larger than Teams accepts.
_Draws = Callable[[Wording, CardData, bool], _Content]

STYLES: Mapping[PersonalState, str] = {
    PersonalState.OFFER: "accent",
    PersonalState.CONNECTING: "accent",
    PersonalState.ACCEPTED: "good",
    PersonalState.ACW: "warning",
    PersonalState.MISSED: "attention",
    PersonalState.FAILED: "attention",
}


def personal_card(data: CardData, state: PersonalState | None = None) -> Drawn | None:
    """The card that `data.viewer` should see now; None if they have no session in the task.

    `state`: a state other than the present one, for the card of an earlier offer.
    """
    state = state or personal_state(data.task, data.viewer)
    if state is None:
        return None
    drawn = _draw(data, state, complete=True)
    if drawn.size > parts.MAX_BYTES:
        drawn = _draw(replace(data, said=data.said[:1]), state, complete=False)
    return drawn


def _draw(data: CardData, state: PersonalState, *, complete: bool) -> Drawn:
    words = wording(data.language)
    who = _other(words, data, state)
    content = _CONTENT[state](words, data, complete)
    blocks: list[BareObject] = [
        parts.header(words(f"{state}.title", name=who), data.service or words("direct"), STYLES.get(state, "emphasis")),
        parts.name(data.customer),
        *content.blocks,
    ]
    if data.notice:
        blocks.append(parts.text(markdown(data.notice), colour="attention"))
    return parts.frame(
        words,
        summary=words(f"{state}.summary", customer=data.customer, name=who),
        body=blocks,
        buttons=content.buttons,
        task=data.task.id,
        refresh_for=data.refresh_for if state in LIVE else (),
    )


def _other(words: Wording, data: CardData, state: PersonalState) -> str:
    if state is PersonalState.TRANSFERRED:
        return data.transferred_to or words("taken.somebody")
    return data.names.get(data.task.agent or "", "") or words("taken.somebody")


def _offer(words: Wording, data: CardData, _complete: bool) -> _Content:
    task = data.task
    blocks = parts.facts(
        [
            parts.waited(words, task.since_at, task.offered_at),
            (words("fact.page"), data.page),
        ]
    )
    if data.said:
        blocks.append(parts.quotation(words("offer.first_message"), parts.spoken(data.said[0].text)))
    if task.deadline_at is not None:
        # Teams writes a time in the reader's zone, but without seconds.
        within = duration(data.offer_seconds * 1000)
        answer = words("offer.answer_by", within=within, time=parts.clock(task.deadline_at))
        blocks.append(parts.text(answer, bold=True, spacing="medium"))
    offer = task.offer or ""
    return _Content(
        blocks,
        [
            parts.button(Verb.ACCEPT, words("offer.accept"), task.id, offer, style="positive"),
            parts.button(Verb.DECLINE, words("offer.decline"), task.id, offer),
        ],
    )


def _connecting(words: Wording, _data: CardData, _complete: bool) -> _Content:
    return _Content([parts.text(words("connecting.text"), subtle=True)])


def _accepted(words: Wording, data: CardData, _complete: bool) -> _Content:
    task = data.task
    blocks = parts.facts([parts.waited(words, task.since_at, task.accepted_at), (words("fact.page"), data.page)])
    if not task.visitor_here:
        blocks.append(parts.text(words("accepted.left"), colour="warning"))
    if task.holder is not None:
        blocks.append(parts.text(words("accepted.handing_on", name=data.transferred_to), colour="warning"))
    buttons: list[BareObject] = []
    if data.chat_url:
        buttons.append(_open_chat(words, data))
    buttons.append(
        parts.button(Verb.TERMINATE, words("accepted.terminate"), task.id, task.offer or "", style="destructive")
    )
    return _Content(blocks, buttons)


def _acw(words: Wording, data: CardData, complete: bool) -> _Content:
    return _Content([*result_facts(words, data), *form.form(words, data, complete=complete)], form.buttons(words, data))


def _ended(words: Wording, data: CardData, _complete: bool) -> _Content:
    return _Content(result_facts(words, data, entry_facts(words, data.task.entries_of(data.viewer))))


def _withdrawn(words: Wording, data: CardData, _complete: bool) -> _Content:
    task = data.task
    if data.session and data.session.result is OfferResult.UNDELIVERED:
        return _Content([parts.text(words("withdrawn.undelivered"), subtle=True)])
    reasons = {Outcome.CANCELLED: "withdrawn.cancelled", Outcome.ABANDONED_WHILE_OFFERED: "withdrawn.left"}
    key = reasons.get(task.outcome, "withdrawn.text") if task.outcome else "withdrawn.text"
    return _Content([parts.text(words(key), subtle=True)])


def _failed(words: Wording, data: CardData, _complete: bool) -> _Content:
    task = data.task
    # An agent whose room broke sees that, whatever happened to the task since.
    broke = task.broken if data.session and data.session.left_talk else ""
    why, _, detail = (broke or task.why).partition("-")
    return _Content([parts.text(words.get(f"failed.{why}", "failed.text", detail=markdown(detail)))])


def _transferred(words: Wording, data: CardData, _complete: bool) -> _Content:
    noted = parts.facts(entry_facts(words, data.task.entries_of(data.viewer)))
    if not (data.stays and data.chat_url):
        return _Content([parts.text(words("transferred.text"), subtle=True), *noted])
    return _Content([parts.text(words("transferred.stays")), *noted], [_open_chat(words, data)])


def _open_chat(words: Wording, data: CardData) -> BareObject:
    return make(el.OpenUrl, title=words("accepted.open"), url=data.chat_url, style="positive")


def _sentence(key: str) -> _Draws:
    return lambda words, _data, _complete: _Content([parts.text(words(key), subtle=True)])


_CONTENT: Mapping[PersonalState, _Draws] = {
    PersonalState.OFFER: _offer,
    PersonalState.CONNECTING: _connecting,
    PersonalState.ACCEPTED: _accepted,
    PersonalState.ACW: _acw,
    PersonalState.ENDED: _ended,
    PersonalState.DECLINED: _sentence("declined.text"),
    PersonalState.MISSED: _sentence("missed.text"),
    PersonalState.WITHDRAWN: _withdrawn,
    PersonalState.TAKEN: _sentence("taken.text"),
    PersonalState.TRANSFERRED: _transferred,
    PersonalState.FAILED: _failed,
}
