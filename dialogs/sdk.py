# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""botbuilder-dialogs behind typed walls: its state in Redis, written before a word is said.

Importing this takes most of a second; `dialogs.registration` does it after the server listens.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import Any, Final, cast

from botbuilder.core import BotState, Storage, TurnContext
from botbuilder.dialogs import (
    Dialog,
    DialogSet,
    DialogTurnResult,
    DialogTurnStatus,
    WaterfallDialog,
    WaterfallStepContext,
)
from botbuilder.dialogs.dialog_instance import DialogInstance
from botbuilder.dialogs.dialog_state import DialogState
from botbuilder.schema import Activity, ActivityTypes, DeliveryModes
from typing_extensions import override

from store.connection import Store
from store.ids import new_id
from store.keys import root
from store.scripts import load_scripts

__all__ = ["Stage", "Step", "TagConflict", "WaterfallStepContext"]

SCRIPTS: Final = load_scripts(Path(__file__).parent / "lua")

TRIES: Final = 5
"""Of a turn that somebody else's turn overtook."""

_TAG, _STACK, _PROPERTY = "e_tag", "stack", "dialogs"
KEY: Final = "usher.dialog"
"""Where a turn says whose state it works on: `<tenant>:<user>`."""

Step = Callable[[WaterfallStepContext], Awaitable[DialogTurnResult]]


class TagConflict(Exception):
    """The state has changed since it was read: what was about to be said is not true any more."""


class StoreStorage(Storage):
    """A botbuilder Storage in the store. Keys are `<tenant>:<user>`.

    Stricter than the SDK's own: a write without an e-tag only ever creates, so that of two first turns one wins.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    async def read(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for key in keys:
            fields = await self._store.hgetall(_name(key))
            if fields:
                found[key] = {**_unpack(fields["state"]), _TAG: fields["tag"]}
        return found

    @override
    async def write(self, changes: Mapping[str, dict[str, Any]]) -> None:
        for key, state in changes.items():
            tenant, user = key.split(":")
            tag = new_id()
            saved = await self._store.run(
                SCRIPTS["dialog_save"],
                root(tenant),
                tenant=tenant,
                user=user,
                before=state.get(_TAG, ""),
                tag=tag,
                state=_pack(state),
            )
            if not saved:
                raise TagConflict(key)
            state[_TAG] = tag

    @override
    async def delete(self, keys: Iterable[str]) -> None:
        await self._store.delete(*(_name(key) for key in keys))


class PersonalState(BotState):
    """The state of an agent's own chat, under the key that the turn was given."""

    def __init__(self, storage: StoreStorage) -> None:
        super().__init__(storage, "usher.personal")

    @override
    async def load(self, turn_context: TurnContext, force: bool = False) -> None:
        """Once per turn. The SDK loads an empty state repeatedly, and would take over the e-tag of a faster writer."""
        if force or self.get_cached_state(turn_context) is None:
            await super().load(turn_context, force)

    @override
    def get_storage_key(self, turn_context: TurnContext) -> str:
        return cast("str", turn_context.turn_state[KEY])


class Stage:
    """Runs one dialog. A turn's state is saved first; only then is said what the turn had to say."""

    def __init__(self, store: Store, name: str, steps: list[Step]) -> None:
        self._storage = StoreStorage(store)
        self._name = name
        self._steps = steps

    async def begin(self, context: TurnContext, tenant: str, user: str) -> None:
        """Begin the dialog; where it has begun already, nothing happens. Raises StoreDown."""
        await self._run(context, f"{tenant}:{user}", told=False)

    async def go_on(self, context: TurnContext, tenant: str, user: str) -> None:
        """Let the dialog answer a message; one that has not begun begins as if its first word was said."""
        await self._run(context, f"{tenant}:{user}", told=True)

    async def forget(self, tenant: str, user: str) -> None:
        """The next turn starts the dialog from the beginning."""
        await self._storage.delete([f"{tenant}:{user}"])

    async def _run(self, context: TurnContext, key: str, *, told: bool) -> None:
        for left in reversed(range(TRIES)):
            try:
                said = await self._turn(context, key, told=told)
            except TagConflict:
                if not left:
                    raise
                continue
            for activity in said:
                await context.send_activity(activity)
            return

    async def _turn(self, context: TurnContext, key: str, *, told: bool) -> list[Activity]:
        """One turn on a separate context, which keeps the replies."""
        activity = copy(context.activity)
        activity.delivery_mode = DeliveryModes.expect_replies
        own = TurnContext(context.adapter, activity)
        own.turn_state[KEY] = key
        state = PersonalState(self._storage)
        dialogs = DialogSet(state.create_property(_PROPERTY))
        dialogs.add(cast("Dialog", WaterfallDialog(self._name, self._steps)))
        dialog = await dialogs.create_context(own)
        result = await dialog.continue_dialog()
        if result.status is DialogTurnStatus.Empty:
            await dialog.begin_dialog(self._name, {"told": told})
            if told:
                await dialog.continue_dialog()
        await state.save_changes(own)
        return list(own.buffered_reply_activities)


async def say(step: WaterfallStepContext, markup: str) -> None:
    """Say something once the turn's state is saved. `markup` is Teams' `xml`."""
    await step.context.send_activity(Activity(type=ActivityTypes.message, text=markup, text_format="xml"))


def was_told(step: WaterfallStepContext) -> bool:
    """Whether this dialog's first word was said before."""
    return bool(cast("dict[str, Any]", step.options or {}).get("told"))


async def again(step: WaterfallStepContext, name: str) -> DialogTurnResult:
    """The dialog of this name from the beginning, its first word being said."""
    return await step.replace_dialog(name, {"told": True})


def wait() -> DialogTurnResult:
    """For what the agent writes next."""
    return Dialog.end_of_turn


def tenant_of(step: WaterfallStepContext) -> str:
    """The tenant of the turn's agent."""
    return cast("str", step.context.turn_state[KEY]).split(":")[0]


def user_of(step: WaterfallStepContext) -> str:
    """The turn's agent."""
    return cast("str", step.context.turn_state[KEY]).split(":")[1]


def locale_of(step: WaterfallStepContext) -> str:
    """The language of the user's Teams, for users unknown to the directory."""
    return step.context.activity.locale or ""


def heard(step: WaterfallStepContext) -> str:
    """What the agent wrote."""
    return str(step.result or "")


def _name(key: str) -> str:
    tenant, user = key.split(":")
    return f"{root(tenant)}dialog:{tenant}:{user}"


def _pack(state: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, DialogState):
            return {_STACK: [{"id": frame.id, "state": frame.state} for frame in value.dialog_stack]}
        raise TypeError(f"a {type(value).__name__} cannot be kept")

    return json.dumps({name: value for name, value in state.items() if name != _TAG}, default=plain)


def _unpack(text: str) -> dict[str, Any]:
    state = json.loads(text)
    stack = state.get(_PROPERTY, {}).get(_STACK, [])
    return {**state, _PROPERTY: DialogState([DialogInstance(frame["id"], frame["state"]) for frame in stack])}
