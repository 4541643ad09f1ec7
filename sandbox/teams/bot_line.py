"""Sends activities to the product's bot: signed, in order per chat, and again if no answer comes."""

import asyncio
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

from sandbox.clock import now
from sandbox.faults import Fault, Faults
from sandbox.records import Records
from sandbox.settings import Settings
from sandbox.teams.bot_keys import BotKeys
from sandbox.values import is_object

log = structlog.get_logger(__name__)

Activity = dict[str, Any]

ANSWER_SECONDS = 15.0  # after that Teams sends an activity again (bots in Teams, docs)
# When an activity is sent again after no answer or a 5xx. Microsoft does not publish its times.
RESEND_AFTER_SECONDS: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
RESEND_INVOKE_AFTER_SECONDS: tuple[float, ...] = (1.0,)  # a person waits for the click's result


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """The bot's answer. `status` 0 = none."""

    status: int
    body: Any = None

    @property
    def worth_sending_again(self) -> bool:
        return self.status == 0 or self.status >= 500


class BotLine:
    """One HTTP session to the bot."""

    def __init__(self, settings: Settings, keys: BotKeys, faults: Faults, records: Records) -> None:
        self._settings = settings
        self._keys = keys
        self._faults = faults
        self._records = records
        self._session: aiohttp.ClientSession | None = None
        self._waiting: dict[str, deque[Activity]] = defaultdict(deque)
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self.answer_seconds = ANSWER_SECONDS
        self.resend_after_seconds = RESEND_AFTER_SECONDS
        self.resend_invoke_after_seconds = RESEND_INVOKE_AFTER_SECONDS

    async def close(self) -> None:
        for pump in list(self._pumps.values()):
            pump.cancel()
        await asyncio.gather(*self._pumps.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def post(self, activity: Activity) -> None:
        """Send it after the earlier activities of its conversation."""
        conversation = activity["conversation"]["id"]
        self._waiting[conversation].append(activity)
        if conversation not in self._pumps:
            self._pumps[conversation] = asyncio.create_task(self._pump(conversation))

    async def invoke(self, activity: Activity) -> BotAnswer:
        """Send it now and return the bot's answer."""
        return await self._insist(activity, self.resend_invoke_after_seconds)

    async def send_once(self, activity: Any, header: str | None) -> BotAnswer:
        """One request with any header and body, for tests; never sent again."""
        return await self._request(activity, header)

    async def _pump(self, conversation: str) -> None:
        waiting = self._waiting[conversation]
        try:
            while waiting:
                await self._insist(waiting[0], self.resend_after_seconds)
                waiting.popleft()
        finally:
            del self._pumps[conversation]
            del self._waiting[conversation]

    async def _insist(self, activity: Activity, pauses: tuple[float, ...]) -> BotAnswer:
        for pause in pauses:
            answer, fault = await self._attempt(activity)
            if not answer.worth_sending_again:
                return answer
            await asyncio.sleep(pause)
            if fault is not None and fault.new_id:
                activity = {**activity, "id": str(uuid.uuid4()) if activity["type"] == "invoke" else str(now())}
        answer, _ = await self._attempt(activity)
        if answer.worth_sending_again:
            log.warning("activity_not_delivered", type=activity["type"], status=answer.status)
        return answer

    async def _attempt(self, activity: Activity) -> tuple[BotAnswer, Fault | None]:
        operation = f"Bot.{activity['type']}"
        order = self._faults.take("POST", "/api/messages", operation)
        fault = order.fault if order is not None else None
        header = self._keys.header(activity["serviceUrl"])
        if fault is None:
            return await self._request(activity, header), None
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault.drop == "before":
            return BotAnswer(0), fault
        answer = await self._request(activity, header)
        if fault.duplicate:
            again = {**activity, "id": f"{activity['id']}1"} if fault.new_id else activity
            answer = await self._request(again, header)
        return (BotAnswer(0), fault) if fault.drop == "after" else (answer, fault)

    async def _request(self, activity: Any, header: str | None) -> BotAnswer:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        kind = f"Bot.{activity.get('type', '')}" if is_object(activity) else "Bot."
        url = str(self._settings.get("bot_endpoint"))
        record = self._records.begin("bot", kind, method="POST", path=url, query={}, body=activity)
        answer = await self._exchange(url, activity, header)
        record.status, record.answer, record.ms = answer.status, answer.body, now() - record.at
        return answer

    async def _exchange(self, url: str, activity: Any, header: str | None) -> BotAnswer:
        assert self._session is not None
        headers = {"Authorization": header} if header is not None else {}
        content: dict[str, Any] = {"json": activity}
        timeout = aiohttp.ClientTimeout(total=self.answer_seconds)
        if isinstance(activity, str):  # a test sends what is not JSON
            content, headers["Content-Type"] = {"data": activity.encode()}, "application/json"
        try:
            async with self._session.post(url, headers=headers, timeout=timeout, **content) as response:
                raw = await response.read()
                if response.content_type == "application/json" and raw:
                    return BotAnswer(response.status, await response.json())
                return BotAnswer(response.status, raw.decode("utf-8", "replace") or None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            log.info("bot_unreachable", why=type(problem).__name__)
            return BotAnswer(0)
