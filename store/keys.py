"""The catalogue of Redis keys: every key that exists, with its type, owner and time to live.

All keys of a tenant begin with `root(tenant)`, a hash tag, so that they share one slot (one server, Sentinel and
Redis Cluster alike). `docs/redis.md` is tested against `CATALOGUE`, and after each test a key that is not declared
here, or that should have a time to live and has none, fails the test.
"""

import re
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache

# Fixed when the store is created (see schema.py); a tenant stays in its shard.
SHARDS = 16

# For lookups before the tenant is known.
ALL = "usher:{all}:"


def shard_of(tenant: str) -> int:
    """The shard, 0 to 15, that `tenant` belongs to."""
    return zlib.crc32(tenant.encode()) % SHARDS


def shard_root(shard: int) -> str:
    """The prefix of all keys of a shard: `usher:{7}:`."""
    return f"usher:{{{shard}}}:"


@lru_cache(maxsize=10_000)
def root(tenant: str) -> str:
    """The prefix of all keys of `tenant`: `usher:{7}:`."""
    return shard_root(shard_of(tenant))


def roots() -> tuple[str, ...]:
    """The roots of all shards."""
    return tuple(shard_root(shard) for shard in range(SHARDS))


@dataclass(frozen=True, slots=True)
class KeySpec:
    """One kind of key.

    `pattern`: `<root>` and `<all>` stand for the two prefixes, other `<words>` for a part of the name.
    `type`: Redis's own word (`string`, `hash`, `set`, `zset`, `stream`), or `channel` for what is only published.
    `owner`: the package that reads and writes it.
    `ttl`: `permanent` (with the reason where it is not obvious), `until …` (its owner deletes it, or sets a time to
    live,
    at a known moment), or a duration that each key has from its first write.
    """

    pattern: str
    type: str
    owner: str
    ttl: str
    meaning: str

    @property
    def may_stay(self) -> bool:
        """Whether a key of this kind may exist without a time to live."""
        return self.ttl.startswith(("permanent", "until "))

    def matches(self, key: str) -> bool:
        """Whether `key` is of this kind."""
        return _expression(self.pattern).fullmatch(key) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(<[^>]+>)", pattern)
    known = {"<root>": r"usher:\{\d+\}:", "<all>": r"usher:\{all\}:"}
    return re.compile("".join(known.get(part, ".*" if part.startswith("<") else re.escape(part)) for part in parts))


def spec_of(key: str) -> KeySpec | None:
    """The catalogue's entry for `key`: the one with the most literal pattern, or None if it is not declared."""
    found = [spec for spec in CATALOGUE if spec.type != "channel" and spec.matches(key)]
    return max(found, key=lambda spec: len(re.sub(r"<[^>]+>", "", spec.pattern)), default=None)


_STORE = (
    KeySpec(
        "<root>probe", "string", "store", "1 minute", "Written to check that the server accepts writes (`/readyz`)."
    ),
    KeySpec("<all>probe", "string", "store", "1 minute", "The same, on a server without a shard."),
    KeySpec(
        "<all>schema", "hash", "store", "permanent", "The data's schema, and which releases may read and write it."
    ),
    KeySpec(
        "<root>clock:<tenant>",
        "hash",
        "store",
        "permanent",
        "`last`: the latest instant (ms) any script of the tenant has used, so that time never runs backwards; "
        "`virtual`: 1 for a tenant whose time is an argument.",
    ),
    KeySpec(
        "<root>due",
        "zset",
        "store",
        "permanent",
        "Incoming marks: subjects whose external state must be updated, scored by when (ms). Subjects that have become "
        "due is divided from here by class and tenant. A leased subject is here if it was marked again.",
    ),
    KeySpec(
        "<root>due-of:<class>:<tenant>",
        "zset",
        "store",
        "until it is claimed",
        "Due subjects of one class (`offer`, `arrival`, `relay`, `card`, `room`, `other`) and tenant, by when they were due (ms).",
    ),
    KeySpec(
        "<root>due-turns:<class>",
        "zset",
        "store",
        "until nothing of the class is due",
        "The tenants with due subjects of this class, in the order of their turns: since when, or when last served (ms).",
    ),
    KeySpec(
        "<root>due-offers",
        "set",
        "store",
        "until they are done",
        "Subjects `card:…` that deliver an offer, and so are of the class `offer`.",
    ),
    KeySpec(
        "<root>due-aside",
        "zset",
        "store",
        "permanent, the latest 1,000",
        "Subjects without a handler, or unreadable, by when they were set aside (ms). A worker that handles their kind takes "
        "them up again when it starts.",
    ),
    KeySpec(
        "<root>leases",
        "zset",
        "store",
        "permanent",
        "Subjects that must not be claimed before their score (ms): the end of a lease, or of a wait that the outside "
        "asked for.",
    ),
    KeySpec(
        "<root>due:<subject>",
        "hash",
        "store",
        "until the subject is done",
        "`token`: the holder of the lease; `tries`: consecutive failures.",
    ),
    KeySpec(
        "<root>deadlines",
        "zset",
        "store",
        "permanent",
        "Deadlines of the shard, scored by their instant (ms); members `kind:tenant:id[:more]`.",
    ),
    KeySpec(
        "<root>deadlines:<tenant>", "zset", "store", "permanent", "The same, for one tenant whose time is virtual."
    ),
    KeySpec(
        "<root>journal:<tenant>",
        "stream",
        "store",
        "permanent, cut to about a million entries",
        "What happened, for audit and reports: `e` event, `at` instant (ms), and the event's own fields. "
        "No free text, no personal data.",
    ),
    KeySpec(
        "<root>server",
        "hash",
        "store",
        "permanent",
        "The server that last kept the shard: `run` id, `lineage` (its replication id), `node`; `found`: whether it lacks "
        "writes of its predecessor.",
    ),
    KeySpec(
        "<root>bell",
        "channel",
        "store",
        "-",
        "Change signals: `kind tenant id number`, one line for each signal of a call; sharded channels.",
    ),
)

