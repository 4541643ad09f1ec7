"""The host names to which the sandbox answers.

It has no passwords and listens on loopback. A page on the internet can point its own host name to 127.0.0.1 (DNS
rebinding). The browser then treats it as the same site as the sandbox: only `Host` distinguishes them.
"""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler


def is_this_machine(host: str) -> bool:
    """Whether a `Host` header names a loopback address, `localhost`, or a name below it."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers 421 to every other name, before any other handler."""
    hosts = request.headers.getall("Host", [])
    if len(hosts) == 1 and is_this_machine(hosts[0]):
        return await handler(request)
    words = "The sandbox answers only to addresses of this machine, such as http://127.0.0.1."
    return web.Response(status=421, text=words)
