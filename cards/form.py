"""The form of after-call work (ACW): codes, tags, note, done, extend. The same on personal and opening cards."""

from collections.abc import Mapping

from adaptivecards.baseobject import BareObject

from cards import elements as el
from cards import parts
from cards.elements import make
from cards.escape import markdown
from cards.state import CardData, Category
from cards.verbs import Verb, choice_value, chosen
from cards.wording import Wording, duration
from distribution.user_session import LONGEST_NOTE, Entries

NOTE, TAGS = "note", "tags"
CODE = "code"
EXPANDED = 3
"""Maximum number of choices shown as check boxes; longer lists are compact."""


def code_input(index: int) -> str:
    """The id of the input for the category at this index."""
    return f"{CODE}{index}"


def form(words: Wording, data: CardData, *, complete: bool) -> list[BareObject]:
    """The time when ACW ends, and the inputs filled with the stored entries. If not `complete`, only the note, and
    where to enter the rest."""
    entries = data.task.entries_of(data.writer)
    blocks: list[BareObject] = []
    if data.acw is not None:
        blocks.append(parts.text(words("acw.until", time=parts.clock(data.acw.until_at)), bold=True))
    if complete:
        blocks += [_codes(words, index, category, entries.codes) for index, category in enumerate(data.categories)]
        if data.tags:
            blocks.append(_choices(words, TAGS, words("acw.tags"), data.tags, entries.tags))
    elif data.categories or data.tags:
        blocks.append(parts.text(words("acw.too_large"), subtle=True))
    note = make(
        el.TextInput,
        id=NOTE,
        label=words("acw.note"),
        placeholder=words("acw.note_hint"),
        multiline=True,
        max_length=LONGEST_NOTE,
        value=entries.note or None,
    )
    return [*blocks, note]


def buttons(words: Wording, data: CardData) -> list[BareObject]:
    """Done, and extend while it is possible. The end shown is the fence: a repeated click extends nothing. It also
    identifies whose form was filled in if several agents see the same card."""
    task = data.task.id
    ends = str(data.acw.until_at) if data.acw is not None else ""
    made = [parts.button(Verb.ACW_DONE, words("acw.done"), task, ends, style="positive", inputs=True)]
    if data.extensions_left > 0 and data.extension_seconds > 0 and ends:
        title = words("acw.extend", duration=duration(data.extension_seconds * 1000))
        made.append(parts.button(Verb.ACW_EXTEND, title, task, ends, inputs=True))
    return made


def read_form(inputs: Mapping[str, str]) -> Entries:
    """Read codes, tags and note from a card's inputs. The card may be older than the service's settings."""
    codes = [code for name in inputs if name.startswith(CODE) for code in chosen(inputs, name)]
    return Entries(tuple(codes), tuple(chosen(inputs, TAGS)), inputs.get(NOTE, ""))


def _codes(words: Wording, index: int, category: Category, codes: tuple[str, ...]) -> BareObject:
    label = markdown(category.name)
    title = words("acw.required", name=label) if category.required else label
    return _choices(words, code_input(index), title, category.codes, codes)


def _choices(words: Wording, name: str, label: str, offered: tuple[str, ...], taken: tuple[str, ...]) -> BareObject:
    value = ",".join(choice_value(text) for text in offered if text in taken)
    return make(
        el.ChoiceInput,
        id=name,
        label=label,
        style="expanded" if len(offered) <= EXPANDED else "compact",
        multiple=True,
        placeholder=words("acw.code"),
        choices=[make(el.Choice, title=text, value=choice_value(text)) for text in offered],
        value=value or None,
    )
