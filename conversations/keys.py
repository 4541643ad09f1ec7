"""The names of a conversation's keys; `store.keys.CATALOGUE` says their types and lives, `lua/include/chat.lua` the same names."""

from store.keys import root


def facts_key(tenant: str, conversation: str) -> str:
    return f"{root(tenant)}conversation:{tenant}:{conversation}"


def messages_key(tenant: str, conversation: str) -> str:
    return f"{root(tenant)}messages:{tenant}:{conversation}"


def shown_key(tenant: str, conversation: str) -> str:
    return f"{root(tenant)}shown:{tenant}:{conversation}"


def sent_key(tenant: str, conversation: str) -> str:
    return f"{root(tenant)}sent:{tenant}:{conversation}"


def chat_key(tenant: str, chat_id: str) -> str:
    return f"{root(tenant)}chat:{tenant}:{chat_id}"
