"""Ages, counts and ports in the words that kubectl's users know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import structs

from epview.core.view import BackendPort, PortView
from epview.present.glyphs import UNICODE, Glyphs
from epview.present.text import cell_width


def duration(seconds: float) -> str:
    """As kubectl prints an age: ``41s``, ``2m4s``, ``12m``, ``3h20m``, ``5d``, ``2y10d``.

    Follows HumanDuration of k8s.io/apimachinery, a little future (clocks differ) included.
    """
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(0, whole)
    if whole < 120:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return _two(minutes, "m", rest, "s")
    if minutes < 180:
        return f"{minutes}m"
    hours, rest = divmod(minutes, 60)
    if hours < 8:
        return _two(hours, "h", rest, "m")
    if hours < 48:
        return f"{hours}h"
    days, rest = divmod(hours, 24)
    if days < 8:
        return _two(days, "d", rest, "h")
    if days < 365 * 2:
        return f"{days}d"
    years, rest = divmod(days, 365)
    if years < 8:
        return _two(years, "y", rest, "d")
    return f"{years}y"


def _two(big: int, unit: str, small: int, small_unit: str) -> str:
    return f"{big}{unit}{small}{small_unit}" if small else f"{big}{unit}"


def age(since: datetime | None, now: datetime) -> str:
    """The time since then in kubectl's words; ``<unknown>`` where there is no time."""
    if since is None:
        return "<unknown>"
    return duration(max(0.0, (now - since).total_seconds()))


def plural(count: int, noun: str, nouns: str = "") -> str:
    """``1 pod``, ``3 pods``, ``1,200 addresses``."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def labels(selector: Mapping[str, str] | None) -> str:
    """``app=web,tier=api`` as kubectl writes a selector; ``<none>`` for none."""
    return ",".join(f"{key}={value}" for key, value in selector.items()) if selector else "<none>"


def port_words(port: PortView, glyphs: Glyphs = UNICODE) -> str:
    """``http 80→8080``: name, Service port and where it leads. Equal numbers are said once.

    A named target that no pod resolves stays a name; several numbers are joined by ``/``.
    """
    target = _target(port)
    words = str(port.port) if target == str(port.port) else f"{port.port}{glyphs.arrow}{target}"
    if port.protocol != "TCP":
        words += f"/{port.protocol}"
    return f"{port.name} {words}" if port.name else words


def _target(port: PortView) -> str:
    if isinstance(port.target_port, str) and port.resolved:
        return "/".join(map(str, port.resolved))
    if len(port.resolved) > 1:
        return "/".join(map(str, port.resolved))
    return str(port.target_port or port.port)


def ports_words(ports: Iterable[PortView], glyphs: Glyphs = UNICODE) -> str:
    return ", ".join(port_words(port, glyphs) for port in ports)


def ports_within(ports: Iterable[PortView], width: int, glyphs: Glyphs = UNICODE) -> str:
    """All ports, else the first and how many more there are, without its name where that is too long."""
    every = list(ports)
    if not every:
        return ""
    first, more = every[0], f" +{len(every) - 1}" if len(every) > 1 else ""
    bare = structs.replace(first, name="")
    forms = [ports_words(every, glyphs), port_words(first, glyphs) + more, port_words(bare, glyphs) + more]
    return next((form for form in forms if cell_width(form) <= width), forms[-1])


def backend_ports(ports: Iterable[BackendPort]) -> str:
    """``http 8080, adm 9000`` of one address; a protocol other than TCP is said."""
    return ", ".join(
        (f"{port.name} " if port.name else "")
        + str(port.port)
        + ("" if port.protocol == "TCP" else f"/{port.protocol}")
        for port in ports
    )


def backend_ports_within(ports: Iterable[BackendPort], width: int) -> str:
    """With names, else the numbers, else the first and how many more there are."""
    every = list(ports)
    bare = [structs.replace(port, name="") for port in every]
    more = f" +{len(every) - 1}" if len(every) > 1 else ""
    forms = [backend_ports(every), backend_ports(bare), backend_ports(bare[:1]) + more]
    return next((form for form in forms if cell_width(form) <= width), forms[-1])


def and_more(items: Iterable[str], limit: int) -> str:
    """``a, b and 3 more``."""
    all_items = list(items)
    shown, rest = all_items[:limit], len(all_items) - limit
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")
