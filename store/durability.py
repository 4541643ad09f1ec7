"""What a power cut or a failover can lose under the settings of an external store, in words."""

from collections.abc import Iterable, Sequence

from store.cluster import Cluster
from store.commands import Command
from store.connection import Store, StoreError
from store.network import Network, Several
from store.sentinels import Sentinels

NAMES = ("appendonly", "appendfsync", "maxmemory-policy", "min-replicas-to-write", "min-replicas-max-lag")
FULL_COVERAGE = "cluster-require-full-coverage"

Settings = dict[str, str]


async def risks(store: Store) -> list[str]:
    """Warnings for start-up and `doctor`; empty when an acknowledged write is safe. Raises StoreDown."""
    names = (*NAMES, FULL_COVERAGE) if isinstance(store.network, Cluster) else NAMES
    try:
        servers = await _settings(store, names)
    except (StoreError, IndexError):
        return [
            "Redis does not say how it keeps data (CONFIG GET is not allowed), so what a power cut loses is unknown."
        ]
    replicas = [int(server.get("connected_slaves", "0")) for server in await store.servers("replication")]
    said = [line for settings in servers for line in _losses(settings)]
    said += _failover(store.network, servers, replicas)
    # Nodes of a cluster usually have the same settings: a warning that applies to several appears once.
    return list(dict.fromkeys(said))


async def _settings(store: Store, names: Sequence[str]) -> list[Settings]:
    servers: list[Settings] = []
    for name in names:
        answers = await store.everywhere(Command(("CONFIG", "GET", name), lambda words: (words[0], words[1])))
        servers = servers or [{} for _ in answers]
        for server, (said, value) in zip(servers, answers, strict=False):
            server[said] = value
    return servers


def _losses(settings: Settings) -> Iterable[str]:
    if settings["appendonly"] != "yes":
        yield "Redis has `appendonly no`: a restart or a power cut loses everything since its last snapshot."
    elif settings["appendfsync"] != "always":
        lost = "the last second of" if settings["appendfsync"] == "everysec" else "half a minute of"
        yield f"Redis has `appendfsync {settings['appendfsync']}`: a power cut may lose {lost} messages and tasks."
    if settings["maxmemory-policy"] != "noeviction":
        yield (
            f"Redis has `maxmemory-policy {settings['maxmemory-policy']}`: when its memory is full it throws tasks and "
            "messages away (eviction). Set it to noeviction."
        )
    if settings.get(FULL_COVERAGE) == "yes":
        yield f"The cluster has `{FULL_COVERAGE} yes`: when one node is away, no tenant is served. Set it to no."


def _failover(network: Network, servers: Sequence[Settings], replicas: Sequence[int]) -> Iterable[str]:
    if isinstance(network, Sentinels) and not any(replicas):
        yield "The master that the sentinels watch has no replica: when it dies, nobody takes over."
    if isinstance(network, Cluster) and not all(replicas):
        yield "A node of the cluster has no replica: when it dies, its tenants are not served until it is back."
    if not any(replicas):
        return
    waits_for = network.waits_for if isinstance(network, Several) else 0
    if waits_for and min(replicas) <= waits_for:
        yield (
            f"USHER_REDIS_URL says `replicas={waits_for}`, and a master has no replica more than that: when one dies, "
            "nothing can be written until it is back."
        )
    if waits_for:
        return
    lost = "When a replica takes over, writes that it had not received yet are lost"
    if all(int(settings["min-replicas-to-write"]) > 0 for settings in servers):
        seconds = max(int(settings["min-replicas-max-lag"]) for settings in servers)
        yield f"{lost}; `min-replicas-max-lag` keeps them to about the last {seconds} s."
    else:
        yield (
            f"{lost}. Set `min-replicas-to-write 1`: an isolated master then stops, instead of accepting writes that "
            "will be lost."
        )
