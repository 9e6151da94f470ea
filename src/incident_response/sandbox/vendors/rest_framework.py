"""The manners of Django REST framework, which OnCall is built on.

What belongs here: page numbers, `detail` errors, equality filters and the redirect for a missing
slash. What does not: OnCall's objects (`grafana_oncall.py`).
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from incident_response.sandbox.vendors.desk import natural_argument

_MOST_PER_PAGE = 100

Json = dict[str, Any]
Rows = Callable[[web.Request], list[Json]]
Answer = Callable[[web.Request], Awaitable[web.Response]]


class BadArgumentError(Exception):
    """A filter that is answered with 400; the message is the `detail`."""


def listing(rows: Rows, per_page: int) -> Answer:
    """Return the answer that lists `rows` in pages of `per_page` unless `perpage` is given."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return _page(request, rows(request), per_page)
        except BadArgumentError as error:
            return detail(400, str(error))

    return answer


def single(rows: Rows) -> Answer:
    """Return the answer that shows the row whose id is in the path."""

    async def answer(request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        found = next((row for row in rows(request) if row["id"] == wanted), None)
        return web.json_response(found) if found else detail(404, "Not found.")

    return answer


async def slash_added(request: web.Request) -> web.Response:
    """Redirect as Django's APPEND_SLASH does; many clients drop the token on the way."""
    query = f"?{request.query_string}" if request.query_string else ""
    return web.Response(status=301, headers={"Location": f"{request.path}/{query}"})


def _page(request: web.Request, rows: list[Json], per_page: int) -> web.Response:
    try:
        number = natural_argument(request, "page", 1)
        size = min(natural_argument(request, "perpage", per_page), _MOST_PER_PAGE)
    except ValueError:
        return detail(404, "Invalid page.")
    if size < 1:
        size = per_page
    pages = max(1, -(-len(rows) // size))
    if not 1 <= number <= pages:
        return detail(404, "Invalid page.")
    return web.json_response(
        {
            "count": len(rows),
            "next": _page_url(request, number + 1) if number < pages else None,
            "previous": _page_url(request, number - 1) if number > 1 else None,
            "results": rows[(number - 1) * size : number * size],
            "page_size": size,
            "current_page_number": number,
            "total_pages": pages,
        }
    )


def _page_url(request: web.Request, number: int) -> str:
    query = {**request.query, "page": str(number)}
    return f"{request.url.origin()}{request.path}?{urlencode(query)}"


def filtered(request: web.Request, rows: Iterable[Json], *names: str) -> list[Json]:
    """Keep the rows that equal every one of the named query arguments that is given."""
    wanted = {name: request.query[name] for name in names if name in request.query}
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def detail(status: int, text: str) -> web.Response:
    """Return an error as the framework writes it."""
    return web.json_response({"detail": text}, status=status)
