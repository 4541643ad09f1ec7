"""The only doors to a conversation for a person: nobody gets one except through these two functions."""

from typing import Protocol

from conversations.messages import Conversation, Conversations, NoAccess
from distribution.distributor import Distributor
from distribution.user_session import OfferResult


class Claims(Protocol):
    """What a visitor's verified token says (`identity.visitors.VisitorClaims`)."""

    @property
    def tenant(self) -> str: ...

    @property
    def conversation(self) -> str: ...


async def access_conversation_as_visitor(conversations: Conversations, claims: Claims) -> Conversation:
    """The one conversation that this visitor's token opens. Raises NoAccess when it is gone."""
    conversation = await conversations.get(claims.tenant, claims.conversation)
    if conversation is None:
        raise NoAccess("there is no such chat")
    return conversation


async def access_conversation_as_agent(
    conversations: Conversations, distributor: Distributor, tenant: str, conversation: str, user: str
) -> Conversation:
    """A conversation for an agent of its task: who talks or has talked in it. Raises NoAccess for all others."""
    task = await distributor.task(tenant, conversation)
    session = task.session_of(user) if task is not None else None
    if session is None or not (session.has_talked or session.result is OfferResult.ACCEPTED):
        raise NoAccess("there is no such chat")
    found = await conversations.get(tenant, conversation)
    if found is None:
        raise NoAccess("there is no such chat")
    return found
