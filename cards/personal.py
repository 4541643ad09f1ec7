"""An agent's own card, in his chat with the bot: from the offer to the result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adaptivecards.baseobject import BareObject

from cards import elements as el
from cards import form, parts
from cards.elements import make
from cards.escape import markdown
from cards.parts import Drawn
from cards.result import entry_facts, result_facts
from cards.state import LIVE, CardState, Picture, picture_of
from cards.verbs import Verb
from cards.wording import Wording, duration, wording
from distribution.tasks import Outcome
from distribution.user_session import OfferResult


@dataclass(frozen=True, slots=True)
class _Content:
    blocks: Sequence[BareObject]
    buttons: Sequence[BareObject] = ()


STYLES: Mapping[Picture, str] = {
    Picture.OFFER: "accent",
    Picture.CONNECTING: "accent",
    Picture.ACCEPTED: "good",
    Picture.ACW: "warning",
    Picture.MISSED: "attention",
    Picture.FAILED: "attention",
}


def personal_card(state: CardState) -> Drawn | None:
    """The card that `state.viewer` should see now; None if the task has nothing to do with him."""
    picture = picture_of(state.task, state.viewer)
    if picture is None:
        return None
    drawn = _draw(state, picture, complete=True)
    if drawn.size > parts.MAX_BYTES:
        drawn = _draw(replace(state, said=state.said[:1]), picture, complete=False)
    return drawn


def _draw(state: CardState, picture: Picture, *, complete: bool) -> Drawn:
    words = wording(state.language)
    who = _other(words, state, picture)
    content = _acw(words, state, complete=complete) if picture is Picture.ACW else _CONTENT[picture](words, state)
    blocks: list[BareObject] = [
        parts.header(
            words(f"{picture}.title", name=who), state.service or words("direct"), STYLES.get(picture, "emphasis")
        ),
        parts.name(state.customer),
        *content.blocks,
    ]
    if state.notice:
        blocks.append(parts.text(markdown(state.notice), colour="attention"))
    return parts.frame(
        words,
        summary=words(f"{picture}.summary", customer=state.customer, name=who),
        body=blocks,
        buttons=content.buttons,
        task=state.task.id,
        refresh_for=state.refresh_for if picture in LIVE else (),
    )


def _other(words: Wording, state: CardState, picture: Picture) -> str:
    if picture is Picture.TRANSFERRED:
        return state.transferred_to or words("taken.somebody")
    return state.names.get(state.task.agent or "", "") or words("taken.somebody")


def _offer(words: Wording, state: CardState) -> _Content:
    task = state.task
    blocks = parts.facts(
        [
            parts.waited(words, task.since_at, task.offered_at),
            (words("fact.page"), state.page),
        ]
    )
    if state.said:
        blocks.append(parts.quotation(words("offer.first_message"), parts.spoken(state.said[0].text)))
    if task.deadline_at is not None:
        # Teams writes a time in the reader's zone, but without seconds.
        within = duration(state.offer_seconds * 1000)
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


def _connecting(words: Wording, _state: CardState) -> _Content:
    return _Content([parts.text(words("connecting.text"), subtle=True)])


def _accepted(words: Wording, state: CardState) -> _Content:
    task = state.task
    blocks = parts.facts([parts.waited(words, task.since_at, task.accepted_at), (words("fact.page"), state.page)])
    if not task.visitor_here:
        blocks.append(parts.text(words("accepted.left"), colour="warning"))
    if task.holder is not None:
        blocks.append(parts.text(words("accepted.handing_on", name=state.transferred_to), colour="warning"))
    buttons: list[BareObject] = []
    if state.chat_url:
        buttons.append(_open_chat(words, state))
    buttons.append(
        parts.button(Verb.TERMINATE, words("accepted.terminate"), task.id, task.offer or "", style="destructive")
    )
    return _Content(blocks, buttons)


def _acw(words: Wording, state: CardState, *, complete: bool) -> _Content:
    return _Content(
        [*result_facts(words, state), *form.form(words, state, complete=complete)], form.buttons(words, state)
    )


def _ended(words: Wording, state: CardState) -> _Content:
    return _Content(result_facts(words, state, entry_facts(words, state.task.entries_of(state.viewer))))


def _withdrawn(words: Wording, state: CardState) -> _Content:
    task = state.task
    if state.session and state.session.result is OfferResult.UNDELIVERED:
        return _Content([parts.text(words("withdrawn.undelivered"), subtle=True)])
    reasons = {Outcome.CANCELLED: "withdrawn.cancelled", Outcome.ABANDONED_WHILE_OFFERED: "withdrawn.left"}
    key = reasons.get(task.outcome, "withdrawn.text") if task.outcome else "withdrawn.text"
    return _Content([parts.text(words(key), subtle=True)])


def _failed(words: Wording, state: CardState) -> _Content:
    task = state.task
    # Who talked in a room that broke reads that, whatever became of the task since.
    broke = task.broken if state.session and state.session.left_talk else ""
    why, _, detail = (broke or task.why).partition("-")
    return _Content([parts.text(words.get(f"failed.{why}", "failed.text", detail=markdown(detail)))])


def _transferred(words: Wording, state: CardState) -> _Content:
    noted = parts.facts(entry_facts(words, state.task.entries_of(state.viewer)))
    if not (state.stays and state.chat_url):
        return _Content([parts.text(words("transferred.text"), subtle=True), *noted])
    return _Content([parts.text(words("transferred.stays")), *noted], [_open_chat(words, state)])


def _open_chat(words: Wording, state: CardState) -> BareObject:
    return make(el.OpenUrl, title=words("accepted.open"), url=state.chat_url, style="positive")


def _sentence(key: str) -> Callable[[Wording, CardState], _Content]:
    return lambda words, _state: _Content([parts.text(words(key), subtle=True)])


_CONTENT: Mapping[Picture, Callable[[Wording, CardState], _Content]] = {
    Picture.OFFER: _offer,
    Picture.CONNECTING: _connecting,
    Picture.ACCEPTED: _accepted,
    Picture.ENDED: _ended,
    Picture.DECLINED: _sentence("declined.text"),
    Picture.MISSED: _sentence("missed.text"),
    Picture.WITHDRAWN: _withdrawn,
    Picture.TAKEN: _sentence("taken.text"),
    Picture.TRANSFERRED: _transferred,
    Picture.FAILED: _failed,
}
