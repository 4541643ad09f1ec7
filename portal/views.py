"""From the rooms' own types to what a page shows. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from conversations.messages import Kind, Message, Sender
from conversations.topic import clean_name, visitor_name
from directory.model import Registration, Service, ServiceSettings, Tenant, User
from distribution.agents import Agent
from distribution.tasks import Task, TaskState
from distribution.user_session import Entries, OfferResult, Phase
from identity.sessions import Identity
from portal.schemas import (
    AgentServiceView,
    AgentView,
    CodeCategoryView,
    MessageView,
    MeView,
    NotedView,
    RegistrationView,
    ServiceName,
    ServiceView,
    TaskView,
    WaitingTaskView,
    Words,
)
from portal.words import Voice

DIRECT = ""
"""The id that stands for chats straight to a user, where others have a service's."""


@dataclass(frozen=True, slots=True)
class Company:
    """A tenant and its services, as many pages need them at once."""

    tenant: Tenant | None
    services: Mapping[str, Service]

    def settings(self, service: str | None) -> ServiceSettings:
        """The settings a task runs under; those of a service that is gone are the defaults."""
        found = self.services.get(service or DIRECT) if service else self.tenant and self.tenant.direct
        return found or ServiceSettings()

    @property
    def reasons(self) -> Mapping[str, str]:
        """The reasons that agents may give for not being available: short name → text."""
        return self.tenant.reasons if self.tenant else {}

    def reason(self, code: str) -> str:
        """The word for a reason; its short name when the tenant's list does not have it any more."""
        return self.reasons.get(code, code)

    def name(self, service: str | None, voice: Voice) -> str:
        if not service:
            return voice.direct
        found = self.services.get(service)
        return found.name if found else service


@dataclass(frozen=True, slots=True)
class Chat:
    """What a task's view takes from its conversation."""

    page: str = ""
    first_message: str = ""
    chat_url: str = ""


NO_CHAT = Chat()


def customer_name(task: Task) -> str:
    """Never empty: a visitor without a name is `Visitor 7F3A`."""
    return clean_name(task.customer) or visitor_name(task.id)


_NOBODY: Mapping[str, str] = MappingProxyType({})


def task_view(
    task: Task,
    user: str,
    company: Company,
    voice: Voice,
    chat: Chat = NO_CHAT,
    *,
    names: Mapping[str, str] = _NOBODY,
) -> TaskView:
    """`names`: object id → display name, of the users in the transfer."""
    session = task.session_of(user)
    acw = task.acw_of(user)
    service = task.service_for(user)
    settings = company.settings(task.service)
    of_acw = company.settings(service)
    invited = session is not None and session.phase is Phase.OFFERED
    grace = settings.visitor_grace_active_seconds * 1000
    holds = task.holder == user
    # Who transfers a chat talks until another agent is in it.
    state = TaskState.ACTIVE if holds else TaskState.ACW if acw else task.state
    gone_at = task.visitor_left_at if state is TaskState.ACTIVE else None
    result = (OfferResult.ACCEPTED if session.has_talked else session.result) if session else None
    # Who was only asked learns what became of their offer; the talk, and what was noted of it, belong to those who had it.
    mine = result is OfferResult.ACCEPTED
    entries = task.entries_of(user)
    others = task.entries_of_others(user).items() if mine else ()
    before = [one.user for one in task.sessions if one.left_talk]
    givers = [*before, task.holder] if task.holder else before
    return TaskView(
        id=task.id,
        state=state.value,
        revision=task.revision,
        service=service,
        service_name=company.name(service, voice),
        customer=customer_name(task),
        page=chat.page,
        first_message=chat.first_message,
        created_at=task.created_at,
        since_at=task.since_at,
        offer=task.offer if invited else None,
        offered_at=task.offered_at,
        deadline_at=task.deadline_at if invited else None,
        offer_seconds=settings.offer_seconds,
        accepted_at=task.accepted_at,
        active_at=task.active_at,
        ended_at=task.ended_at,
        ended_by=task.ended_by,
        acw_until_at=acw.until_at if acw else task.acw_until_at,
        acw_can_extend=acw is not None and acw.extensions < of_acw.acw_extensions and of_acw.acw_extension_seconds > 0,
        closed_at=task.closed_at,
        outcome=task.outcome,
        my_result=result,
        codes=list(entries.codes),
        tags=list(entries.tags),
        note=entries.note,
        noted_before=[_noted_view(names.get(giver, ""), one) for giver, one in others],
        visitor_here=task.visitor_here,
        visitor_grace_until_at=gone_at + grace if gone_at is not None else None,
        chat_url=(chat.chat_url or None) if mine else None,
        handed_to=_handed_to(task, company, voice, names) if holds else "",
        handed_until_at=task.transfer_ends_at if holds else None,
        handed_by="" if holds or not givers else names.get(givers[-1], ""),
    )


def _noted_view(name: str, entries: Entries) -> NotedView:
    return NotedView(name=name, codes=list(entries.codes), tags=list(entries.tags), note=entries.note)


def _handed_to(task: Task, company: Company, voice: Voice, names: Mapping[str, str]) -> str:
    target = task.transfer_to or ""
    return names.get(target.removeprefix("@"), "") if target.startswith("@") else company.name(target, voice)


