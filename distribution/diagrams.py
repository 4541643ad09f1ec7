"""The two state diagrams of `docs/architecture.md`, in Mermaid: `python -m distribution.diagrams` writes them there."""

from collections import defaultdict
from pathlib import Path

from distribution.tasks import TaskState
from distribution.transitions import MOVES, PHASES, STEPS
from distribution.user_session import Phase

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"


def task_diagram() -> str:
    """Each move of a task, with the events and steps that cause it. Events that leave it where it is are left out."""
    causes: dict[tuple[TaskState, TaskState], list[str]] = defaultdict(list)
    for cause, moves in (*MOVES.items(), *STEPS.items()):
        for before, after in moves.items():
            for state in after - {before}:
                causes[before, state].append(cause.value)
    order = list(TaskState)
    moves = sorted(causes, key=lambda move: (order.index(move[0]), order.index(move[1])))
    lines = [f"    {before} --> {after}: {', '.join(causes[before, after])}" for before, after in moves]
    return _fenced(["    [*] --> arriving", "    [*] --> queued: without a workflow", *lines, "    closed --> [*]"])


def session_diagram() -> str:
    """Each move of a user session, with what causes it."""
    lines = [f"    {before} --> {after}: {cause}" for before, moves in PHASES.items() for cause, after in moves.items()]
    return _fenced([f"    [*] --> {Phase.OFFERED}", f"    [*] --> {Phase.CONNECTING}: the agent picks it", *lines])


def drawn_in(text: str) -> str:
    """The document with both diagrams as the tables say now."""
    for name, drawn in (("task", task_diagram()), ("user session", session_diagram())):
        begin, end = f"<!-- {name} diagram -->\n", f"<!-- end of the {name} diagram -->"
        before, _, rest = text.partition(begin)
        text = before + begin + drawn + end + rest.partition(end)[2]
    return text


def _fenced(lines: list[str]) -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


if __name__ == "__main__":
    DOCUMENT.write_text(drawn_in(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
