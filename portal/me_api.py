"""Users' own actions: duty, RONA, the bot, preferences; and the contents of their pages."""

from typing import Any

from directory.model import User
from distribution.verdicts import Answer, Verdict
from entry.answers import Refusal
from portal.calls import Call
from portal.deps import InstallOutcome
from portal.schemas import (
    AvailabilityBody,
    DutyBody,
    MeView,
    Nothing,
    PreferencesBody,
    RegisterAnswer,
    Snapshot,
    SurfaceBody,
)
from portal.stream import now_ms, revision_of
from portal.views import me_view


async def me(call: Call[Nothing]) -> MeView:
    person = call.person
    return me_view(person.identity, person.user, person.company, person.voice, call.deps.notices())


async def state(call: Call[Nothing]) -> Snapshot:
    """Everything that My Sessions and User Preferences show."""
    pieces = await call.portal.snapshots.everything(call.person)
    parts = {name: getattr(pieces, name) for name in type(pieces).model_fields}
    return Snapshot(revision=revision_of(pieces), at=now_ms(), **parts)


async def duty(call: Call[DutyBody]) -> None:
    me = call.identity
    _agent(call, await call.deps.distributor.set_duty(me.tenant, me.user, call.body.on, me.user))


async def availability(call: Call[AvailabilityBody]) -> None:
    """Not available for a while, with a reason of the tenant's list; or available again."""
    me, reason = call.identity, call.body.reason
    if reason and reason not in call.person.company.reasons:
        raise Refusal(400, "unknown_reason", call.person.voice("problem.unknown_reason"), field="reason")
    _agent(call, await call.deps.distributor.set_availability(me.tenant, me.user, reason, me.user))


async def reset_rona(call: Call[Nothing]) -> None:
    me = call.identity
    _agent(call, await call.deps.distributor.reset_rona(me.tenant, me.user, me.user))


async def register(call: Call[Nothing]) -> RegisterAnswer:
    """Bring the bot to this person; what stands against it is said in words."""
    _known(call)
    return _outcome(await call.deps.install(call.identity.tenant, call.identity.user))


async def unregister(call: Call[Nothing]) -> RegisterAnswer:
    _known(call)
    return _outcome(await call.deps.uninstall(call.identity.tenant, call.identity.user))


async def preferences(call: Call[PreferencesBody]) -> MeView:
    _known(call)
    me, body, directory = call.identity, call.body, call.deps.directory
    if body.language is not None:
        await directory.set_language(me.tenant, me.user, body.language)
    if body.theme is not None:
        await directory.set_theme(me.tenant, me.user, body.theme)
    if body.notifications is not None:
        await directory.set_notifications(me.tenant, me.user, body.notifications)
    person = await call.portal.snapshots.person(me)
    return me_view(me, person.user, person.company, person.voice, call.deps.notices())


async def surface(call: Call[SurfaceBody]) -> None:
    """An open page answers. Hidden and without notifications it reaches nobody, and does not count."""
    me, body, distributor = call.identity, call.body, call.deps.distributor
    if body.hidden and not body.notifications:
        await distributor.surface_gone(me.tenant, me.user, body.surface)
    else:
        await distributor.surface_beat(me.tenant, me.user, body.surface)


def _known(call: Call[Any]) -> User:
    if call.person.user is None:
        raise Refusal(403, "not_known", call.person.voice("problem.not_known"))
    return call.person.user


def _agent(call: Call[Any], verdict: Verdict) -> None:
    if verdict is Verdict.NO_SUCH_AGENT:
        raise Refusal(409, "not_an_agent", call.person.voice("problem.not_an_agent"))
    answer = Answer(verdict, None)
    if not answer.ok:
        raise Refusal(409, verdict, call.person.voice.about(answer))


def _outcome(outcome: InstallOutcome) -> RegisterAnswer:
    if not outcome.ok:
        raise Refusal(409, str(outcome.status), outcome.text)
    return RegisterAnswer(result=str(outcome.status), message=outcome.text)
