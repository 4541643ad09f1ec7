"""What a power cut or a failover can lose under an external server's settings, in words."""

from store.commands import Command
from store.connection import Store, StoreError

NAMES = ("appendonly", "appendfsync", "maxmemory-policy")


async def risks(store: Store) -> list[str]:
    """Sentences for start-up and `doctor`; empty when an acknowledged write is safe. Raises StoreDown."""
    settings: dict[str, str] = {}
    try:
        for name in NAMES:
            (answer, *_) = await store.everywhere(Command(("CONFIG", "GET", name), lambda words: {words[0]: words[1]}))
            settings |= answer
    except (StoreError, IndexError):
        return [
            "Redis does not say how it keeps data (CONFIG GET is not allowed), so what a power cut loses is unknown."
        ]
    found = list(_losses(settings))
    (replication, *_) = await store.servers("replication")
    if replication.get("connected_slaves", "0") != "0":
        found.append("When a replica takes over, writes that it had not received yet are lost.")
    return found


def _losses(settings: dict[str, str]) -> list[str]:
    said: list[str] = []
    if settings["appendonly"] != "yes":
        said.append("Redis has `appendonly no`: a restart or a power cut loses everything since its last snapshot.")
    elif settings["appendfsync"] != "always":
        lost = "the last second of" if settings["appendfsync"] == "everysec" else "half a minute of"
        said.append(
            f"Redis has `appendfsync {settings['appendfsync']}`: a power cut may lose {lost} messages and tasks."
        )
    if settings["maxmemory-policy"] != "noeviction":
        said.append(
            f"Redis has `maxmemory-policy {settings['maxmemory-policy']}`: when its memory is full it throws tasks and "
            "messages away. Set it to noeviction."
        )
    return said
