"""What an agent wrote in Teams: its plain text, rebuilt from the HTML beside it, and what it is in the conversation.

`text` lacks what HTML has: emoji come as pictures with an `alt`, lines as paragraphs (platform facts: "Rich text",
Teams bot docs). Only the mention of the bot itself is taken out. A message comes from the bot's activities or, if it was
written before the bot was in the room, from Graph: both ways it has to be the same message.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from conversations.model import Sender
from conversations.notes import is_note, unmarked
from conversations.teams_bare import bare
from conversations.teams_fold import NAME_BEGINS, NAME_ENDS, Fold
from conversations.teams_html import parsed, walk
from store.text import clean_lines, visible

MAX_SOURCE: Final = 128 * 1024
"""Characters of text or HTML that are read. Teams' own limit for a message is about 100 KB (limits, Teams docs)."""

_MOST_MENTIONS: Final = 20
_MENTION = re.compile(r"<at\b[^<>]*+>([^<>]*+)</at>", re.IGNORECASE)
_MARK_OF_QUOTE = re.compile(r"<quoted\b[^<>]*/>", re.IGNORECASE)
_QUOTE = re.compile(r"<quoted\b[^<>]*+>(?:(?!</quoted\b).)*+(?:</quoted\s*+>|\Z)", re.IGNORECASE | re.DOTALL)


def client_id_of(message: str) -> str:
    """The conversation's id for a message of a group chat. There the activity's id is Graph's id of the message."""
    return f"teams:{message}"


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote. `text` is empty if nothing in it can be read."""

    text: str
    note: bool = False  # it stays among agents
    lost: bool = False  # there was something in it that text cannot hold: a picture, a file
    doubtful: bool = False  # it is kept as a note, for nobody can tell what in it is a quotation
    too_long: bool = False  # so long that it was not read

    @property
    def sender(self) -> Sender:
        """What it is in the conversation."""
        return Sender.NOTE if self.note else Sender.AGENT


def written(
    text: str, html: str | Sequence[str], mentions_of_bot: Sequence[str] = (), *, files: bool = False
) -> Written:
    """What somebody wrote. `html`: one piece or several, in order. 100 KB take some 30 ms of CPU time at most.

    `mentions_of_bot` as in the activity's entities: `<at>Usher</at>`. A quoted message is never part of it: it may be a note.
    """
    pieces = [piece for piece in ([html] if isinstance(html, str) else html) if piece]
    if max(len(text), sum(map(len, pieces))) > MAX_SOURCE:
        return Written("", lost=files, too_long=True)
    names = [_MENTION.sub(r"\1", mention).strip() for mention in mentions_of_bot[:_MOST_MENTIONS]]
    marked, lost, quotes, doubtful = _of_html(pieces, names)
    if not visible(marked) and not lost and not quotes:
        marked = _of_text(text, mentions_of_bot[:_MOST_MENTIONS])
    found = unmarked(marked)
    if not visible(found):
        return Written("", lost=lost or files)
    return Written(found, note=doubtful or is_note(marked), lost=lost or files, doubtful=doubtful)


def _of_html(pieces: list[str], names: list[str]) -> tuple[str, bool, bool, bool]:
    """Text with marked names; whether something is lost, something was quoted, and whether the two cannot be told apart."""
    fold = Fold(names)
    for piece in pieces:
        source = _MARK_OF_QUOTE.sub("", piece)
        tree = parsed(source)
        if tree is None:
            plain = bare("\n".join(pieces), names)
            return plain.text, plain.lost, plain.unsure, plain.unsure
        fold.quotes = fold.quotes or source != piece
        fold.read(walk(tree))
    return fold.text(), fold.lost, fold.quotes, False


def _of_text(text: str, mentions_of_bot: Sequence[str]) -> str:
    text = clean_lines(_QUOTE.sub("", _MARK_OF_QUOTE.sub("", text)))
    for mention in mentions_of_bot:
        text = text.replace(mention, "", 1)
    return _MENTION.sub(rf"{NAME_BEGINS}\1{NAME_ENDS}", text).strip()
