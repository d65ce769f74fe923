"""From changes to Views: the world, the Services it touches, and when to judge them again."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable
from datetime import datetime
from itertools import islice
from types import MappingProxyType

from epview.core.changes import Change
from epview.core.history import History
from epview.core.join import awaits_lists, join
from epview.core.labels import Test, everything
from epview.core.moment import Moment
from epview.core.objects import Key
from epview.core.rule import survey
from epview.core.view import Finding, Health, NamespaceView, ServiceView, SourceInfo, View
from epview.core.world import World


class Projector:
    """Owns a `World` and keeps the view of each Service up to date at the cost of what changed.

    A finding goes with the first View in which it does not hold: what is mended is well at once, and no
    headline speaks against the table beside it. Rules that need it wait before they speak, and remember
    after (`History`).

    Not thread safe: its owner serialises `apply`, `project` and every look at `world`.
    """

    def __init__(self, wanted: Test = everything, rules: Container[str] | None = None) -> None:
        """``wanted`` tests a Service's labels: others are known to the world, but get no view.

        ``rules``: the ids of those that count; None for all.
        """
        self.world = World()
        self.history = History()
        self._wanted = wanted
        self._rules = rules
        self._views: dict[Key, ServiceView] = {}
        self._touched: dict[Key, None] = {}  # in the order in which they were touched
        self._due: list[tuple[datetime, Key]] = []
        self._counts: defaultdict[str, Counter[Health]] = defaultdict(Counter)
        self._findings: tuple[Finding, ...] = ()
        self._gone: dict[Key, datetime] = {}  # since when, of the Services whose endpoints are still there
        self._surveyed: tuple[int, datetime | None] | None = None
        self._revision = 0
        self._last: View | None = None
        self._dirty = True

    def apply(self, changes: Iterable[Change]) -> None:
        """Take changes in their order; nothing is judged before the next `project`."""
        for change in changes:
            moves = self.history.foresee(self.world, change)
            touched = self.world.apply(change)
            if moves:
                self.history.moved(touched)
            self._touched.update(dict.fromkeys(touched))
            self._dirty = True

    @property
    def due(self) -> datetime | None:
        """When a verdict may next change by time alone; None when none can."""
        times = [self._due[0][0]] if self._due else []
        if self._surveyed is not None and self._surveyed[1] is not None:
            times.append(self._surveyed[1])
        return min(times, default=None)

    @property
    def backlog(self) -> bool:
        """The last View left Services to be judged anew for the next one."""
        return bool(self._touched)

    def project(
        self, now: datetime, info: SourceInfo, first: Collection[Key] = (), most: int | None = None
    ) -> View:
        """The View as of ``now``. Returns the very same object while nothing changed.

        ``most``: how many Services are judged anew at most, those in ``first`` before all others and the
        rest in turn; None for all. A first view, and a first verdict, never wait.
        """
        self.history.stamp(self.world, now)
        while self._due and self._due[0][0] <= now:
            _, key = heapq.heappop(self._due)
            view = self._views.get(key)
            if view is not None and view.recheck_at is not None and view.recheck_at <= now:
                self._touched[key] = None
        changed = {key for key in self._chosen(first, most) if self._refresh(key, now)}
        surveyed = self._survey(now)
        same = self._last is not None and self._last.source == info
        if self._last is not None and same and not (changed or surveyed or self._dirty):
            return self._last
        self._dirty = False
        self._revision += 1
        self._last = View(
            now=now,
            revision=self._revision,
            source=info,
            services=MappingProxyType(dict(self._views)),
            changed=frozenset(changed),
            states=tuple(self.world.states.values()),
            namespaces=self._namespaces(info),
            findings=self._findings,
        )
        return self._last

    def _chosen(self, first: Collection[Key], most: int | None) -> list[Key]:
        """Take out of those touched the ones to judge now."""
        if most is None or len(self._touched) <= most:
            chosen = list(self._touched)
        else:
            waits = {key: key not in first and self._waits(key) for key in self._touched}
            urgent = [key for key, wait in waits.items() if not wait]
            rest = (key for key, wait in waits.items() if wait)
            chosen = [*urgent, *islice(rest, max(0, most - len(urgent)))]
        for key in chosen:
            del self._touched[key]
        return chosen

    def _waits(self, key: Key) -> bool:
        """There is a view of it that will do for a moment: none while lists come in, a verdict thereafter."""
        view = self._views.get(key)
        return view is not None and view.loading == awaits_lists(self.world, key.namespace)

    def _survey(self, now: datetime) -> bool:
        """Look again at what belongs to no Service, if any of it moved or its time came."""
        version, due = self.world.addresses.version, None
        if self._surveyed is not None:
            seen, due = self._surveyed
            if seen == version and (due is None or due > now):
                return False
        moment = Moment(now)
        self._gone = {key: at for key, at in self._gone.items() if key in self.world.addresses.orphans}
        before, self._findings = self._findings, survey(self.world, moment, self._gone, self._rules)
        self._surveyed = (version, moment.recheck_at)
        return before != self._findings

    def _refresh(self, key: Key, now: datetime) -> bool:
        """Judge one Service again; whether its view differs from before."""
        old = self._views.get(key)
        service = self.world.services.get(key)
        if service is None or not self._wanted(service.metadata.labels):
            self._views.pop(key, None)
            self._count(old, None)
            if service is None and old is not None and key in self.world.addresses.orphans:
                self._gone[key] = now
            return old is not None
        new = join(self.world, key, now, self._rules, self.history)
        if new.recheck_at is not None and (old is None or old.recheck_at != new.recheck_at):
            heapq.heappush(self._due, (new.recheck_at, key))
        self._views[key] = new
        self._count(old, new)
        return new != old

    def _count(self, old: ServiceView | None, new: ServiceView | None) -> None:
        for view, step in ((old, -1), (new, 1)):
            if view is not None:
                self._counts[view.namespace][view.health] += step
        if old is not None and not any(self._counts[old.namespace].values()):
            del self._counts[old.namespace]  # namespaces come and go as well

    def _namespaces(self, info: SourceInfo) -> tuple[NamespaceView, ...]:
        """Known namespaces by name, with the health of their Services where these are in scope."""
        phases = {key.name: namespace.status.phase for key, namespace in self.world.namespaces.items()}
        counted = {name: +counts for name, counts in self._counts.items()}
        living = {name for name, counts in counted.items() if counts}
        names = sorted({*phases, *living, *(info.namespaces or ())})
        in_scope = set(names if info.namespaces is None else info.namespaces)
        return tuple(
            NamespaceView(
                name=name,
                phase=phases.get(name, ""),
                counts=MappingProxyType(dict(counted.get(name, {}))) if name in in_scope else None,
            )
            for name in names
        )
