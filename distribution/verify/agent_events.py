"""Agents, and the rules of services."""

from distribution.verify.reasons import OFF
from distribution.verify.report import Rule
from distribution.verify.talk_events import TalkEvents
from distribution.verify.views import AgentView, Fields, instant, levels_of, services_of


class AgentEvents(TalkEvents):
    def on_service(self, fields: Fields) -> None:
        service = self.service(fields["service"])
        service.learn(fields["rules"], self.now)
        service.settled = False
        self._follow(service.id)

    def on_refreshed(self, fields: Fields) -> None:
        service = self.service(fields["service"])
        service.settled = True
        self._follow(service.id)

    def _follow(self, service: str) -> None:
        """Its members may have become free for it or not, and its tasks may be due at other times."""
        for agent in self.agents.values():
            if not service or service in agent.services:
                self.refresh(agent)
        for task in self.tasks.values():
            if task.service == service and task.state == "queued":
                self.watch(task)
        self.touched.add(service)

    def on_agent(self, fields: Fields) -> None:
        agent = self.agents.get(fields["user"])
        if agent is None:
            if not self.complete:
                # Only the snapshot can tell whether he is new.
                return
            agent = self.agents[fields["user"]] = AgentView(fields["user"], idle_since=self.now, counted=self.now)
        self.count(agent)
        agent.licensed, agent.direct = fields["licensed"] == "1", fields["direct"] == "1"
        agent.services, agent.levels = services_of(fields), levels_of(fields)
        agent.capacity, agent.removed = int(fields["capacity"]), False
        self.refresh(agent)

    def on_levels(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.levels = levels_of(fields)
            self.refresh(agent)

    def on_agent_removed(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.licensed = agent.direct = False
            agent.services = {}
            agent.removed = True
            self.refresh(agent)
            if not agent.held:
                self.forget(agent)

    def change(self, fields: Fields) -> AgentView | None:
        """Whom the event is about; his times until now are added up first."""
        agent = self.agents.get(fields["user"])
        if agent:
            self.count(agent)
        elif self.complete:
            self.hold(Rule.FITS, False, f"{fields['e']} of {fields['user']}, who is no agent")
        return agent

    def on_duty(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.duty = fields["on"] == "1"
            if agent.duty:
                agent.idle_since = self.now
            self.refresh(agent)

    def on_active(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.services[fields["service"]] = fields["on"] == "1"
            self.refresh(agent)

    def on_availability(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.unavailable = fields["reason"]
            self.refresh(agent)

    def on_presence(self, fields: Fields) -> None:
        agent = self.change(fields)
        if agent is None:
            return
        if fields.get("was") in OFF and fields["presence"] not in OFF:
            agent.idle_since = self.now
        if agent.presence not in OFF and fields["presence"] in OFF:
            agent.offline_since = self.now
        if agent.fresh and fields["fresh"] == "0":
            agent.lapsed = self.now
        agent.reading, agent.fresh = fields["reading"], fields["fresh"] == "1"
        self.refresh(agent)

    def on_surface(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.surfaces = fields["open"] != "0"
            if not agent.surfaces:
                agent.lapsed = self.now
            self.refresh(agent)

    def on_registered(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.registered = fields["on"] == "1"
            self.refresh(agent)

    def on_unreachable(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.retry_at = instant(fields, "until")
            self.refresh(agent)
            self.watch(agent)

    def on_reached(self, fields: Fields) -> None:
        if agent := self.change(fields):
            agent.retry_at = None
            self.refresh(agent)

    def on_tried_again(self, fields: Fields) -> None:
        if agent := self.change(fields):
            self.check_due(agent.user, "retry", agent.retry_at)
            agent.retry_at = None
            self.refresh(agent)

    def on_path_down(self, _fields: Fields) -> None:
        self._path(down=True)

    def on_path_up(self, _fields: Fields) -> None:
        self._path(down=False)

    def _path(self, *, down: bool) -> None:
        self.hold(Rule.FITS, not self.complete or self.path_down is not down, "the path to Teams is so already")
        self.path_down = down
        for agent in self.agents.values():
            self.refresh(agent)

    def on_rona_set(self, fields: Fields) -> None:
        if agent := self.change(fields):
            until = instant(fields, "until")
            wanted = self.now + self.service(fields["service"]).ms("rona_reset_seconds")
            self.check_set(agent.user, "RONA reset", until, wanted)
            agent.rona_until = until
            self.refresh(agent)
            self.watch(agent)

    def on_rona_reset(self, fields: Fields) -> None:
        if agent := self.change(fields):
            if fields["how"] == "time":
                self.check_due(agent.user, "RONA reset", agent.rona_until)
            agent.rona_until = None
            self.refresh(agent)
