"""The names of the distributor's keys; `store.keys.CATALOGUE` says their types and lives. `lane` = a service, or `@user` for direct tasks."""

from store.keys import root


def task_key(tenant: str, task: str) -> str:
    return f"{root(tenant)}task:{tenant}:{task}"


def agent_key(tenant: str, user: str) -> str:
    return f"{root(tenant)}agent:{tenant}:{user}"


def queue_key(tenant: str, lane: str) -> str:
    return f"{root(tenant)}queue:{tenant}:{lane}"


def running_key(tenant: str, service: str) -> str:
    return f"{root(tenant)}running:{tenant}:{service}"


def arriving_key(tenant: str) -> str:
    return f"{root(tenant)}arriving:{tenant}"


def path_key(tenant: str) -> str:
    return f"{root(tenant)}path:{tenant}"


def open_key(tenant: str) -> str:
    return f"{root(tenant)}open:{tenant}"


def members_key(tenant: str, service: str) -> str:
    return f"{root(tenant)}members:{tenant}:{service}"


def past_key(tenant: str, user: str) -> str:
    return f"{root(tenant)}past:{tenant}:{user}"


def deadlines_key(tenant: str, *, virtual: bool) -> str:
    return f"{root(tenant)}deadlines:{tenant}" if virtual else f"{root(tenant)}deadlines"


def lane_at(lane: str, level: int) -> str:
    """The lane of a level: that of level 1 has every waiting task."""
    return lane if level == 1 else f"{lane}/{level}"