_DIRECTORY: tuple[KeySpec, ...] = (
    KeySpec("<all>tenants", "set", "directory", "permanent", "Every tenant with a loaded company."),
    KeySpec(
        "<root>widgets:<tenant>",
        "hash",
        "directory",
        "permanent",
        "`service:<id>` or `user:<id>` → the public key of its widget: random, and never changed, because websites contain it.",
    ),
    KeySpec(
        "<all>widget:<key>",
        "string",
        "directory",
        "permanent, deleted with its service or user",
        "A widget's public key → its owner, as JSON (`tenant`, and `service` or `user`).",
    ),
    KeySpec(
        "<root>tenant:<tenant>",
        "hash",
        "directory",
        "permanent",
        "`doc`: the tenant as JSON (licences, *Direct* settings …); `version`: counts every change of the directory; "
        "`ahead`: until when opening hours and daily sweeps are scheduled; `had_admin`: the tenant has or had an admin, so that "
        "nobody can become the first one.",
    ),
    KeySpec("<root>services:<tenant>", "hash", "directory", "permanent", "Service → the service as JSON."),
    KeySpec("<root>users:<tenant>", "hash", "directory", "permanent", "User → the user as JSON."),
    KeySpec("<root>upns:<tenant>", "hash", "directory", "permanent", "User principal name, in lower case → user."),
    KeySpec(
        "<root>able:<tenant>:<service>",
        "set",
        "directory",
        "permanent",
        "The agents of a service who have the Instant Messaging modality.",
    ),
    KeySpec(
        "<root>preferences:<tenant>",
        "hash",
        "directory",
        "permanent",
        "User → the user's own choices, as JSON: `language`, `theme`, `notifications`.",
    ),
    KeySpec(
        "<root>registrations:<tenant>",
        "hash",
        "directory",
        "permanent",
        "User → where the bot reaches the user, as JSON (`Registration`).",
    ),
    KeySpec(
        "<root>service-url:<tenant>",
        "string",
        "directory",
        "permanent",
        "The Bot Connector's address for the tenant, from the latest registration.",
    ),
    KeySpec(
        "<root>unprojected:<tenant>",
        "hash",
        "directory",
        "until it is transferred",
        "Directory changes not yet transferred to the distributor: `tenant`, `service:<id>`, `user:<id>`, "
        "`registration:<user>` → version.",
    ),
)

_TASK_LIFE = "until the task is closed, then 30 days"

