"""Faults on request: a test orders failures that Microsoft's services have."""

import random
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.shapes import Shape

DEFAULT_CODE = "ServiceUnavailable"
DEFAULT_MESSAGE = "A test ordered this answer."


@dataclass(frozen=True, slots=True)
class Fault:
    """The effect of a fault. Without `status` and `drop` the call is answered normally after the delay.

    `drop`: `before` = the connection breaks and nothing was done; `after` = it was done, and the answer is lost
    (or, with a status, replaced by that error: a 504 after the chat was created). `duplicate`: it is done twice.
    `new_id`: an activity that is sent again carries a new id.
    """

    status: int | None = None
    code: str = DEFAULT_CODE
    message: str = DEFAULT_MESSAGE
    retry_after: float | None = None
    delay_ms: int = 0
    drop: Literal["before", "after"] | None = None
    duplicate: bool = False
    new_id: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": f"{self.retry_after:g}"} if self.retry_after is not None else {}


@dataclass(slots=True)
class Order:
    """A fault and the calls to which it applies."""

    fault: Fault
    times: int | None
    method: str | None = None
    path: re.Pattern[str] | None = None
    operation: str | None = None
    host: re.Pattern[str] | None = None
    share: float = 1.0
    """The share of matching calls that fail, 0 to 1; the same ones in each run."""
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # the same faults in each run
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def fits(self, method: str, path: str, operation: str, host: str = "") -> bool:
        return (
            (self.times is None or self.times > 0)
            and self.method in (None, method)
            and (self.path is None or self.path.search(path) is not None)
            and self.operation in (None, operation)
            and (self.host is None or self.host.search(host) is not None)
            and (self.share >= 1 or self.dice.random() < self.share)
        )


class Faults:
    """All ordered faults, oldest first."""

    def __init__(self) -> None:
        self._orders: list[Order] = []

    def order(self, body: Any) -> str:
        """Accept an order as JSON; returns its id. Raises Problem (`teams.body_bad`)."""
        asked = Shape.of(body, "the order").only("match", "fault", "times", "share")
        match = asked.shape("match").only("method", "path", "operation", "host")
        fault = asked.shape("fault").only(
            "status", "code", "message", "retry_after", "delay_ms", "drop", "duplicate", "new_id"
        )
        path, host, share = match.maybe_text("path"), match.maybe_text("host"), asked.maybe_number("share")
        order = Order(
            fault=Fault(
                status=fault.maybe_integer("status"),
                code=fault.maybe_text("code") or DEFAULT_CODE,
                message=fault.maybe_text("message") or DEFAULT_MESSAGE,
                retry_after=fault.maybe_number("retry_after"),
                delay_ms=fault.maybe_integer("delay_ms") or 0,
                drop=_drop(fault),
                duplicate=fault.flag("duplicate"),
                new_id=fault.flag("new_id"),
            ),
            times=asked.maybe_integer("times") if "times" in asked.value else 1,
            method=match.maybe_text("method"),
            path=re.compile(path) if path is not None else None,
            operation=match.maybe_text("operation"),
            host=re.compile(host) if host is not None else None,
            share=1.0 if share is None else share,
        )
        self._orders.append(order)
        return order.id

    def clear(self) -> None:
        self._orders.clear()

    def take(self, method: str, path: str, operation: str, host: str = "") -> Order | None:
        """Take the fault for this call, if one was ordered; taking uses it up."""
        for order in self._orders:
            if order.fits(method, path, operation, host):
                if order.times is not None:
                    order.times -= 1
                return order
        return None


def _drop(fault: Shape) -> Literal["before", "after"] | None:
    match fault.maybe_text("drop"):
        case None:
            return None
        case "before":
            return "before"
        case "after":
            return "after"
        case _:
            raise fault.bad("drop must be before or after")
