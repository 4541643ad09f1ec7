"""The opening card: the first thing in a room, and at its end the result and the form of after-call work."""

from dataclasses import replace

from adaptivecards.baseobject import BareObject

from cards import form, handing, parts
from cards.escape import markdown
from cards.parts import Drawn
from cards.result import entry_facts, noted_before, result_facts
from cards.state import CardState
from cards.verbs import Verb
from cards.wording import Wording, wording
from distribution.tasks import TaskState

MOST_SAID = 15
"""Messages that the card quotes; the newest, since the agent goes on from there."""


def opening_card(state: CardState) -> Drawn:
    """The card in the task's room, as the task is now."""
    excess = max(0, len(state.said) - MOST_SAID)
    state = replace(state, said=state.said[excess:], said_before=state.said_before + excess)
    complete = True
    drawn = _draw(state, complete=complete)
    while drawn.size > parts.MAX_BYTES and (state.said or complete):
        if state.said:
            state = replace(state, said=state.said[1:], said_before=state.said_before + 1)
        else:
            complete = False
        drawn = _draw(state, complete=complete)
    return drawn


def _draw(state: CardState, *, complete: bool) -> Drawn:
    words = wording(state.language)
    task = state.task
    buttons: list[BareObject] = []
    # While it is handed on, its agent talks on.
    match TaskState.ACTIVE if task.holder is not None else task.state:
        case TaskState.ACW:
            title, style, live = words("acw.title"), "warning", True
            blocks = result_facts(words, state, noted_before(words, state))
            blocks += form.form(words, state, complete=complete)
            buttons = form.buttons(words, state)
        case TaskState.CLOSED:
            title, style, live = words("ended.title"), "emphasis", False
            noted = entry_facts(words, task.entries_of(task.agent or ""))
            blocks = result_facts(words, state, [*noted, *noted_before(words, state)])
        case TaskState.CONNECTING | TaskState.ACTIVE:
            title, style, live = words("opening.title"), "accent", True
            blocks = _running(words, state)
            terminate = words("accepted.terminate")
            offer = task.offer or ""
            buttons = [parts.button(Verb.TERMINATE, terminate, task.id, offer, style="destructive")]
            if task.holder is not None:
                buttons.append(parts.button(Verb.TAKE_BACK, words("handing.take_back"), task.id, offer))
            elif task.state is TaskState.ACTIVE:
                blocks += [handing.choice(words, state.targets)] if state.targets else []
                buttons.append(parts.button(Verb.TRANSFER, words("handing.transfer"), task.id, offer, inputs=True))
        case TaskState.ARRIVING | TaskState.QUEUED | TaskState.OFFERED:
            title, style, live = words("opening.title"), "emphasis", False
            blocks = [parts.text(words("opening.back"), subtle=True)]
    if state.notice:
        blocks.append(parts.text(markdown(state.notice), colour="attention"))
    return parts.frame(
        words,
        summary=words("opening.summary" if live else "ended.summary", customer=state.customer),
        body=[parts.header(title, state.service or words("direct"), style), parts.name(state.customer), *blocks],
        buttons=buttons,
        task=task.id,
        refresh_for=state.refresh_for if live else (),
    )


def left_card(words: Wording, task: str, customer: str, said: str) -> Drawn:
    """The card in a room in which the talk does not go on: `said` tells where it does."""
    return parts.frame(
        words,
        summary=said,
        body=[
            parts.header(words("opening.title"), words("opening.left"), "emphasis"),
            parts.name(customer),
            parts.text(markdown(said)),
        ],
        task=task,
        refresh_for=(),
    )


def _running(words: Wording, state: CardState) -> list[BareObject]:
    task = state.task
    blocks = parts.facts(
        [
            parts.waited(words, task.since_at, task.accepted_at),
            (words("fact.page"), state.page),
            *noted_before(words, state),
        ]
    )
    if not task.visitor_here:
        blocks.append(parts.text(words("accepted.left"), colour="warning"))
    if task.holder is not None:
        blocks.append(parts.text(words("accepted.handing_on", name=markdown(state.transferred_to)), colour="warning"))
    said = [block for line in state.said for block in parts.spoken(line.text, author=line.author)]
    if state.said_before:
        said.insert(0, parts.text(words("opening.earlier", number=state.said_before), subtle=True))
    if said:
        blocks.append(parts.quotation(words("opening.said"), said))
    blocks.append(parts.text(words("opening.hint"), subtle=True, spacing="medium"))
    return blocks
