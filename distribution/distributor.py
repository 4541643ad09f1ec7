"""The distributor's use cases, as the other rooms call them."""

from distribution.agent_verbs import AgentVerbs
from distribution.path_verbs import PathVerbs
from distribution.reading import Readings
from distribution.rules import RuleVerbs
from distribution.task_verbs import TaskVerbs


class Distributor(RuleVerbs, TaskVerbs, AgentVerbs, PathVerbs, Readings):
    """Decides which agent is offered which task, once, no matter who asks and from where.

    Raises `StoreDown` when Redis cannot be reached; everything else is a verdict.

    - rules (`rules.py`): `set_tenant`, `set_service`, `set_direct`, `set_agent`, `remove_service`, `remove_agent`,
      `end_all`
    - tasks (`task_verbs.py`): `create`, `queue`, `confirm_delivery`, `undelivered`, `accept`, `decline`, `opened`,
      `opening_failed`, `terminate`, `cancel`, `visitor_here`, `visitor_away`, `visitor_left`, `save_wrapup`, `finish_acw`,
      `extend_acw`, `spoke`, `transfer`, `take_back`
    - agents (`agent_verbs.py`): `set_duty`, `set_availability`, `set_active`, `set_presence`, `set_registered`, `reached`, `surface_beat`,
      `surface_gone`, `reset_rona`
    - the path to Teams (`path_verbs.py`): `path_trouble`, `path_down`, `path_up`, `path_is_down`; `unsent` of a task
    - reading (`reading.py`): `task`, `agent`, `agents`, `waiting`, `open_tasks`, `past_tasks`, `position`
    """
