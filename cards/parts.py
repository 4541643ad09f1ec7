"""The building blocks that all cards share: header, name, facts, quotation, buttons, and the frame around them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adaptivecards.baseobject import BareObject

from cards import elements as el
from cards.elements import make
from cards.escape import address, cut, kept_blanks, literal, markdown
from cards.verbs import Verb, action_data
from cards.wording import Wording, duration
from store.links import links

MAX_BYTES = 25_000
"""Teams accepts about 100 KB of UTF-16 in one activity; Microsoft advises 25 KB for a card (platform limits, docs)."""

MOST_REFRESHED = 60
"""Teams reads no more ids in `refresh.userIds` (docs, "Up-to-date cards")."""

LONGEST_NAME = 80
LONGEST_LINE = 600
MOST_LINES = 8
"""Maximum lines of one message on a card; the room has all of it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished card: its JSON, and the summary for the toast and the activity feed."""

    content: dict[str, Any]
    summary: str

    @property
    def size(self) -> int:
        """Bytes, as it is sent."""
        return len(json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode())

    @property
    def digest(self) -> str:
        """Equal for two cards with the same look and behaviour."""
        text = json.dumps([self.content, self.summary], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


def frame(
    words: Wording,
    *,
    summary: str,
    body: Sequence[BareObject],
    buttons: Sequence[BareObject] = (),
    task: str,
    refresh_for: Sequence[str],
) -> Drawn:
    """The whole card. `refresh_for` is always written: without it Teams refreshes the card for up to 60 people of the chat."""
    again = make(el.Execute, verb=Verb.REFRESH.value, data=action_data(Verb.REFRESH, task, ""))
    card = make(
        el.Card,
        lang=words.language,
        fallback_text=markdown(summary),
        body=list(body),
        actions=list(buttons) or None,
        refresh=make(el.Refresh, action=again, user_ids=list(refresh_for[:MOST_REFRESHED])),
        msteams={"width": "Full"},
    )
    return Drawn(el.plain(card), " ".join(literal(summary).split()))


def header(title: str, place: str, style: str) -> BareObject:
    """The coloured band at the top: the title and the source."""
    left = make(el.Heading, text=markdown(title), style="heading", weight="bolder", wrap=True)
    columns = [make(el.Column, width="stretch", items=[left])]
    if place:
        right = make(el.TextBlock, text=markdown(place), horizontalAlignment="right", wrap=True, isSubtle=True)
        columns.append(make(el.Column, width="auto", items=[right]))
    return make(el.Container, style=style, bleed=True, items=[make(el.ColumnSet, columns=columns)])


def name(text: str) -> BareObject:
    """The customer's name, large. Visitors' text is in a TextRun, which has no markdown."""
    run = make(el.TextRun, text=literal(cut(" ".join(text.split()), LONGEST_NAME)), size="extraLarge", weight="bolder")
    return make(el.RichTextBlock, inlines=[run], spacing="medium")


def text(
    words: str,
    *,
    subtle: bool = False,
    colour: str | None = None,
    bold: bool = False,
    size: str | None = None,
    spacing: str | None = None,
) -> BareObject:
    """A paragraph. `words` is markdown: escape text from others."""
    weight = "bolder" if bold else None
    return make(
        el.TextBlock,
        text=words,
        wrap=True,
        isSubtle=subtle or None,
        color=colour,
        weight=weight,
        size=size,
        spacing=spacing,
    )


def facts(entries: Sequence[tuple[str, str]]) -> list[BareObject]:
    """Title and value, one below the other; those without a value are omitted."""
    made = [make(el.Fact, title=title, value=markdown(cut(value, LONGEST_LINE))) for title, value in entries if value]
    return [make(el.FactSet, facts=made, spacing="small")] if made else []


def quotation(title: str, lines: Sequence[BareObject]) -> BareObject:
    """A grey box with a person's message."""
    return make(
        el.Container, style="emphasis", items=[text(title, subtle=True, size="small"), *lines], spacing="medium"
    )


def spoken(message: str, *, author: str = "") -> list[BareObject]:
    """A message, line by line, after its author's name if given."""
    lines = [line for line in kept_blanks(literal(cut(message, LONGEST_LINE))).split("\n") if line.strip()] or [""]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], "…"]
    blocks: list[BareObject] = []
    for index, line in enumerate(lines):
        inlines = _runs(line)
        if author and not index:
            inlines.insert(0, make(el.TextRun, text=f"{literal(cut(author, LONGEST_NAME))}: ", weight="bolder"))
        blocks.append(make(el.RichTextBlock, inlines=inlines, spacing="none" if index else "small"))
    return blocks


def _runs(line: str) -> list[BareObject]:
    """The line with each web address as a link. The text shown is the target."""
    runs: list[BareObject] = []
    done = 0
    for link in links(line):
        url = address(link.address)
        # Before an ellipsis the rest of the address may be missing.
        if url is None or line[link.end : link.end + 1] == "…":
            continue
        if link.start > done:
            runs.append(make(el.TextRun, text=line[done : link.start]))
        runs.append(make(el.LinkRun, text=line[link.start : link.end], select_action=make(el.OpenUrl, url=url)))
        done = link.end
    if done < len(line) or not runs:
        runs.append(make(el.TextRun, text=line[done:]))
    return runs


def button(
    verb: Verb, title: str, task: str, offer: str, *, style: str = "default", inputs: bool = False
) -> BareObject:
    """An Action.Execute, with the same Action.Submit for clients that do not know it."""
    data = action_data(verb, task, offer)
    associated = "auto" if inputs else "none"
    submit = make(el.Submit, title=title, data=data, associated_inputs=associated, style=style)
    return make(
        el.Execute,
        title=title,
        verb=verb.value,
        data=data,
        associated_inputs=associated,
        style=style,
        fallback=submit,
    )


def waited(words: Wording, since_at: int, until_at: int | None) -> tuple[str, str]:
    """How long a customer waited, as a fact; none below a second."""
    milliseconds = (until_at or since_at) - since_at
    return words("fact.waited"), duration(milliseconds) if milliseconds >= 1_000 else ""


def clock(at: int) -> str:
    """An instant as a time of day in the reader's time zone; Teams fills it in (schema 1.2, "DATE and TIME functions")."""
    return "{{TIME(" + datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") + ")}}"
