"""The journal's events of agents, rules and snapshots."""

from distribution.journal_types import (
    FLAG,
    ID,
    IDS,
    INSTANT,
    LANE,
    LINE,
    NUMBER,
    PAIRS,
    PRESENCE,
    PRIORITY,
    STATE,
    WORD,
    Event,
    Field,
    FieldType,
)

_USER = Field("user", ID, "The agent.")
_ACTOR = Field("actor", ID, "The user who asked for it, or `system`.")
_SERVICE = Field("service", ID, "The service; empty = the *Direct* settings.", optional=True)
_ON = Field("on", FLAG, "Whether it is on now.")

_PRESENCE = (
    Field("presence", PRESENCE, "The one that counts."),
    Field("reading", PRESENCE, "The last one from Teams; empty = none yet.", optional=True),
    Field("fresh", FLAG, "Whether that has not lapsed."),
)
_RULES = Field("rules", PAIRS, "All settings by name (`ServiceRules`); durations in seconds.")

AGENT_EVENTS = (
    Event(
        "agent",
        "An agent is new, or their licences, services, skills or capacity change.",
        (
            _USER,
            Field("licensed", FLAG, "Whether they have the licence for chats."),
            Field("direct", FLAG, "Whether they may have direct chats."),
            Field("services", PAIRS, "Service = active there; empty = none.", optional=True),
            Field("capacity", NUMBER, "How many tasks at once."),
            Field("levels", PAIRS, "Service = level, where it is not 1; 0 = in no level; empty = none.", optional=True),
        ),
    ),
    Event(
        "levels",
        "The rules of a service change the levels of an agent.",
        (_USER, Field("levels", PAIRS, "As in `agent`.", optional=True)),
    ),
    Event("agent_removed", "The agent is no agent any more.", (_USER,)),
    Event("duty", "The agent goes on or off duty.", (_USER, _ON, _ACTOR)),
    Event(
        "active",
        "The agent is switched on or off for one of their services.",
        (_USER, Field("service", ID, "The service."), _ON),
    ),
    Event(
        "availability",
        "The agent says that they are available or not.",
        (
            _USER,
            Field("reason", LINE, "The reason for not being available; empty = available.", optional=True),
            _ACTOR,
        ),
    ),
    Event(
        "presence",
        "Teams reports another presence, or the last report lapses.",
        (
            _USER,
            Field("was", PRESENCE, "The one that counted before; empty = only time passed.", optional=True),
            *_PRESENCE,
        ),
    ),
    Event(
        "surface",
        "The agent opens their first page, or closes their last one.",
        (_USER, Field("open", NUMBER, "How many are open.")),
    ),
    Event("registered", "The agent registers with the bot, or is removed from it.", (_USER, _ON)),
    Event(
        "unreachable",
        "An offer did not reach the agent, who is not asked until something does.",
        (_USER, Field("until", INSTANT, "When the agent is tried again.")),
    ),
    Event("tried_again", "The time of `unreachable` is over.", (_USER,)),
    Event("reached", "Something has reached an agent who was unreachable.", (_USER,)),
    Event(
        "rona_set",
        "The agent missed offers, and gets none until the flag is removed.",
        (_USER, _SERVICE, Field("until", INSTANT, "When it is removed.")),
    ),
    Event(
        "rona_reset",
        "The flag is removed.",
        (_USER, Field("how", WORD, "`self`, `supervisor`, `time`, `offline` or `off_duty`.")),
    ),
)

RULE_EVENTS = (
    Event(
        "tenant", "Instant messaging is switched on or off for the tenant.", (Field("im", FLAG, "Whether it is on."),)
    ),
    Event(
        "directory",
        "The tenant's directory is saved.",
        (
            Field("by", ID, "The user who saved it, or `system`."),
            Field("version", NUMBER, "The new version."),
            Field("services", NUMBER, "How many services changed."),
            Field("users", NUMBER, "How many users changed."),
            Field("gone", NUMBER, "How many of both were removed."),
        ),
        owner="directory",
    ),
    Event("service", "The rules of a service are set.", (_SERVICE, _RULES)),
    Event("refreshed", "Every agent and waiting task follows the rules that were set last.", (_SERVICE,)),
    Event("service_removed", "A service is removed.", (_SERVICE,)),
    Event("ending", "A supervisor ends all tasks of a service; an event for each task follows.", (_SERVICE, _ACTOR)),
    Event("path_down", "Cards reach no agent in Teams at present.", (Field("why", WORD, "What Microsoft answered."),)),
    Event(
        "path_up",
        "Cards reach agents in Teams again.",
        (
            Field("since", INSTANT, "Since when they did not."),
            Field("how", WORD, "`reached`, or `time` (no probe for long)."),
        ),
    ),
)


