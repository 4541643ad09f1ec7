"""The directory for other packages: tenants, services and users, permissions, and where the bot reaches users."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, cast, get_args

from directory.fields import LONGEST_NAME
from directory.model import Language, Missing, Registration, Service, ServiceSettings, Tenant, Theme, User, WidgetTarget
from directory.people import entra_names
from directory.preconditions import missing_for_service, missing_for_user
from directory.projection import TENANTS, Projection
from directory.state import SCRIPTS, State, read_service, read_state, read_tenant, read_user, write_state
from directory.widget_keys import widget_key, widget_name
from distribution.distributor import Distributor
from store.connection import Store
from store.due import Subject
from store.keys import root
from store.text import tidied

# A change fails after this many attempts.
TRIES = 8


class BadPreference(Exception):
    """A language or theme that does not exist; the message says which there are."""


class Directory:
    """Reads are single round trips. Every method raises `StoreDown` when the store cannot be reached."""

    def __init__(self, store: Store, distributor: Distributor) -> None:
        self._store = store
        self._distributor = distributor
        self._projection = Projection(store, distributor)
        # What this process has written, so that an activity costs no write when nothing has changed.

    # Who and what there is.

    async def tenant(self, tenant: str) -> Tenant | None:
        """A tenant with a loaded company."""
        text = await self._store.hget(_key("tenant", tenant), "doc")
        return read_tenant(text) if text else None

    async def tenants(self) -> list[Tenant]:
        found = [await self.tenant(tenant) for tenant in sorted(await self._store.smembers(TENANTS))]
        return [tenant for tenant in found if tenant is not None]

    async def service(self, tenant: str, service: str) -> Service | None:
        text = await self._store.hget(_key("services", tenant), service)
        return read_service(text) if text else None

    async def settings(self, tenant: str, service: str | None) -> ServiceSettings | None:
        """The settings of a task: its service's, or the tenant's for chats directly to a user."""
        if service is not None:
            return await self.service(tenant, service)
        found = await self.tenant(tenant)
        return found.direct if found is not None else None

    async def services(self, tenant: str) -> list[Service]:
        """All services of a tenant, by name."""
        found = [read_service(text) for text in (await self._store.hgetall(_key("services", tenant))).values()]
        return sorted(found, key=lambda service: service.name.casefold())

    async def user(self, tenant: str, user: str) -> User | None:
        """A user by object id, with the choices in User Preferences."""
        doc, text, chosen = await self._store.many(
            [
                ("hget", (_key("tenant", tenant), "doc")),
                ("hget", (_key("users", tenant), user)),
                ("hget", (_key("preferences", tenant), user)),
            ]
        )
        return _with_preferences(read_user(text), doc, chosen) if text else None

    async def users(self, tenant: str) -> list[User]:
        """All users of a tenant, by name."""
        doc, texts, chosen = await self._store.many(
            [
                ("hget", (_key("tenant", tenant), "doc")),
                ("hgetall", (_key("users", tenant),)),
                ("hgetall", (_key("preferences", tenant),)),
            ]
        )
        found = [_with_preferences(read_user(text), doc, chosen.get(user)) for user, text in texts.items()]
        return sorted(found, key=lambda user: user.name.casefold())

    async def user_by_upn(self, tenant: str, upn: str) -> User | None:
        found = await self._store.hget(_key("upns", tenant), upn.lower())
        return await self.user(tenant, found) if found else None

    async def members(self, tenant: str, service: str) -> list[User]:
        """All agents, supervisors and owners of a service, by name."""
        return [user for user in await self.users(tenant) if service in user.services]

    # Widgets.

    async def widget(self, key: str) -> WidgetTarget | None:
        """The service or user of a widget's public key."""
        text = await self._store.get(widget_name(key))
        found: Mapping[str, str] = json.loads(text) if text else {}
        return WidgetTarget(found["tenant"], found.get("service"), found.get("user")) if found else None

    async def service_widget(self, tenant: str, service: str) -> str:
        """The public key of a service's widget."""
        return await widget_key(self._store, tenant, "service", service)

    async def user_widget(self, tenant: str, user: str) -> str:
        """The public key of a user's own widget."""
        return await widget_key(self._store, tenant, "user", user)

    async def missing_for(self, tenant: str, *, service: str | None = None, user: str | None = None) -> list[Missing]:
        """Unmet preconditions of a chat with a service or a user (product.md 5); none = it may begin."""
        if service is not None:
            doc, text, able = await self._store.many(
                [
                    ("hget", (_key("tenant", tenant), "doc")),
                    ("hget", (_key("services", tenant), service)),
                    ("exists", (f"{_key('able', tenant)}:{service}",)),
                ]
            )
            return missing_for_service(doc and read_tenant(doc), text and read_service(text), has_agents=able)
        doc, text = await self._store.many(
            [("hget", (_key("tenant", tenant), "doc")), ("hget", (_key("users", tenant), user or ""))]
        )
        return missing_for_user(doc and read_tenant(doc), text and read_user(text))

    # Where the bot reaches users.

    async def registration(self, tenant: str, user: str) -> Registration | None:
        """Where the bot reaches a user; None if the user is not registered with it."""
        text = await self._store.hget(_key("registrations", tenant), user)
        return Registration(**json.loads(text)) if text else None

    async def save_registration(self, registration: Registration) -> None:
        """The user has installed the bot, or has sent another activity: its addresses may have changed."""
        written = json.dumps(asdict(registration))
        await self._register(registration.tenant, registration.user, written, registration.service_url)

    async def drop_registration(self, tenant: str, user: str) -> bool:
        """The user has removed the bot; False if the user was not registered."""
        return await self._register(tenant, user, "", "")

    async def some_registrations(self, tenant: str, count: int) -> list[Registration]:
        """At most `count` of the tenant's registrations, picked at random."""
        found = await self._store.run(SCRIPTS["directory_some_registrations"], root(tenant), tenant=tenant, count=count)
        return [Registration(**json.loads(text)) for text in cast("list[str]", found)]

    async def conversation_moved(self, tenant: str, conversation: str, url: str) -> None:
        """Teams says that it serves this conversation at `url`: so it does the tenant's rooms, from now on."""
        await self.learn_service_url(tenant, url)
        for text in (await self._store.hgetall(_key("registrations", tenant))).values():
            known = Registration(**json.loads(text))
            if known.conversation_id == conversation and known.service_url != url:
                await self.save_registration(replace(known, service_url=url))

    async def learn_service_url(self, tenant: str, url: str) -> None:
        """Teams has said, in an activity that was authenticated, where it is reached for this tenant; that can change."""
        # Asked each time: another replica may have learned another one since, and a failover may have lost it.
        if await self.service_url(tenant) != url and await self.tenant(tenant) is not None:
            await self._store.set(_key("service-url", tenant), url)

    async def service_url(self, tenant: str) -> str | None:
        """The Bot Connector's address for a tenant, as the latest activity from it said."""
        return await self._store.get(_key("service-url", tenant))

    # Users' own choices. Raises BadPreference.

    async def set_language(self, tenant: str, user: str, language: str) -> None:
        await self._prefer(tenant, user, "language", _one_of(language, get_args(Language)))

    async def set_theme(self, tenant: str, user: str, theme: str) -> None:
        await self._prefer(tenant, user, "theme", _one_of(theme, get_args(Theme)))

    async def set_notifications(self, tenant: str, user: str, on: bool) -> None:
        await self._prefer(tenant, user, "notifications", on)

    # Changes.

    async def set_active(self, tenant: str, user: str, service: str, on: bool) -> bool:
        """Switch an agent's part in a service on or off; False if the user is not an agent of it."""

        def change(before: State) -> State:
            found = before.users.get(user)
            if found is None or service not in found.agent_of:
                return before
            inactive = [other for other in found.inactive_in if other != service] + ([] if on else [service])
            return before.having(users={**before.users, user: found.model_copy(update={"inactive_in": inactive})})

        after, _ = await self.change(tenant, change, actor=user)
        return user in after.users and service in after.users[user].agent_of

    async def awaits_first_admin(self, tenant: str) -> bool:
        """Whether the tenant has no admin and never had one."""
        if await self._store.hget(_key("tenant", tenant), "had_admin"):
            return False
        return not (await read_state(self._store, tenant)).had_admin

    async def grant_first_admin(self, tenant: str, user: str, upn: str, name: str) -> bool:
        """Make this person an admin of the tenant, unless it has or ever had one; returns whether it did.

        Creates the tenant and the person if needed. Two sign-ins at once make one admin: the change is written
        by one script, which refuses when the tenant has changed since it was read.
        """
        made = False
        sign_in, shown = entra_names(user, upn, name)

        def change(before: State) -> State:
            nonlocal made
            made = not before.had_admin
            if not made:
                return before
            company = before.tenant or Tenant(id=tenant, name=tidied(sign_in.partition("@")[2], LONGEST_NAME) or tenant)
            person = before.users.get(user) or User(id=user, upn=sign_in, name=shown)
            return before.having(
                tenant=company, users={**before.users, user: person.model_copy(update={"admin": True})}
            )

        await self.change(tenant, change, actor=user)
        return made

    async def change(self, tenant: str, change: Callable[[State], State], *, actor: str) -> tuple[State, bool]:
        """Read the tenant's state, change it, write it as a whole, and project the change.

        `change` is called again if another change came first. Returns the state, and whether anything has changed;
        raises what `change` raises (then nothing is written). `actor`: an object id, or a word, for the journal.
        """
        for _ in range(TRIES):
            before = await read_state(self._store, tenant)
            after = change(before)
            same = before.same_as(after)
            if same or await write_state(self._store, before, after, actor=actor):
                # Also when nothing has changed: an earlier change may not have been projected.
                await self._projection.project(tenant)
                return after, not same
        raise RuntimeError(f"the directory of {tenant} is being changed all the time")

    async def handle_projection(self, subject: Subject) -> None:
        """The handler of `directory:<tenant>`: projects changes that a process left when it died."""
        await self._projection.project(subject.tenant)

    async def _prefer(self, tenant: str, user: str, field: str, value: str | bool) -> None:
        script = SCRIPTS["directory_prefer"]
        await self._store.run(script, root(tenant), tenant=tenant, user=user, field=field, value=json.dumps(value))

    async def _register(self, tenant: str, user: str, registration: str, service_url: str) -> bool:
        known = await self._store.run(
            SCRIPTS["directory_register"],
            root(tenant),
            tenant=tenant,
            user=user,
            registration=registration,
            service_url=service_url,
        )
        await self._projection.project(tenant)
        return bool(known)


def _key(kind: str, tenant: str) -> str:
    return f"{root(tenant)}{kind}:{tenant}"


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise BadPreference(f"must be one of {', '.join(known)}")
    return value


def _with_preferences(user: User, doc: str | None, chosen: str | None) -> User:
    update: dict[str, Any] = {"language": read_tenant(doc).language} if doc else {}
    update |= json.loads(chosen) if chosen else {}
    return user.model_copy(update=update)
