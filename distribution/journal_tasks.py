"""The journal's events of a task, from its creation to its end."""

from distribution.journal_types import (
    DURATION,
    FLAG,
    ID,
    IDS,
    INSTANT,
    LANE,
    NUMBER,
    OUTCOME,
    PARTY,
    PRIORITY,
    RANK,
    STATE,
    VIA,
    WORD,
    Event,
    Field,
)

_TASK = Field("task", ID, "The task.")
_SERVICE = Field("service", ID, "The task's service; empty = direct.", optional=True)
_OFFER = Field("offer", NUMBER, "The number of the offer; each task counts its own from 1.")
_AGENT = Field("user", ID, "The agent.")
_ACTOR = Field("actor", ID, "The user who asked for it, or `system`.")
_VIA = Field("via", VIA, "Where they asked for it.")

WAITING_EVENTS = (
    Event(
        "created",
        "A visitor asks for a chat, and a task begins.",
        (
            _TASK,
            _SERVICE,
            Field("user", ID, "The agent that the visitor asks for; empty = a service.", optional=True),
            Field(
                "workflow", FLAG, "Whether a workflow runs first (the task is `arriving`); otherwise it waits at once."
            ),
            Field("priority", PRIORITY, "Its priority at the start."),
            Field("preferred", IDS, "Agents to ask first; empty = none.", optional=True),
        ),
    ),
    Event("queued", "The workflow is over, and the task begins to wait for an agent.", (_TASK, _SERVICE)),
    Event(
        "priority",
        "A supervisor changes the priority of a task.",
        (
            _TASK,
            _SERVICE,
            Field("priority", PRIORITY, "The new priority."),
            Field("rank", RANK, "Its new place in the order."),
            _ACTOR,
        ),
    ),
    Event(
        "level_opened",
        "A waiting task is open to one more level of its service's agents.",
        (_TASK, Field("service", ID, "The task's service."), Field("level", NUMBER, "The level, from 2.")),
    ),
    Event(
        "overflowed",
        "A service cannot take the task, which goes to the queue of another service.",
        (
            _TASK,
            Field("from", ID, "The service that it leaves."),
            Field("to", ID, "The service that it goes to."),
            Field("why", WORD, "`queue_time`, `queue_limit` or `hours`."),
        ),
    ),
    Event(
        "waits_on",
        "A service cannot take the task, which stays in the queue without a queue time.",
        (
            _TASK,
            Field("service", ID, "The task's service."),
            Field("why", WORD, "`queue_time`, `queue_limit` or `hours`."),
        ),
    ),
    Event(
        "requeued",
        "No agent has the task any more, and it waits again with the waiting time that it has already.",
        (_TASK, _SERVICE, Field("why", WORD, "What it lost its agent or offer by."), Field("rank", RANK, "Its place.")),
    ),
    Event(
        "visitor_away",
        "The visitor's last connection is gone.",
        (_TASK, Field("state", STATE, "Of the task."), Field("since", INSTANT, "When the connection ended.")),
    ),
    Event("visitor_back", "The visitor has a connection again.", (_TASK, Field("state", STATE, "Of the task."))),
)


def _lost(name: str, meaning: str, how: str) -> Event:
    return Event(name, meaning, (_TASK, _SERVICE, _OFFER, _AGENT, Field("how", WORD, how)))


OFFER_EVENTS = (
    Event(
        "assigned",
        "A supervisor gives a waiting task to an agent; the offer follows.",
        (_TASK, _SERVICE, _AGENT, _ACTOR),
    ),
    Event(
        "offered",
        "An agent is asked. A broadcast writes one entry for each agent, with the same offer.",
        (
            _TASK,
            _SERVICE,
            _OFFER,
            _AGENT,
            Field("since", INSTANT, "Since when the task waits."),
            Field("idle", INSTANT, "Since when the agent has no task."),
            Field(
                "rank",
                NUMBER,
                "The agent's place in the order of the ready agents, from 1; agents who stand equal have the same place. "
                "More than 1 where others were asked already, are preferred less, or a supervisor chose the agent.",
            ),
            Field(
                "ready", NUMBER, "How many agents were ready for the task, this one included, in the levels open to it."
            ),
        ),
    ),
    Event(
        "delivered",
        "The offer has arrived where the agent sees it, and the offer time runs.",
        (_TASK, _OFFER, _AGENT, _VIA, Field("deadline", INSTANT, "When the offer time ends.")),
    ),
    _lost("declined", "The agent declines.", "The surface."),
    _lost("rona", "The agent does not answer within the offer time.", "`time`."),
    _lost("undelivered", "The offer does not arrive.", "`time`, or what Teams answered."),
    _lost("withdrawn", "The offer is taken away from the agent.", "`taken` (another agent was faster), or why."),
    Event("accepted", "The agent accepts the offer.", (_TASK, _SERVICE, _OFFER, _AGENT, _VIA)),
    Event(
        "picked",
        "An agent takes a waiting task without an offer.",
        (_TASK, _SERVICE, _OFFER, _AGENT, _VIA, Field("passed", NUMBER, "How many tasks waited before it.")),
    ),
    Event(
        "room_waits",
        "The room cannot be opened at present: once for each reason in a row.",
        (_TASK, Field("why", WORD, "What Graph refused, and how.")),
        owner="graph",
    ),
    Event(
        "failed",
        "The room of an accepted task cannot be opened, and the agent loses the task.",
        (
            _TASK,
            _SERVICE,
            _OFFER,
            _AGENT,
            Field("why", WORD, "What Graph refused, and how."),
            Field("pause", INSTANT, "No agent is asked before this; empty = no pause.", optional=True),
        ),
    ),
)

