"""The path to Teams: what becomes of what could not be sent through nobody's fault, and the probe that sees when it can.

A fault of the path (`bots.problems.PATH`) may be one of this conversation alone, or of all. So a probe is sent to others:
when it does not arrive either, the path counts as down, and everything waits in the store until a probe arrives.
"""

import asyncio
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
"""A probe that is not answered for so long has failed: an offer has 10 s to arrive."""

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
        problems = await asyncio.gather(*(self._probe(one) for one in asked))
        problem = problems[0]
        if problem is None or None in problems:
            if await self._distributor.path_up(tenant) is Verdict.OK:
                log.info("teams_reached_again", tenant=tenant)
                for kind in PATH:
                    UP.labels(kind.name.lower()).set(1)
            return
        word = problem.kind.name.lower()
        pause = max(problem.retry_after or 0.0, PROBE_EVERY_SECONDS)
        UP.labels(word).set(0)
        if await self._distributor.path_down(tenant, word, more_seconds=pause) is Verdict.OK:
            log.warning("teams_not_reached", tenant=tenant, kind=word, status=problem.status, code=problem.code)
        raise RetryLater(pause, str(problem))

    async def _probe(self, to: Registration) -> SendProblem | None:
        """None when Teams has answered for this person, whatever it said."""
        place = Place(to.tenant, to.service_url, to.conversation_id)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                problem = problem_of(await self._connector.call("POST", place.activities(), TYPING))
        except TimeoutError:
            return SendProblem(Kind.UNAVAILABLE, 0, "probe_not_answered")
        except SendProblem as raised:
            problem = raised
        return problem if problem is not None and problem.kind in PATH else None
