"""What a script says about a request: one enumeration, and one place that turns a reply into an `Answer`."""

from collections.abc import Sequence
from enum import StrEnum
from json import JSONDecoder

from distribution.tasks import Task, read_task


class Verdict(StrEnum):
    """How a request ended. None of these is an error: a late click deserves an answer, not an exception."""

    OK = "ok"
    UNCHANGED = "unchanged"  # it was already so: an idempotent repeat
    GONE = "gone"  # the offer is no longer open
    NOT_YOURS = "not_yours"
    WRONG_STATE = "wrong_state"
    NO_SUCH_TASK = "no_such_task"
    NO_SUCH_AGENT = "no_such_agent"
    NO_SUCH_SERVICE = "no_such_service"
    REFUSED = "refused"  # `why` says what stands against it: im_off, not_licensed, no_extension
    BAD_ARGUMENT = "bad_argument"  # `why` names the argument


class Answer:
    """The verdict, and the task as it is now (None when there is no such task).

    Most callers only need the verdict, so the task is read out of the reply when it is asked for.
    """

    __slots__ = ("_reply", "_task", "verdict", "why")

    def __init__(
        self, verdict: Verdict, task: Task | None = None, why: str = "", *, reply: tuple[str, str, str] | None = None
    ) -> None:
        self.verdict = verdict
        self.why = why
        self._task = task
        self._reply = reply

    @property
    def task(self) -> Task | None:
        if self._reply is not None:
            tenant, task, text = self._reply
            self._task = read_task(tenant, task, _FIELDS.decode(text))
            self._reply = None
        return self._task

    @property
    def ok(self) -> bool:
        """The request holds, now or already before."""
        return self.verdict is Verdict.OK or self.verdict is Verdict.UNCHANGED

    def __repr__(self) -> str:
        return f"Answer({self.verdict!r}, {self.task!r}, {self.why!r})"


# Fields are strings wherever they are read; scripts have some of them as numbers.
_FIELDS = JSONDecoder(parse_int=str)
_BY_NAME = {verdict.value: verdict for verdict in Verdict}


def read_answer(tenant: str, task: str, reply: Sequence[str]) -> Answer:
    """A task script's reply: `[verdict, why, JSON object of the task's fields, or ""]`."""
    verdict, why, text = reply
    return Answer(_BY_NAME[verdict], None, why, reply=(tenant, task, text) if text else None)