_DISTRIBUTION: tuple[KeySpec, ...] = (
    KeySpec(
        "<root>im:<tenant>", "string", "distribution", "permanent", "Instant Messaging of the tenant: 1 on, 0 off."
    ),
    KeySpec(
        "<root>rules:<tenant>:<service>",
        "hash",
        "distribution",
        "permanent; 30 days once `removed`",
        "The rules of a service as in `ServiceRules`; an empty service is the tenant's *Direct* settings. `refresh`: the last "
        "member updated after a change of the rules; `ending`: the last task closed while all are ended.",
    ),
    KeySpec(
        "<root>path:<tenant>",
        "hash",
        "distribution",
        "permanent",
        "The path to Teams. `ok`: when a card or a probe last arrived (ms); while cards reach nobody also `down` (since when), "
        "`why`, and `until` (when that is over if no probe confirms it).",
    ),
    KeySpec(
        "<root>cut:<tenant>",
        "set",
        "distribution",
        "until the path to Teams is there again",
        "Queues in which an agent was passed over because cards reach nobody.",
    ),
    KeySpec(
        "<root>stalled:<tenant>",
        "set",
        "distribution",
        "until the path to Teams is there again",
        "Subjects that could not be sent; they are marked due then.",
    ),
    KeySpec(
        "<root>served:<tenant>",
        "zset",
        "distribution",
        "permanent",
        "All services that have rules; the empty name is the *Direct* settings (scores are 0).",
    ),
    KeySpec(
        "<root>snapshot:<tenant>",
        "hash",
        "distribution",
        "permanent",
        "The journal's snapshot of the day: `day` (its midnight UTC, ms), and while it is written `part` and `after`: where it "
        "goes on.",
    ),
    KeySpec("<root>agents:<tenant>", "zset", "distribution", "permanent", "All agents of the tenant (scores are 0)."),
    KeySpec(
        "<root>members:<tenant>:<service>",
        "zset",
        "distribution",
        "permanent",
        "The agents of a service (scores are 0).",
    ),
    KeySpec(
        "<root>agent:<tenant>:<user>",
        "hash",
        "distribution",
        "permanent, deleted with the agent",
        "Rules (`licensed`, `direct`, `services`, `capacity`, `skills`, `levels`: service=level, 0 if none adds the agent), state (`duty`, `unavailable`: the agent's reason, `presence`, `doubt`: when the reading becomes "
        "doubtful, `registered`, `surfaces`, `unreached`, `retry_at`, `rona`, `rona_until`, `misses`, `off_at`: offline since), slots (`held`: "
        "task=ringing, connecting, active or acw), order (`idle_since`, `put_back`, `last_offer`), `ready`: the queues in "
        "whose ready set the agent is, `next`: the agent's deadline, `rev`.",
    ),
    KeySpec(
        "<root>task:<tenant>:<task>",
        "hash",
        "distribution",
        _TASK_LIFE,
        "A task; see `tasks.Task`. Packed: `conns` (connection=alive until), `past` (user=result:asked again from:offer); `wraps` (user=extensions:end, of agents who transferred it and have not finished ACW), `handed_on` (user=service for which they had it); `noted` (JSON: user={codes, tags, note}, of agents who had it before), `ends`: of the queue time, `won`: the "
        "accepted offer, `offers`: how many there were, `delivered`: to which agents, `home`: the queue it was transferred from, `pause`, `opening_fails` and `opening_why`: rooms that could not be opened, `broken`: why its room was lost, `unanswered`: the visitor's first message that no agent has answered (ms), `unspoken` (user=accepted at, of agents who have not written yet), `next`: its deadline.",
    ),
    KeySpec(
        "<root>open:<tenant>",
        "zset",
        "distribution",
        "until no task is open",
        "All open tasks, by when they were created (ms).",
    ),
    KeySpec(
        "<root>queue:<tenant>:<queue>",
        "zset",
        "distribution",
        "until nothing waits",
        "Queued tasks by rank: waiting since (ms), less what their priority is worth (see `levels.lua`). Queue: a service "
        "(every waiting task of it), `<service>/<n>` (those open to level n), or `@user` for direct tasks.",
    ),
    KeySpec(
        "<root>ready:<tenant>:<queue>",
        "zset",
        "distribution",
        "until nobody is selectable",
        "Selectable agents of a service, or of a later level of it (`<service>/<n>`), in the order of its policy.",
    ),
    KeySpec(
        "<root>arriving:<tenant>",
        "hash",
        "distribution",
        "until no chat is in a workflow",
        "Chats in the workflow of their service, before the queue → that service, empty for chats without one.",
    ),
    KeySpec(
        "<root>running:<tenant>:<service>",
        "set",
        "distribution",
        "until no chat runs",
        "Concurrent chats, which the limit counts: offered, connecting, active.",
    ),
    KeySpec(
        "<root>past:<tenant>:<user>",
        "zset",
        "distribution",
        "30 days after the last one",
        "The 500 latest closed tasks that the agent had accepted, by when they closed.",
    ),
)

_CHAT_LIFE = "30 days after the last write; 25 hours without a message"

