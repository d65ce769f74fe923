"""Write the pictures of this folder from real screens: ``python screenshots/make.py``.

The program runs on its demo cluster, frozen at one moment, so the pictures are the same each time but
for a second here and there.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from epview.demo.demo import DemoCluster
from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions
from epview.tui.app import EpviewApp

HERE = Path(__file__).parent
MEDIUM, SMALL, LARGE = (120, 36), (80, 24), (200, 60)

PICTURES: Sequence[tuple[str, tuple[int, int], str, Sequence[str], str]] = (
    # file, size, service opened at once, keys pressed, text that must be there
    ("services", MEDIUM, "", ["down", "down", "down", "down"], "my-external-db"),
    ("services-small", SMALL, "", ["down", "down", "down", "down"], "my-external-db"),
    ("services-large", LARGE, "", ["0"], "card-network"),
    ("services-light", MEDIUM, "", ["down"], "my-external-db"),
    ("service", MEDIUM, "checkout", [], "notReady"),
    ("endpoints", MEDIUM, "my-external-db", ["tab", "tab"], "192.168.1.100"),
    ("ports", MEDIUM, "catalog", [], "admin-port"),
    ("pod", MEDIUM, "checkout", ["enter"], "#failure=3"),
    ("namespaces", MEDIUM, "", ["n"], "payments"),
    ("help", MEDIUM, "", ["question_mark"], "filter"),
)


async def draw(
    demo: DemoCluster, name: str, size: tuple[int, int], service: str, keys: Sequence[str], text: str
) -> None:
    """One picture: open, wait until the cluster is there, press, wait for the text, save."""
    connector = KubeConnector(KubeOptions(kubeconfig=str(demo.write_kubeconfig())))
    theme = "epview-light" if name.endswith("-light") else ""
    app = EpviewApp(connector, namespaces=("shop",), service=service or None, theme=theme)
    async with app.run_test(size=size) as pilot:
        await until(pilot, "live")
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        with suppress(TimeoutError):
            await until(pilot, text)
        svg = app.export_screenshot(title=f"epview · {name}")
    # the picture must not fetch a font from elsewhere when somebody looks at it
    svg = re.sub(r"@font-face\s*{.*?}\s*", "", svg, flags=re.DOTALL)
    (HERE / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
    print(f"{name}.svg")  # noqa: T201


async def until(pilot: Pilot[int], text: str) -> None:
    """Wait until the screen shows ``text``; TimeoutError after ten seconds."""
    for _ in range(200):
        await pilot.pause(0.05)
        if text in shown(pilot):
            return
    raise TimeoutError(text)


def shown(pilot: Pilot[int]) -> str:
    lines = pilot.app.screen._compositor.render_strips()  # noqa: SLF001 - Textual has no public way
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def main() -> None:
    with DemoCluster(frozen_at=datetime.now(UTC).replace(microsecond=0)) as demo:
        demo.advance(40)
        for picture in PICTURES:
            await draw(demo, *picture)


if __name__ == "__main__":
    if "NO_COLOR" in os.environ or any(name.startswith("TEXTUAL_") for name in os.environ):
        raise SystemExit("Unset NO_COLOR and TEXTUAL_*: they change the pictures.")
    asyncio.run(main())
