"""A flood of requests is no flood of lines."""

import structlog
from structlog.testing import capture_logs

from store.seldom import EVERY_SECONDS, Seldom


def test_a_kind_of_line_is_written_once_a_minute_and_counted_meanwhile() -> None:
    now = [0.0]
    seldom = Seldom(structlog.get_logger(), clock=lambda: now[0])
    with capture_logs() as said:
        for number in range(1_000):
            seldom("refused", "token", why=f"{number}")
        seldom("refused", "tenant", why="another")
        now[0] = EVERY_SECONDS
        seldom("refused", "token", why="later")
        seldom("refused", "token", why="later still")
    assert [(line["why"], line["unsaid"]) for line in said] == [("0", 0), ("another", 0), ("later", 999)]
    assert {line["log_level"] for line in said} == {"warning"}
