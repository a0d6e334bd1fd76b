"""What the pages of the demo shop say. Everything comes out of the request, so that no state has to be kept."""

from __future__ import annotations

import json
import zlib
from typing import Any, Final
from urllib.parse import parse_qs

from opsconsole.demo.server import Request, Response

PRODUCTS: Final = ("kettle", "teapot", "cup", "saucer", "strainer", "tray", "tin", "spoon")
_HTML: Final = "text/html; charset=utf-8"
_STATIC: Final = {
    "app.css": (
        "text/css; charset=utf-8",
        "body { font: 16px/1.5 sans-serif; margin: 2rem auto; max-width: 40rem }\n" * 40,
    ),
    "app.js": ("text/javascript; charset=utf-8", "document.documentElement.classList.add('js');\n" * 200),
    "logo.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"><circle r="8"/></svg>\n'),
}


def user_of(request: Request) -> str:
    """Who is logged in, as the cookie says; "" for nobody."""
    name, _, value = request.headers.get("cookie", "").partition("=")
    return value if name == "user" else ""


def failure(status: int, what: str) -> Response:
    """An error, told in JSON."""
    return _json({"error": what}, status)


def nothing(request: Request) -> Response:
    """No content."""
    return Response(204)


def front(request: Request) -> Response:
    """The front page."""
    links = "".join(f'<li><a href="/products/{number}">{name}</a>' for number, name in enumerate(PRODUCTS, 1))
    return _page("Demo shop", f"<ul>{links}</ul>")


def products(request: Request) -> Response:
    """The list of products."""
    return _page("Products", "".join(f"<article>{name}</article>" for name in PRODUCTS))


def product(request: Request) -> Response:
    """One product; there are a hundred."""
    number = _number(request)
    if not 1 <= number <= 100:
        return _page("There is no such product", "", 404)
    return _page(f"A {PRODUCTS[number % len(PRODUCTS)]}", f"<p>Number {number}.</p>")


def static(request: Request) -> Response:
    """A file."""
    found = _STATIC.get(request.path.rpartition("/")[2])
    if found is None:
        return failure(404, "there is no such file")
    return Response(200, found[1].encode(), found[0], {"Cache-Control": "public, max-age=3600"})


def login(request: Request) -> Response:
    """Who says a name is let in; who says none is not."""
    name = parse_qs(request.body.decode("utf-8", "replace")).get("user", [""])[0]
    if not (name.isascii() and name.isalnum()):
        return failure(401, "who are you?")
    return Response(303, b"", _HTML, {"Location": "/", "Set-Cookie": f"user={name}; HttpOnly; SameSite=Lax"})


def orders(request: Request) -> Response:
    """The orders of who asks."""
    first = zlib.crc32(user_of(request).encode()) % 9_000 + 1_000
    return _json({"orders": [_order(number) for number in range(first, first + 5)]})


def order(request: Request) -> Response:
    """One order; they have numbers from 1,000."""
    number = _number(request)
    return _json(_order(number)) if number >= 1_000 else failure(404, "there is no such order")


def new_order(request: Request) -> Response:
    """An order is taken."""
    number = zlib.crc32(request.body + request.client.encode()) % 9_000 + 1_000
    return _json(_order(number), 201)


def cart(request: Request) -> Response:
    """What lies in the cart."""
    return _json({"items": [{"product": name, "count": 1} for name in PRODUCTS[:3]]})


def search(request: Request) -> Response:
    """Products whose name holds what is asked for."""
    wanted = parse_qs(request.target.partition("?")[2]).get("q", [""])[0]
    return _json({"products": [name for name in PRODUCTS if wanted in name]})


def _order(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "product": PRODUCTS[number % len(PRODUCTS)],
        "state": "sent" if number % 3 else "paid",
    }


def _number(request: Request) -> int:
    """The number that the path ends with; 0 for none."""
    last = request.path.rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) < 10 else 0


def _page(title: str, body: str, status: int = 200) -> Response:
    head = f'<title>{title}</title><link rel="stylesheet" href="/static/app.css">'
    text = f"<!doctype html><html lang=en><head>{head}</head><body><h1>{title}</h1>{body}</body></html>\n"
    return Response(status, text.encode(), _HTML)


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode(), "application/json")
