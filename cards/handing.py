"""The transfer on a card: the choice of a target, the reading of that choice, and the reasons for a refusal."""

from collections.abc import Mapping

from adaptivecards.baseobject import BareObject

from cards import elements as el
from cards.elements import make
from cards.escape import cut, literal
from cards.state import Target
from cards.wording import Wording

TO = "to"
"""The id of the input."""

LONGEST = 80


def choice(words: Wording, targets: tuple[Target, ...]) -> BareObject:
    """The choice of a service or an agent."""
    return make(
        el.ChoiceInput,
        id=TO,
        label=words("handing.to"),
        style="compact",
        placeholder=words("handing.choose"),
        choices=[make(el.Choice, title=_title(words, target), value=_value(target)) for target in targets],
    )


def read_target(inputs: Mapping[str, str]) -> Target | None:
    """The chosen target, without its name; None if none was chosen."""
    kind, _, id_ = inputs.get(TO, "").partition(":")
    if not id_ or kind not in {"service", "user"}:
        return None
    return Target(id_, service=kind == "service")


def refused_of(words: Wording, why: str, name: str) -> str:
    """Why a chat cannot be transferred to `name`, a service or an agent."""
    reason = words.get(f"team.{why}", "answer.not_possible")
    if words.knows(f"refused.{why}"):
        return words(f"refused.{why}")
    return words("refused.agent", name=name, reason=reason) if words.knows(f"team.{why}") else reason


def _title(words: Wording, target: Target) -> str:
    name = cut(literal(target.name), LONGEST)
    return words("handing.service", name=name) if target.service else name


def _value(target: Target) -> str:
    return f"{'service' if target.service else 'user'}:{target.id}"
