"""What a script says about a task is read as what the store has of it."""

import json

from distribution.tasks import read_task
from distribution.verdicts import Verdict, read_answer

STORED = {
    "state": "queued",
    "rev": "3",
    "created": "1800000000000",
    "since": "1800000000000",
    "offer": "7",
    "customer": "1",
}


def test_numbers_are_read_as_they_are_stored() -> None:
    # A script has some fields as numbers, until it has read them back.
    fields = {name: int(value) if value.isdecimal() else value for name, value in STORED.items()}
    answer = read_answer("t", "x", ["ok", "", json.dumps(fields)])
    assert (answer.verdict, answer.task) == (Verdict.OK, read_task("t", "x", STORED))


def test_there_may_be_no_task() -> None:
    answer = read_answer("t", "x", ["no_such_task", "", ""])
    assert (answer.verdict, answer.task) == (Verdict.NO_SUCH_TASK, None)
