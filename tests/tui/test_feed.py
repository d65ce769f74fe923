import threading
from datetime import timedelta

from stage import NOW, FakeSource, live, pod, shop

from epview.core.objects import Key
from epview.tui.feed import Feed, Inbox


class Screen:
    """Takes Views as the app would, and lets a test wait for them."""

    def __init__(self, feed: Feed, *, takes: bool = True) -> None:
        self.feed = feed
        self.takes = takes
        self.views = []
        self.errors = []
        self.came = threading.Event()

    def view(self, view) -> None:
        self.views.append(view)
        self.came.set()
        if self.takes:
            self.feed.taken()

    def failed(self, error) -> None:
        self.errors.append(error)
        self.came.set()

    def wait(self, count: int) -> None:
        while len(self.views) < count and not self.errors:
            assert self.came.wait(5), f"{len(self.views)} Views came"
            self.came.clear()


def run(source, **more):
    feed = Feed(source, rate=1000, **more)
    screen = Screen(feed, takes=more.pop("takes", True))
    return feed, screen


def test_changes_become_views():
    source = FakeSource([*shop(), *live()])
    feed, screen = run(source)
    feed.start(screen.view, screen.failed)
    screen.wait(1)
    assert Key("shop", "checkout") in screen.views[-1].services
    feed.stop()
    assert not source.running
    assert not feed._thread.is_alive()
    feed.stop()  # twice is fine


def test_a_source_that_runs_already_is_not_started_again():
    inbox = Inbox()
    inbox.put([*shop(), *live()])
    source = FakeSource()
    feed, screen = run(source, inbox=inbox)
    feed.start(screen.view, screen.failed)
    screen.wait(1)
    assert screen.views[-1].services
    assert not source.running
    feed.stop()


def test_no_view_is_made_before_the_last_was_taken():
    source = FakeSource([*shop(), *live()])
    feed = Feed(source, rate=1000)
    screen = Screen(feed, takes=False)
    feed.start(screen.view, screen.failed)
    screen.wait(1)
    for number in range(20):
        source.say(pod(f"extra-{number}", f"10.9.0.{number}", {"app": "web"}))
    assert feed.query(lambda world: len(world.services)) == 7
    assert len(screen.views) == 1
    screen.takes = True
    feed.taken()
    screen.wait(2)
    feed.stop()
    assert Key("shop", "web") in screen.views[-1].changed


def test_paused_it_takes_changes_in_but_shows_none():
    source = FakeSource([*shop(), *live()])
    feed, screen = run(source)
    feed.start(screen.view, screen.failed)
    screen.wait(1)
    feed.pause()
    seen = len(screen.views)
    source.say(pod("late", "10.9.0.9", {"app": "web"}))
    while Key("shop", "late") not in feed.query(lambda world: set(world.pods)):
        pass
    assert len(screen.views) == seen
    feed.resume()
    screen.wait(seen + 1)
    assert Key("shop", "web") in screen.views[-1].changed
    feed.stop()


def test_a_defect_is_reported_and_not_swallowed():
    class Broken:
        world = None
        due, backlog = None, False

        def apply(self, changes):
            raise KeyError("defect")

        def project(self, now, info, first=(), most=None):
            raise AssertionError

    source = FakeSource([*shop()])
    feed, screen = run(source, projector=Broken())
    feed.start(screen.view, screen.failed)
    assert screen.came.wait(5)
    assert isinstance(screen.errors[0], KeyError)
    feed.stop()


def test_time_alone_makes_a_new_view_when_a_verdict_is_due():
    class Due:
        world = None

        def __init__(self):
            self.due, self.backlog = NOW + timedelta(seconds=0.05), False
            self.made = 0

        def apply(self, changes):
            pass

        def project(self, now, info, first=(), most=None):
            self.made += 1
            if now >= NOW + timedelta(seconds=0.05):
                self.due = None
            return object()

    source = FakeSource(ticking=True)
    feed, screen = run(source, projector=Due())
    feed.start(screen.view, screen.failed)
    screen.wait(2)
    feed.stop()
