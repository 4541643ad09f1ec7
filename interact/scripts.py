"""The built scripts, as websites fetch them: compressed once, and not sent again to clients that have them."""

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

MAX_AGE_SECONDS: Final = 300
"""How long browsers keep the scripts without asking: a new release reaches every website within five minutes."""


@dataclass(frozen=True, slots=True)
class _Script:
    changed_at: int  # nanoseconds, the file's
    plain: bytes
    packed: bytes
    tag: str


class Scripts:
    """Serves the files of one folder; a file that was rebuilt is read again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, _Script] = {}

    async def answer(self, request: web.Request, name: str) -> web.StreamResponse:
        """The script `name` for any page; the caller vouches for the name."""
        script = await asyncio.to_thread(self._read, name)
        if script is None:
            return web.Response(status=404, text="The widget is not built. Run npm run build:widget in web/.")
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": f"public, max-age={MAX_AGE_SECONDS}",
            "ETag": f'"{script.tag}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if any(tag.value == script.tag for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        body = script.plain
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = script.packed
        return web.Response(body=body, headers=headers, content_type="text/javascript", charset="utf-8")

    def _read(self, name: str) -> _Script | None:
        try:
            changed_at = (self._folder / name).stat().st_mtime_ns
            kept = self._kept.get(name)
            if kept is not None and kept.changed_at == changed_at:
                return kept
            plain = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        made = _Script(changed_at, plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:20])
        self._kept[name] = made
        return made