def _kept(*names: str, of: FieldType, meaning: str) -> tuple[Field, ...]:
    return tuple(Field(name, of, meaning, optional=True) for name in names)


SNAPSHOT_EVENTS = (
    Event(
        "snapshot_begin",
        "The snapshot of a UTC day begins; other events may come between its entries.",
        (
            Field("day", INSTANT, "Midnight."),
            Field("path_down", FLAG, "Whether cards reach no agent in Teams."),
        ),
    ),
    Event(
        "snapshot_service",
        "A service as it is now.",
        (_SERVICE, Field("settled", FLAG, "Whether everything follows its rules (see `refreshed`)."), _RULES),
    ),
    Event(
        "snapshot_agent",
        "An agent as they are now.",
        (
            _USER,
            Field("surfaces", NUMBER, "Open pages."),
            *_PRESENCE,
            *_kept(
                "licensed", "direct", "duty", "registered", "rona", of=FLAG, meaning="As in the events; missing = no."
            ),
            *_kept("services", "levels", of=PAIRS, meaning="As in `agent`."),
            *_kept("held", of=PAIRS, meaning="Task = `ringing`, `talk` or `acw`."),
            *_kept("wraps", of=PAIRS, meaning="Task that the agent transferred = end of their ACW."),
            *_kept("capacity", of=NUMBER, meaning="How many tasks at once."),
            *_kept("unreached", of=NUMBER, meaning="How many offers in a row did not reach the agent."),
            *_kept("retry_at", of=INSTANT, meaning="See `unreachable`."),
            *_kept("rona_until", of=INSTANT, meaning="See `rona_set`."),
            *_kept("idle_since", of=INSTANT, meaning="Since when the agent has no task."),
            *_kept("put_back", of=INSTANT, meaning="When they last lost an offer by declining or missing it."),
            *_kept("last_offer", of=INSTANT, meaning="Their last offer."),
            *_kept("unavailable", of=LINE, meaning="See `availability`."),
        ),
    ),
    Event(
        "snapshot_task",
        "An open task as it is now.",
        (
            Field("task", ID, "The task."),
            Field("state", STATE, "Its state."),
            Field("since", INSTANT, "Since when it waits, or has waited."),
            *_kept("service", of=ID, meaning="Its service; missing = direct."),
            *_kept("user", of=ID, meaning="The agent that the visitor asked for."),
            *_kept("priority", of=PRIORITY, meaning="Missing = `normal`."),
            *_kept("preferred", of=IDS, meaning="Agents to ask first."),
            *_kept("level", of=NUMBER, meaning="The highest open level; missing = 1."),
            *_kept("hops", of=IDS, meaning="Services that it overflowed from."),
            *_kept("ends", of=INSTANT, meaning="The end of the queue time."),
            *_kept("offers", of=NUMBER, meaning="How many offers there were."),
            *_kept("offer", of=NUMBER, meaning="The running offer, or the accepted one."),
            *_kept("won", of=NUMBER, meaning="The accepted offer."),
            *_kept("invited", of=IDS, meaning="Agents who have the offer now."),
            *_kept("delivered", of=IDS, meaning="Agents that it has reached."),
            *_kept("deliver_by", of=INSTANT, meaning="When it must have arrived."),
            *_kept("deadline", of=INSTANT, meaning="The end of the offer time."),
            *_kept("agent", of=ID, meaning="The agent who has it."),
            *_kept("acw_until", of=INSTANT, meaning="The end of the ACW."),
            *_kept("outcome", of=WORD, meaning="The outcome of its talk."),
            *_kept("left", of=INSTANT, meaning="Since when the visitor has no connection."),
            *_kept("warned", of=INSTANT, meaning="See `idle_warned`."),
            *_kept(
                "past",
                of=PAIRS,
                meaning="Agent = how their last offer ended, when they may be asked again, which offer.",
            ),
            *_kept("holder", of=ID, meaning="In a transfer: the agent who has the talk."),
            *_kept("home", of=LANE, meaning="In a transfer: what the holder has it for."),
            *_kept("transfer_to", of=LANE, meaning="In a transfer: what it is for."),
            *_kept("transfer_ends", of=INSTANT, meaning="In a transfer: when it fails."),
            *_kept("handed_on", of=PAIRS, meaning="Agents who had the talk = the service they had it for."),
            *_kept("pause", of=INSTANT, meaning="See `failed`."),
            *_kept("opening_fails", of=NUMBER, meaning="How often its room could not be opened."),
            *_kept("broken", of=WORD, meaning="Why its room was lost."),
            *_kept(
                "unspoken", of=PAIRS, meaning="Agents who have not written yet = when they took it; see `first_word`."
            ),
        ),
    ),
    Event("snapshot_end", "The snapshot is complete.", (Field("day", INSTANT, "Midnight, as in `snapshot_begin`."),)),
)