NOTICES = {"credentials_refused": "warning.credentials_refused", "microsoft_away": "warning.microsoft_away"}
"""Code of a notice for admins → its text."""


def me_view(
    identity: Identity, user: User | None, company: Company, voice: Voice, notices: Sequence[str] = ()
) -> MeView:
    told = notices if user is not None and user.admin else ()
    return MeView(
        tenant=identity.tenant,
        tenant_name=company.tenant.name if company.tenant else "",
        user=identity.user,
        upn=user.upn if user else identity.upn,
        name=user.name if user else identity.name,
        roles=list(user.roles) if user else [],
        supervises=supervised_services(user, company) if user else [],
        language=voice.language,
        theme=user.theme if user else "teams",
        notifications=user.notifications if user else False,
        notices=[Words(code=code, text=voice(NOTICES[code])) for code in told],
    )


def supervised_services(user: User, company: Company) -> list[ServiceName]:
    """The services whose team the user sees, by name."""
    ids = dict.fromkeys((*user.supervises, *user.owns))
    found = [ServiceName(id=id_, name=company.services[id_].name) for id_ in ids if id_ in company.services]
    return sorted(found, key=lambda service: service.name.casefold())


def registration_view(
    registration: Registration | None, user: User | None, company: Company, voice: Voice
) -> RegistrationView:
    missing = [Words(code=code, text=voice(text)) for code, text in _missing(user, company)]
    since_at = registration.installed_at if registration else None
    return RegistrationView(registered=registration is not None, since_at=since_at, missing=missing)


def _missing(user: User | None, company: Company) -> list[tuple[str, str]]:
    if user is None:
        return [("not_known", "problem.not_known")]
    switched_off = company.tenant is not None and not company.tenant.instant_messaging
    found = {
        "tenant_im_off": switched_off,
        "no_im": not user.instant_messaging,
        "no_service": not user.agent_of and not user.interact_user,
    }
    return [(code, f"missing.{code}") for code, so in found.items() if so]


def agent_view(agent: Agent, user: User, company: Company, voice: Voice) -> AgentView:
    """The user's services by name, direct chats last."""
    mine = sorted(user.agent_of, key=lambda service: company.name(service, voice).casefold())
    lanes = [*mine, DIRECT] if user.interact_user else mine
    return AgentView(
        on_duty=agent.on_duty,
        presence=agent.presence,
        unavailable=Words(code=agent.unavailable, text=company.reason(agent.unavailable))
        if agent.unavailable
        else None,
        not_available=[Words(code=code, text=text) for code, text in company.reasons.items()],
        rona=agent.rona,
        rona_until_at=agent.rona_until_at,
        services=[_agent_service(agent, lane, company, voice) for lane in lanes if lane in agent.reasons],
    )


def _agent_service(agent: Agent, lane: str, company: Company, voice: Voice) -> AgentServiceView:
    against = agent.reasons[lane]
    reasons = [voice.reason(reason, company.reason(agent.unavailable)) for reason in against]
    return AgentServiceView(id=lane, name=company.name(lane, voice), selectable=not against, reasons=reasons)


def service_view(service: str, company: Company, voice: Voice) -> ServiceView:
    settings = company.settings(service)
    codes = [
        CodeCategoryView(category=category.category, required=category.required, codes=list(category.codes))
        for category in settings.codes
    ]
    return ServiceView(id=service, name=company.name(service, voice), codes=codes, tags=list(settings.tags))


def may_pick(lane: str, user: User | None, company: Company) -> bool:
    """Whether this user may pick chats of this queue, on their own pages."""
    service = company.services.get(lane)
    return service is not None and user is not None and lane in user.agent_of and service.agents_may_pick


def waiting_view(tasks: Sequence[Task]) -> list[WaitingTaskView]:
    """The queue in its order, which is the order in which the tasks will be offered."""
    return [
        WaitingTaskView(
            id=task.id,
            customer=customer_name(task),
            position=position,
            since_at=task.since_at,
            priority=task.priority.value,
        )
        for position, task in enumerate(tasks, start=1)
    ]


def transcript_messages(messages: Sequence[Message], customer: str) -> list[MessageView]:
    """Edits and deletions are applied to the message that they change; it keeps its place and its time.

    `customer`: what a visitor without a name is called.
    """
    shown: dict[int, MessageView] = {}
    for message in messages:
        if message.kind is Kind.TEXT:
            shown[message.seq] = _message(message, customer)
        elif message.refers_to in shown:
            before = shown[message.refers_to]
            if message.kind is Kind.DELETE:
                change: dict[str, object] = {"text": "", "deleted": True}
            else:
                # An edit can make a note of an agent's message; it never makes a message of a note.
                sender = "note" if message.sender is Sender.NOTE else before.sender
                change = {"text": message.text, "edited": True, "sender": sender}
            shown[message.refers_to] = before.model_copy(update=change)
    return list(shown.values())


def _message(message: Message, customer: str) -> MessageView:
    author = message.author or (customer if message.sender is Sender.VISITOR else "")
    return MessageView(
        seq=message.seq,
        sender=message.sender.value,
        author=author,
        text=message.text,
        at=message.at,
        edited=False,
        deleted=False,
    )