_CONVERSATIONS: tuple[KeySpec, ...] = (
    KeySpec(
        "<root>conversation:<tenant>:<conversation>",
        "hash",
        "conversations",
        _CHAT_LIFE,
        "The participants and context (`service` or `user`, `customer`, `email`, `page`, `locale`, `widget`, `earlier`: the chat before it), instants (`started`, "
        "`privacy`, `begun`, `closed`), `last` and `public`: the last entry of all, and of those the visitor may see; the "
        "room (`topic`, `topic_at`: the intent; `chat`, `chat_url`, `left`: its earlier chats, `opening`: the last entry on the opening card; `second`: the second person in it, whose messages are notes), and "
        "the cursor to Teams (`relayed`; while a batch is on its way `batch_first`, `batch_last`, `batch_at`: when it was first "
        "sent, `batch_clean`: Teams certainly does not have it, `batch_refused`: how often Teams refused it; `failed`: messages that "
        "Teams refused for good; `refusals`: consecutive refusals of the room, and its chat; `notice:<message>`: what the bot still has to say in the room about a message there).",
    ),
    KeySpec(
        "<root>messages:<tenant>:<conversation>",
        "stream",
        "conversations",
        _CHAT_LIFE,
        "The entries; ids are `<seq>-0`, `seq` counts from 1 without gaps. `s` sender, `k` kind, `a` author, `i` the author's id, "
        "`t` text, `at` instant (ms), `c` client id, `r` the entry it changes, `w` the author of that entry.",
    ),
    KeySpec(
        "<root>said:<tenant>:<conversation>",
        "hash",
        "conversations",
        _CHAT_LIFE,
        "Stored entries: `<side> <client id>` → `<seq> <instant>`; seq 0 while it waits.",
    ),
    KeySpec(
        "<root>early:<tenant>:<conversation>",
        "list",
        "conversations",
        _CHAT_LIFE,
        "Edits and deletes that arrived before their message, as JSON.",
    ),
    KeySpec(
        "<root>sent:<tenant>:<conversation>",
        "hash",
        "conversations",
        "30 days after the last batch",
        "Last seq of a batch → the activity that carried it to Teams.",
    ),
    KeySpec(
        "<root>shown:<tenant>:<conversation>",
        "hash",
        "conversations",
        "30 days after the last card state",
        "Slot (`card:<user>`, `opening`, `end`, …) → JSON `[conversation in Teams, activity, digest of the state]`; while something is "
        "on its way to a slot, `trying:<slot>` → since when, in place of the digest.",
    ),
    KeySpec(
        "<root>chat:<tenant>:<chat id>",
        "string",
        "conversations",
        _CHAT_LIFE,
        "A chat in Teams → the conversation that has it as its room.",
    ),
)

_BOTS = (
    KeySpec(
        "<root>received:<tenant>:<activity>",
        "string",
        "bots",
        "10 minutes",
        "An activity that Teams sent (digest of conversation, type and id): a second one is a repetition.",
    ),
)

_DIALOGS = (
    KeySpec(
        "<root>dialog:<tenant>:<user>",
        "hash",
        "dialogs",
        "permanent, until the user unregisters",
        "Where the bot stands in an agent's personal chat: `state` (JSON) and `tag`, the version that a writer must name.",
    ),
)

_GRAPH = (
    KeySpec("<all>presence:lease", "string", "graph", "60 s", "The replica that now asks Graph for all presences."),
    KeySpec(
        "<root>room:<tenant>:<task>",
        "hash",
        "graph",
        "1 day, gone when the room is open and read, or given back",
        "A room that is being made. `asked`: when Graph was asked for it without an answer that we know (ms); `agent`: "
        "the agent who gets it; `chat`, `url`: its chat; `fails`, `why`: consecutive attempts that had to wait, and the reason; "
        "`done`: completed steps; `leaving`: members still to be removed (JSON); `failing`: why there "
        "will be no room; `broken`: a reported fault of a room in use, `why@ms`.",
    ),
    KeySpec(
        "<root>room-claim:<tenant>:<chat>",
        "string",
        "graph",
        "1 day",
        "The task that has this chat as its room, so that two tasks of the same name never share one.",
    ),
)

_IDENTITY = (
    KeySpec(
        "<root>session:<tenant>:<session>",
        "string",
        "identity",
        "12 hours, or until the person signs out",
        "The session's user (object id). The signed cookie names tenant and session; without this key it is worthless.",
    ),
    KeySpec(
        "<all>flow:<digest>",
        "string",
        "identity",
        "10 minutes",
        "A sign-in or a grant that has come back from Entra (digest of its state): a second return is refused. What the "
        "trip carries is in an encrypted cookie of the browser.",
    ),
)

_INTERACT: tuple[KeySpec, ...] = ()

_PORTAL: tuple[KeySpec, ...] = ()

CATALOGUE: tuple[KeySpec, ...] = (
    *_STORE,
    *_DIRECTORY,
    *_DISTRIBUTION,
    *_CONVERSATIONS,
    *_BOTS,
    *_DIALOGS,
    *_GRAPH,
    *_IDENTITY,
    *_INTERACT,
    *_PORTAL,
)
