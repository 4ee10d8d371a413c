"""Who may knock: requests that name a loopback host and come from no foreign page.

A web page elsewhere can make a browser call 127.0.0.1, by its address or by a name that resolves there (DNS
rebinding). The first shows a foreign Origin, the second a foreign Host; both are turned away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


@web.middleware
async def loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """421 for a foreign Host, 403 for a foreign Origin."""
    if urlsplit(f"//{request.host}").hostname not in _LOOPBACK:
        return web.Response(status=421, text="this server answers to 127.0.0.1 and localhost only")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return web.Response(status=403, text="requests from other web pages are refused")
    return await handler(request)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
