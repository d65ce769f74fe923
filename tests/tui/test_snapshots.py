"""How the screens look. Few and stable: a fixed clock, fixed data, fixed sizes.

Update with ``pytest tests/tui/test_snapshots.py --snapshot-update`` and look at every picture.
"""

from importlib.metadata import version

import pytest
from stage import FakeConnector, live, service, shown

from epview.core.objects import Key
from epview.core.view import Phase, ResourceState
from epview.tui.app import EpviewApp

DRAWN_WITH = "8.2.8"
pytestmark = pytest.mark.skipif(
    version("textual") != DRAWN_WITH, reason=f"the pictures were drawn with textual {DRAWN_WITH}"
)


@pytest.mark.parametrize(
    ("width", "height", "theme"),
    [(80, 24, "dark"), (120, 36, "dark"), (120, 36, "light"), (60, 20, "dark"), (200, 60, "dark")],
    ids=["80x24", "120x36", "light", "60x20", "200x60"],
)
def test_services(snap_compare, width, height, theme):
    """Problems on top in red, each with a reason; below the path of the selected one."""

    async def before(pilot):
        await shown(pilot, "checkout")
        await pilot.press("j")
        await shown(pilot, "DNS checkout")

    app = EpviewApp(FakeConnector(), theme=theme)
    assert snap_compare(app, terminal_size=(width, height), run_before=before)


@pytest.mark.parametrize("tab", ["backends", "endpoints"])
def test_service(snap_compare, tab):
    """The first broken hop stands out; addresses, the failing probe and the findings below."""

    async def before(pilot):
        await shown(pilot, "checkout")
        pilot.app.open_service(Key("shop", "checkout"), tab)
        await shown(pilot, "Events 1")

    assert snap_compare(EpviewApp(FakeConnector()), terminal_size=(120, 40), run_before=before)


def test_findings(snap_compare):
    """The marked finding whole, what follows from it dimmed below it, commands before facts."""

    async def before(pilot):
        await shown(pilot, "checkout")
        pilot.app.open_service(Key("shop", "checkout"), "findings")
        await shown(pilot, "follows from EP306")

    assert snap_compare(EpviewApp(FakeConnector()), terminal_size=(110, 44), run_before=before)


def test_rule_page(snap_compare):
    """A readable page over the dimmed screen: headings, commands in colour."""

    async def before(pilot):
        await shown(pilot, "checkout")
        await pilot.press("E")
        await shown(pilot, "References")

    assert snap_compare(EpviewApp(FakeConnector()), terminal_size=(110, 44), run_before=before)


def test_pod(snap_compare):
    """Containers with their probes, conditions, Services."""

    async def before(pilot):
        await shown(pilot, "checkout")
        pilot.app.open_pod(Key("shop", "checkout-7d9f8-x2k"))
        await shown(pilot, "Container api")

    assert snap_compare(EpviewApp(FakeConnector()), terminal_size=(110, 40), run_before=before)


def test_loading(snap_compare):
    """A bar for each resource, no health claimed."""
    changes = [
        service("checkout", selector={"app": "checkout"}),
        *live(pods=Phase.LISTING, events=Phase.FORBIDDEN),
        ResourceState(resource="pods", phase=Phase.LISTING, loaded=2500, total=10000),
    ]

    async def before(pilot):
        await shown(pilot, "2,500 of 10,000")

    assert snap_compare(EpviewApp(FakeConnector(changes=changes)), terminal_size=(100, 30), run_before=before)


def test_namespace_picker(snap_compare):
    """Over the list, dimmed; counts of trouble by namespace."""

    async def before(pilot):
        await shown(pilot, "checkout")
        await pilot.press("n")
        await shown(pilot, "team-b  ")

    assert snap_compare(EpviewApp(FakeConnector()), terminal_size=(100, 30), run_before=before)


def test_help(snap_compare):
    """Keys of this screen, and the signs."""

    async def before(pilot):
        await shown(pilot, "checkout")
        await pilot.press("question_mark")
        await shown(pilot, "only Services with a problem")

    assert snap_compare(EpviewApp(FakeConnector()), terminal_size=(100, 50), run_before=before)
