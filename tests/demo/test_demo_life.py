"""The whole cycle of the company's life, judged second by second: what comes, heals and stays away."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest
from demo_help import NOW
from demo_life import Inspector, Watcher

from epview import cli
from epview.core.objects import Key
from epview.core.rule import catalogue
from epview.core.view import Health, Severity, View
from epview.demo.demo import DemoCluster

CYCLE = 720
"""Seconds in which each story has been through at least once."""
CYCLES = 3
HEALS_WITHIN = 2
"""Seconds after which nothing is said any more of a trouble that is over."""
MEMORY = {"EP312": 600, "EP313": 600, "EP305": 3600}
"""Rules that speak of the past, and for how many seconds they do."""

ALWAYS = {
    "legacy/archive": "EP102",
    "legacy/badge-reader": "EP503",
    "legacy/directory": "EP501",
    "legacy/erp": "EP602",
    "legacy/fax": "EP108",
    "legacy/print-queue": "EP502",
    "legacy/tills": "EP508",
    "legacy/timeclock": "EP505",
    "payments/fraud": "EP504",
    "payments/receipts": "EP305",
    "payments/settlement": "EP506",
    "payments/tax": "EP405",
    "platform/edge": "EP104",
    "platform/image-cache": "EP701",
    "platform/nightly-export": "EP203",
    "platform/quorum": "EP802",
    "platform/status-page": "EP107",
    "platform/syslog": "EP403",
    "platform/tracing": "EP105",
    "shop/cart": "EP201",
    "shop/inventory": "EP307",
    "shop/recommendations": "EP306",
    "shop/reviews": "EP401",
    "shop/thumbnails": "EP306",
}
"""What is wrong all the time, and what the row says of it."""
AT_TIMES = {
    "payments/audit": {"EP703"},
    "payments/invoices": {"EP306", "EP313"},
    "payments/public-api": {"EP309"},
    "payments/refunds": {"EP202"},
    "payments/statements": {"EP308", "EP303"},
    "platform/log-intake": {"EP406"},
    "platform/orders-db": {"EP303", "EP312"},
    "platform/rendering": {"EP310"},
    "shop/checkout": {"EP303", "EP312"},
    "shop/flags": {"EP303", "EP312"},
    "shop/labels": {"EP902"},
    "shop/newsletter": {"EP205", "EP308", "EP311"},
    "shop/orders": {"EP303", "EP312"},
    "shop/search": {"EP303", "EP304"},
    "shop/wishlist": {"EP901"},
}
"""What goes wrong and is well again, and all that the row ever says of it as a warning or an error."""


@dataclass
class Told:
    """What was told of one Service, second by second."""

    health: list[Health] = field(default_factory=list)
    headlines: list[str] = field(default_factory=list)
    """The headline's rule where it is a warning or an error, else ``""``."""
    grave: list[frozenset[str]] = field(default_factory=list)
    """The rules that say more than an info, consequences included."""
    counts: list[int] = field(default_factory=list)


@dataclass
class Life:
    raised: dict[str, int] = field(default_factory=dict)
    """The rules, and the second in which each was raised first."""
    told: dict[Key, Told] = field(default_factory=lambda: defaultdict(Told))
    well: dict[Key, list[bool]] = field(default_factory=lambda: defaultdict(list))
    unknown: Counter[str] = field(default_factory=Counter)
    first: View | None = None


@pytest.fixture(scope="module")
def life() -> Life:
    """Three cycles of the company, step by step."""
    cluster = DemoCluster(frozen_at=NOW)
    cluster._build()
    watcher, inspector, seen = Watcher(cluster), Inspector(cluster), Life()
    for second in range(CYCLES * CYCLE):
        view = watcher.view()
        seen.first = seen.first or view
        _record(seen, second, view, inspector.well())
        cluster.advance(1)
    return seen


def _record(life: Life, second: int, view: View, well: set[Key]) -> None:
    for finding in view.findings:
        life.raised.setdefault(finding.rule, second)
    for key, service in view.services.items():
        told = life.told[key]
        told.health.append(service.health)
        head = service.headline
        told.headlines.append(head.rule if head and head.severity is not Severity.INFO else "")
        told.grave.append(frozenset(f.rule for f in service.findings if f.severity is not Severity.INFO))
        told.counts.append(len(service.findings))
        life.well[key].append(key in well)
        life.unknown.update(service.unknown_rules)
        for finding in service.findings:
            life.raised.setdefault(finding.rule, second)


