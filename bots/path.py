"""The path to Teams: what becomes of what could not be sent through nobody's fault, and the probe that sees when it can.

A fault of the path (`bots.problems.PATH`) may be one of this conversation alone, or of all. So a probe is sent to others:
when it does not arrive either, the path counts as down, and everything waits in the store until a probe arrives.
"""

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from bots.connector import Connector, Place, encode
from bots.problems import PATH, Kind, SendProblem, problem_of
from directory.directory import Directory
from directory.model import Registration
from distribution.distributor import Distributor
from distribution.path_verbs import PathState
from distribution.verdicts import Verdict
from store.due import RetryLater, Subject

log = structlog.get_logger(__name__)

PROBE_EVERY_SECONDS: Final = 1.5
"""So soon after Teams is back everything goes on."""

PROBES_AT_ONCE: Final = 2
"""To so many agents: a fault of one of their chats alone is none of the path."""

PROBE_SECONDS: Final = 5.0
"""A probe that is not answered for so long has failed: an offer has 10 s to arrive. Until then further ones are sent every
`PROBE_EVERY_SECONDS`: what Teams left hanging it never answers, and a new call tells at once that it is back."""

AFTER_HANGING_SECONDS: Final = PROBE_EVERY_SECONDS - PROBE_SECONDS % PROBE_EVERY_SECONDS
"""Keeps the interval between probes where the last ones hang."""

HANGS: Final = SendProblem(Kind.UNAVAILABLE, 0, "probe_not_answered")

ASKED_SECONDS: Final = 1.0
"""When to try again while a probe is on its way."""

TYPING: Final = encode({"type": "typing"})
"""A probe is a sign that the bot is typing: sent like everything else, and gone after a moment."""

FAULTS = Counter("usher_teams_path_faults_total", "Sends that failed through no fault of the receiver's", ["kind"])
UP = Gauge("usher_teams_path_up", "0 while the last probe of a tenant did not arrive, by the kind of fault", ["kind"])
for _kind in PATH:
    UP.labels(_kind.name.lower()).set(1)


class TeamsPath:
    """Reports faults of the path, and is the handler of `path:<tenant>`."""

    def __init__(self, distributor: Distributor, directory: Directory, connector: Connector) -> None:
        self._distributor = distributor
        self._directory = directory
        self._connector = connector

    async def failed(self, subject: Subject, problem: SendProblem) -> bool:
        """`subject` could not send. True: the path is down, and the subject comes again when it is up. False: the fault is
        this conversation's alone, or none of the path. Raises RetryLater while that is not known.
        """
        if problem.kind not in PATH:
            return False
        word = problem.kind.name.lower()
        FAULTS.labels(word).inc()
        sure = problem.kind is Kind.UNAUTHORIZED
        state = await self._distributor.path_trouble(subject.tenant, str(subject), word, sure=sure)
        if state is PathState.ASKED:
            raise RetryLater(max(problem.retry_after or 0.0, ASKED_SECONDS), str(problem)) from problem
        return state is PathState.DOWN

    async def handle(self, subject: Subject) -> None:
        """See whether cards reach anybody. Raises RetryLater as long as they do not."""
        tenant = subject.tenant
        asked = await self._directory.some_registrations(tenant, PROBES_AT_ONCE)
        if not asked:
            await self._distributor.path_up(tenant)  # nobody is reached by cards: a fault of a room is its own
            return
        problem = await self._probe_until_known(asked)
        if problem is None:
            if await self._distributor.path_up(tenant) is Verdict.OK:
                log.info("teams_reached_again", tenant=tenant)
                for kind in PATH:
                    UP.labels(kind.name.lower()).set(1)
            return
        word = problem.kind.name.lower()
        pause = max(problem.retry_after or 0.0, AFTER_HANGING_SECONDS if problem is HANGS else PROBE_EVERY_SECONDS)
        UP.labels(word).set(0)
        if await self._distributor.path_down(tenant, word, more_seconds=pause) is Verdict.OK:
            log.warning("teams_not_reached", tenant=tenant, kind=word, status=problem.status, code=problem.code)
        raise RetryLater(pause, str(problem))

    async def _probe_until_known(self, asked: Sequence[Registration]) -> SendProblem | None:
        """Send probes until one arrives (None), all that were sent at one time are refused, or none is answered in time."""
        rounds: list[list[asyncio.Task[SendProblem | None]]] = []
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                while True:
                    rounds.append([asyncio.create_task(self._probe(one)) for one in asked])
                    settled, found = await _settled(rounds)
                    if settled:
                        return found
        except TimeoutError:
            return HANGS
        finally:
            for probe in chain.from_iterable(rounds):
                probe.cancel()

    async def _probe(self, to: Registration) -> SendProblem | None:
        """None when Teams has answered for this person, whatever it said."""
        place = Place(to.tenant, to.service_url, to.conversation_id)
        try:
            problem = problem_of(await self._connector.call("POST", place.activities(), TYPING))
        except SendProblem as raised:
            problem = raised
        return problem if problem is not None and problem.kind in PATH else None


async def _settled(rounds: Sequence[Sequence[asyncio.Task[SendProblem | None]]]) -> tuple[bool, SendProblem | None]:
    """Wait for answers until the next probes are to be sent. Whether they say how it is, and the problem if there is one."""
    ends = asyncio.get_running_loop().time() + PROBE_EVERY_SECONDS
    while True:
        waits = {probe for probes in rounds for probe in probes if not probe.done()}
        answered = [[probe.result() for probe in probes if probe.done()] for probes in rounds]
        if any(None in problems for problems in answered):
            return True, None
        refused = [
            problems[0] for problems, probes in zip(answered, rounds, strict=True) if len(problems) == len(probes)
        ]
        if refused:
            return True, refused[-1]
        left = ends - asyncio.get_running_loop().time()
        if left <= 0:
            return False, None
        await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
