"""Write the pictures of this folder from real screens: ``python screenshots/make.py``.

The program runs on its demo cluster, frozen at one moment, so the pictures are the same each time but
for a second here and there.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from epview.demo.demo import DemoCluster
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions
from epview.tui.app import EpviewApp
from epview.tui.navigation import key_of

HERE = Path(__file__).parent
MEDIUM, SMALL, LARGE = (120, 36), (80, 24), (200, 60)

PICTURES: Sequence[tuple[str, tuple[int, int], str, str, Sequence[str], str]] = (
    # file, size, namespace, Service opened at once, keys pressed (@: the cursor goes there), text to wait for
    ("services", MEDIUM, "shop", "", ["@shop/checkout"], "readiness of container api"),
    ("services-small", SMALL, "shop", "", ["@shop/checkout"], "readiness of api"),
    ("services-large", LARGE, "", "", ["@shop/checkout"], "that means"),
    ("services-light", MEDIUM, "shop", "", ["@shop/checkout"], "readiness of container api"),
    ("service", MEDIUM, "shop", "orders", [], "http-get"),
    ("findings", MEDIUM, "shop", "orders", ["2"], "follows from EP303"),
    ("explain", MEDIUM, "shop", "orders", ["E"], "References"),
    ("endpoints", MEDIUM, "shop", "my-external-db", ["tab", "tab"], "192.168.1.100"),
    ("ports", MEDIUM, "shop", "catalog", [], "9191, 8080"),
    ("pod", MEDIUM, "shop", "checkout", ["enter"], "#failure=3"),
    ("namespaces", MEDIUM, "", "", ["n"], "payments"),
    ("help", (120, 54), "shop", "", ["question_mark"], "epview only reads"),
)


class FrozenConnector(KubeConnector):
    """Its sources live in the demo's moment, however long the drawing takes."""

    def __init__(self, demo: DemoCluster) -> None:
        super().__init__(KubeOptions(kubeconfig=str(demo.write_kubeconfig())))
        self.moment = demo.clock

    def open(self, context: str, namespaces: tuple[str, ...] | None) -> ClusterSource:
        source = super().open(context, namespaces)
        source.now = self.moment  # type: ignore[method-assign]
        return source


async def draw(
    demo: DemoCluster,
    name: str,
    size: tuple[int, int],
    namespace: str,
    service: str,
    keys: Sequence[str],
    text: str,
) -> None:
    """One picture: open, wait until the cluster is there, press, wait for the text, save."""
    theme = "epview-light" if name.endswith("-light") else ""
    scope = (namespace,) if namespace else None
    app = EpviewApp(FrozenConnector(demo), namespaces=scope, service=service or None, theme=theme)
    async with app.run_test(size=size) as pilot:
        await until(pilot, "live")
        for key in keys:
            if key.startswith("@"):
                app.home().table.move_to(key_of(key[1:]))
            else:
                await pilot.press(key)
            await pilot.pause(0.3)
        await until(pilot, text)
        await pilot.pause(0.5)  # what a worker still looks up
        svg = app.export_screenshot(title=f"epview · {name}")
    # the picture must not fetch a font from elsewhere when somebody looks at it
    svg = re.sub(r"@font-face\s*{.*?}\s*", "", svg, flags=re.DOTALL)
    # Textual makes ids of a hash of everything; a fixed one keeps the differences small
    svg = re.sub(r"terminal-\d{5,}", f"epview-{name}", svg)
    (HERE / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
    print(f"{name}.svg")  # noqa: T201


async def until(pilot: Pilot[int], text: str) -> None:
    """Wait until the screen shows ``text``; ends the script with the screen where it never does."""
    for _ in range(200):
        await pilot.pause(0.05)
        if text in shown(pilot):
            return
    raise SystemExit(f"never on the screen: {text!r}\n\n{shown(pilot)}")


def shown(pilot: Pilot[int]) -> str:
    lines = pilot.app.screen._compositor.render_strips()  # noqa: SLF001 - Textual has no public way
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def main() -> None:
    with DemoCluster(frozen_at=datetime(2026, 8, 1, 23, 48, 12, tzinfo=UTC)) as demo:
        demo.advance(40)
        for picture in PICTURES:
            await draw(demo, *picture)


if __name__ == "__main__":
    if "NO_COLOR" in os.environ or any(name.startswith("TEXTUAL_") for name in os.environ):
        raise SystemExit("Unset NO_COLOR and TEXTUAL_*: they change the pictures.")
    asyncio.run(main())
