"""The plain model's verbs for services and agents; see `model.Model`."""

from dataclasses import replace

from distribution.agents import AgentRules, Presence
from distribution.service_rules import ServiceRules
from distribution.verdicts import Verdict
from tests.distribution.model_core import ModelCore
from tests.distribution.model_state import OFF, ModelAgent, S, V


class ModelAgents(ModelCore):
    """Every verb returns the verdict that the distributor must give."""

    # --- rules

    def set_service(self, service: str, rules: ServiceRules) -> None:
        before = {user: self.level_of(agent, service) for user, agent in self.agents.items()} if self.rules else {}
        self.rules[service] = rules
        for user in sorted(before):
            agent = self.agents[user]
            if service in agent.rules.services and self.level_of(agent, service) != before[user]:
                self._lose(agent)
        self.match()
        for task in self.tasks.values():
            if service and task.service == service and task.state is S.QUEUED:
                self.open_levels(task)
        self.match()

    def set_agent(self, user: str, rules: AgentRules) -> None:
        if user in self.agents:
            self.agents[user].rules = rules
            self._lose(self.agents[user])
        else:
            self.agents[user] = ModelAgent(user, rules, idle_since=self.now)
        self.match()

    # --- agents

    def set_duty(self, user: str, on: bool, actor: str) -> Verdict:
        agent = self.agents[user]
        if agent.duty is on:
            return V.UNCHANGED
        agent.duty = on
        if on:
            agent.idle_since = self.now
        else:
            self._unflag(agent)
        if actor == user:
            self._reached(agent)
        self._lose(agent)
        self.match()
        return V.OK

    def set_availability(self, user: str, reason: str, actor: str) -> Verdict:
        agent = self.agents[user]
        if agent.unavailable == reason:
            return V.UNCHANGED
        agent.unavailable = reason
        if actor == user:
            self._reached(agent)
        self._lose(agent)
        self.match()
        return V.OK

    def set_active(self, user: str, service: str, on: bool) -> Verdict:
        agent = self.agents[user]
        if service not in agent.rules.services:
            return V.NO_SUCH_SERVICE
        if agent.rules.services[service] is on:
            return V.UNCHANGED
        agent.rules = replace(agent.rules, services={**agent.rules.services, service: on})
        self._lose(agent)
        self.match()
        return V.OK

    def set_presence(self, user: str, presence: Presence) -> Verdict:
        agent = self.agents[user]
        before, offline = self.presence(agent), self._reads_offline(agent)
        if presence is not Presence.UNKNOWN:
            agent.presence, agent.doubt = presence, self.now + 180_000
        elif agent.presence:
            agent.doubt = min(agent.doubt, self.now)
        if agent.presence not in OFF:
            agent.off_at = None
        elif not offline:
            agent.off_at = self.now
        after = self.presence(agent)
        if after is before:
            return V.UNCHANGED
        if after in OFF:
            self._unflag(agent)
        elif before in OFF:
            agent.idle_since = self.now
        self._lose(agent)
        self.match()
        return V.OK

    def set_registered(self, user: str, on: bool) -> Verdict:
        agent = self.agents[user]
        changed = on and self._reached(agent)
        changed = agent.registered is not on or changed
        agent.registered = on
        self.match()
        return V.OK if changed else V.UNCHANGED

    def path_goes_down(self) -> Verdict:
        was, self.path_down, self.path_ends = self.path_down, True, self.now + 30_000
        return V.UNCHANGED if was else V.OK

    def path_comes_up(self) -> Verdict:
        was, self.path_down, self.path_ok = self.path_down, False, self.now
        self.match()
        return V.OK if was else V.UNCHANGED

    def reached(self, user: str) -> Verdict:
        changed = self._reached(self.agents[user])
        self.match()
        return V.OK if changed else V.UNCHANGED

    def surface_beat(self, user: str, surface: str) -> Verdict:
        agent = self.agents[user]
        changed = self._reached(agent)
        before = len(agent.surfaces)
        self._prune(agent)
        agent.surfaces[surface] = self.now + 30_000
        self.match()
        return V.OK if changed or len(agent.surfaces) != before else V.UNCHANGED

    def surface_gone(self, user: str, surface: str) -> Verdict:
        agent = self.agents[user]
        before = len(agent.surfaces)
        self._prune(agent)
        agent.surfaces.pop(surface, None)
        return V.OK if len(agent.surfaces) != before else V.UNCHANGED

    def _prune(self, agent: ModelAgent) -> None:
        agent.surfaces = {name: at for name, at in agent.surfaces.items() if at > self.now}

    def reset_rona(self, user: str) -> Verdict:
        changed = self._unflag(self.agents[user])
        self.match()
        return V.OK if changed else V.UNCHANGED

    def _reads_offline(self, agent: ModelAgent) -> bool:
        return agent.presence in OFF and self.now < agent.doubt + 300_000
