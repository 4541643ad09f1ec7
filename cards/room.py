"""The opening card: the first thing in a room, and after the chat the result and the form of after-call work (ACW)."""

from dataclasses import replace

from adaptivecards.baseobject import BareObject

from cards import form, handing, parts
from cards.escape import markdown
from cards.parts import Drawn
from cards.result import entry_facts, noted_before, result_facts
from cards.state import CardData, OpeningState, opening_state
from cards.verbs import Verb
from cards.wording import Wording, wording

MOST_SAID = 15
"""Messages that the card quotes; the newest, since the agent continues from there."""


def opening_card(data: CardData) -> Drawn:
    """The card in the task's room, as the task is now."""
    excess = max(0, len(data.said) - MOST_SAID)
    data = replace(data, said=data.said[excess:], said_before=data.said_before + excess)
    complete = True
    drawn = _draw(data, complete=complete)
    while drawn.size > parts.MAX_BYTES and (data.said or complete):
        if data.said:
            data = replace(data, said=data.said[1:], said_before=data.said_before + 1)
        else:
            complete = False
        drawn = _draw(data, complete=complete)
    return drawn


def _draw(data: CardData, *, complete: bool) -> Drawn:
    words = wording(data.language)
    task = data.task
    buttons: list[BareObject] = []
    state = opening_state(task)
    match state:
        case OpeningState.ACW:
            title, style, live = words("acw.title"), "warning", True
            blocks = result_facts(words, data, noted_before(words, data))
            blocks += form.form(words, data, complete=complete)
            buttons = form.buttons(words, data)
        case OpeningState.ENDED:
            title, style, live = words("ended.title"), "emphasis", False
            noted = entry_facts(words, task.entries_of(task.agent or ""))
            blocks = result_facts(words, data, [*noted, *noted_before(words, data)])
        case OpeningState.CONNECTING | OpeningState.TALKING | OpeningState.TRANSFERRING:
            title, style, live = words("opening.title"), "accent", True
            blocks = _running(words, data)
            terminate = words("accepted.terminate")
            offer = task.offer or ""
            buttons = [parts.button(Verb.TERMINATE, terminate, task.id, offer, style="destructive")]
            if state is OpeningState.TRANSFERRING:
                buttons.append(parts.button(Verb.TAKE_BACK, words("handing.take_back"), task.id, offer))
            elif state is OpeningState.TALKING:
                blocks += [handing.choice(words, data.targets)] if data.targets else []
                buttons.append(parts.button(Verb.TRANSFER, words("handing.transfer"), task.id, offer, inputs=True))
        case OpeningState.WAITING:
            title, style, live = words("opening.title"), "emphasis", False
            blocks = [parts.text(words("opening.back"), subtle=True)]
    if data.notice:
        blocks.append(parts.text(markdown(data.notice), colour="attention"))
    return parts.frame(
        words,
        summary=words("opening.summary" if live else "ended.summary", customer=data.customer),
        body=[parts.header(title, data.service or words("direct"), style), parts.name(data.customer), *blocks],
        buttons=buttons,
        task=task.id,
        refresh_for=data.refresh_for if live else (),
    )


def left_card(words: Wording, task: str, customer: str, said: str) -> Drawn:
    """The card in a room that the chat has left: `said` tells where it continues."""
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


def _running(words: Wording, data: CardData) -> list[BareObject]:
    task = data.task
    blocks = parts.facts(
        [
            parts.waited(words, task.since_at, task.accepted_at),
            (words("fact.page"), data.page),
            *noted_before(words, data),
        ]
    )
    if not task.visitor_here:
        blocks.append(parts.text(words("accepted.left"), colour="warning"))
    if task.holder is not None:
        blocks.append(parts.text(words("accepted.handing_on", name=markdown(data.transferred_to)), colour="warning"))
    said = [block for line in data.said for block in parts.spoken(line.text, author=line.author)]
    if data.said_before:
        said.insert(0, parts.text(words("opening.earlier", number=data.said_before), subtle=True))
    if said:
        blocks.append(parts.quotation(words("opening.said"), said))
    blocks.append(parts.text(words("opening.hint"), subtle=True, spacing="medium"))
    return blocks