def cycle(values: list, number: int) -> list:
    return values[number * CYCLE : (number + 1) * CYCLE]


def test_every_rule_has_its_case_within_a_cycle(life):
    assert {rule for rule, second in life.raised.items() if second < CYCLE} == set(catalogue())


def test_nothing_is_unknown_and_no_service_is_missing(life):
    assert not life.unknown
    assert {len(told.health) for told in life.told.values()} == {CYCLES * CYCLE}
    assert all(Health.UNKNOWN not in told.health for told in life.told.values())


def test_the_first_picture_is_no_wall_of_red(life):
    counted = Counter(service.health for service in life.first.services.values())
    assert counted[Health.OK] >= counted[Health.ERROR] + counted[Health.WARNING]


def test_healthy_services_are_never_more_than_a_remark(life):
    calm = {key: told for key, told in life.told.items() if str(key) not in ALWAYS | AT_TIMES}
    assert len(calm) > len(ALWAYS) + len(AT_TIMES) / 2
    complaints = [
        (str(key), second, told.grave[second])
        for key, told in calm.items()
        for second, health in enumerate(told.health)
        if health not in (Health.OK, Health.INFO)
    ]
    assert not complaints


@pytest.mark.parametrize(("name", "rule"), ALWAYS.items())
def test_what_is_always_wrong_is_always_said(life, name, rule):
    assert set(life.told[Key(*name.split("/"))].headlines) == {rule}


@pytest.mark.parametrize(("name", "rules"), AT_TIMES.items())
def test_what_comes_and_goes_is_told_in_every_cycle(life, name, rules):
    told = life.told[Key(*name.split("/"))]
    assert set(told.headlines) - {""} <= rules
    for number in range(CYCLES):
        assert set(cycle(told.headlines, number)) & rules


@pytest.mark.parametrize("name", sorted(AT_TIMES))
def test_it_heals_in_every_cycle(life, name):
    """And then nothing is said of it, but for those whose readiness turned too often."""
    key = Key(*name.split("/"))
    for number in range(CYCLES):
        moments = zip(cycle(life.well[key], number), cycle(life.told[key].headlines, number), strict=True)
        assert any(well and headline in ("", "EP312") for well, headline in moments)


def test_what_is_over_is_said_no_longer(life):
    """Of a Service around which all is well; what stands about it from the first to the last is no trouble."""
    late = []
    for key, told in life.told.items():
        standing = frozenset.intersection(*told.grave)
        since: int | None = None
        for second, (well, grave) in enumerate(zip(life.well[key], told.grave, strict=True)):
            since = (second if since is None else since) if well else None
            if since is None:
                continue
            lasted = second - since
            late += [
                (str(key), second, rule)
                for rule in grave - standing
                if lasted > MEMORY.get(rule, HEALS_WITHIN)
            ]
    assert not late


def test_findings_do_not_pile_up(life):
    for key, told in life.told.items():
        most = [max(cycle(told.counts, number)) for number in range(CYCLES)]
        assert most[-1] <= max(most[:-1]), key
        assert most[-1] <= 8, key


def test_the_program_says_the_same_over_http(capsys, tmp_path):
    """A look in the middle of the life; only who has watched for a while can tell what turned again and again."""
    with DemoCluster(frozen_at=NOW) as cluster:
        watcher = Watcher(cluster)
        for _ in range(100):
            cluster.advance(1)
            view = watcher.view()
        kubeconfig = str(cluster.kubeconfig(tmp_path / "kubeconfig"))
        arguments = ["-A", "--kubeconfig", kubeconfig, "-o", "json", "--fail-on", "never"]
        assert cli.main(["check", *arguments]) == 0
    report = json.loads(capsys.readouterr().out)
    watched = {"EP312"}
    assert {
        (f"{s['namespace']}/{s['name']}", f["rule"], f["severity"])
        for s in report["services"]
        for f in s["findings"]
        if f["rule"] not in watched
    } == {
        (str(key), f.rule, str(f.severity))
        for key, service in view.services.items()
        for f in service.findings
        if f.rule not in watched
    }