TALK_EVENTS = (
    Event("opened", "The room is open, and agent and visitor talk.", (_TASK, _SERVICE, _AGENT)),
    Event(
        "first_word",
        "The agent writes to the visitor for the first time since they took the task.",
        (
            _TASK,
            _SERVICE,
            _AGENT,
            Field("after_accept", DURATION, "Since the agent accepted or picked the task."),
            Field(
                "after_visitor",
                DURATION,
                "Since the visitor's first message that no agent has answered; empty = there is none.",
                optional=True,
            ),
        ),
    ),
    Event(
        "idle_warned",
        "Agent and visitor are told that silence will end the talk.",
        (_TASK, _SERVICE, Field("since", INSTANT, "The last message of either side.")),
    ),
    Event("silence_broken", "Somebody writes after the warning.", (_TASK, Field("by", PARTY, "Who."))),
    Event(
        "agent_lost",
        "An agent stays offline during the talk and loses it; `requeued` or `closed` follows.",
        (_TASK, _SERVICE, _AGENT, Field("why", WORD, "`offline`.")),
    ),
    Event(
        "room_lost",
        "The room of a talk is gone for good; `requeued` or `closed` follows.",
        (_TASK, _SERVICE, _AGENT, Field("why", WORD, "What became of the room.")),
    ),
    Event(
        "transferred",
        "An agent transfers the talk, and keeps it until another agent is in it.",
        (
            _TASK,
            Field("from", ID, "The service that the agent has it for; empty = direct.", optional=True),
            Field("to", LANE, "The service or the agent that it is for."),
            Field("user", ID, "The agent who transfers it."),
            Field("ends", INSTANT, "When the transfer fails."),
        ),
    ),
    Event(
        "returned",
        "A transfer fails, and the agent who began it goes on with the talk.",
        (_TASK, Field("user", ID, "The agent who began it."), Field("why", WORD, "Why it failed.")),
    ),
    Event(
        "handed_on",
        "A transfer succeeds: another agent is in the talk.",
        (
            _TASK,
            Field("user", ID, "The agent who had the talk."),
            Field("to", ID, "The agent who has it now."),
            Field("acw_until", INSTANT, "The end of the first agent's ACW; empty = no ACW.", optional=True),
        ),
    ),
    Event(
        "terminated",
        "Somebody ends the task on purpose; `ended` or `closed` follows.",
        (_TASK, Field("by", PARTY, "In which role."), _ACTOR, _VIA),
    ),
    Event(
        "cancelled",
        "A task is ended before the talk; `closed` follows.",
        (_TASK, Field("state", STATE, "Of the task, before."), _ACTOR, Field("why", WORD, "The reason.")),
    ),
    Event(
        "ended",
        "The talk is over, and ACW begins.",
        (
            _TASK,
            _SERVICE,
            Field("outcome", OUTCOME, "The outcome."),
            Field("by", PARTY, "Who ended it."),
            _VIA,
            _AGENT,
            Field("why", WORD, "The reason."),
            Field("acw_until", INSTANT, "When the ACW ends."),
        ),
    ),
    Event(
        "acw_extended",
        "An agent extends their ACW.",
        (_TASK, _AGENT, _VIA, Field("acw_until", INSTANT, "The new end.")),
    ),
    Event(
        "wrapup",
        "An agent saves codes, tags or the note of a task. The note is not in the journal.",
        (
            _TASK,
            _AGENT,
            Field("codes", IDS, "Ids of the codes now; empty = none.", optional=True),
            Field("tags", IDS, "Ids of the tags now; empty = none.", optional=True),
        ),
    ),
    Event(
        "wrapped",
        "The ACW of an agent who had transferred or lost the talk is over; the task goes on.",
        (_TASK, _AGENT, Field("how", WORD, "`acw_over` (the time is over), or the surface.")),
    ),
    Event(
        "closed",
        "The task is over.",
        (
            _TASK,
            _SERVICE,
            Field("from", STATE, "The state before."),
            Field("outcome", OUTCOME, "The outcome."),
            Field("by", PARTY, "Who closed it."),
            _VIA,
            Field("user", ID, "The agent who had it; empty = none.", optional=True),
            Field("why", WORD, "The reason."),
        ),
    ),
)
