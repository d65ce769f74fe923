from datetime import UTC, datetime, timedelta

from epview.core.view import Health, Phase, ResourceState, SourceInfo, View
from epview.present.glyphs import ASCII, UNICODE
from epview.present.header import blind_words, connection, counts_line, header, loading_lines, scope_words
from epview.present.text import text_of

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def state(resource="pods", phase=Phase.LIVE, **more):
    return ResourceState(resource=resource, phase=phase, **more)


def said(*states, **more):
    return text_of(connection(states, NOW, UNICODE, **more))


def test_the_connection_in_one_word_and_what_cannot_be_seen():
    assert said(state()) == "● live"
    assert said(state(phase=Phase.POLLING)) == "● live (polling)"
    assert said(state(), state("services", Phase.LISTING)) == "◌ loading"
    assert (
        said(state(), state("events", Phase.FORBIDDEN, namespace="shop"))
        == "● live  ▲ events forbidden in shop"
    )
    assert said(state(), state("nodes", Phase.FORBIDDEN)) == "● live"
    stands = state(phase=Phase.STALE, since=NOW - timedelta(seconds=12))
    assert said(stands) == "▲ stale since 12s"
    assert said(stands, state("nodes")) == f"▲ {stands.resource} stale since 12s"
    assert said(state(phase=Phase.FAILED)) == "✗ no connection"
    assert said(state(), frozen=True) == "frozen (z)"


def test_counts_show_the_unknown_only_where_there_are_any():
    assert text_of(counts_line({Health.ERROR: 3, Health.OK: 2, Health.INFO: 1}, UNICODE)) == "✗ 3  ▲ 0  ● 3"
    assert text_of(counts_line({Health.UNKNOWN: 1}, ASCII)) == "x 0  ! 0  . 1  o 0"


def test_loading_is_a_determinate_line_a_resource():
    view = View(
        now=NOW,
        revision=1,
        source=SourceInfo(kind="cluster"),
        services={},
        states=(
            state("pods", Phase.LISTING, loaded=2500, total=10000),
            state("services", Phase.LIVE, loaded=40),
            state("events", Phase.FORBIDDEN, message="events is forbidden"),
            state(
                "endpoints", Phase.FAILED, message="connection refused", retry_at=NOW + timedelta(seconds=8)
            ),
        ),
    )
    lines = [text_of(each) for each in loading_lines(view, NOW, UNICODE, 80)]
    assert lines[0] == " pods           ━━━━━━────────────────── 2,500 of 10,000"
    assert lines[1].startswith(" services       ━━━━━━━━━━━━━━━━━━━━━━━━ 40")
    assert lines[2] == " events         ✗ forbidden: events is forbidden"
    assert lines[3] == " endpoints      ✗ failed: connection refused. Next try in 9s (r now)"


def test_nothing_is_said_once_all_is_there():
    view = View(now=NOW, revision=1, source=SourceInfo(kind="cluster"), services={}, states=(state(),))
    assert loading_lines(view, NOW, UNICODE, 80) == []


def test_several_namespaces_share_one_line():
    states = tuple(state("pods", Phase.LISTING, namespace=name, loaded=5, total=10) for name in "ab")
    view = View(now=NOW, revision=1, source=SourceInfo(kind="cluster"), services={}, states=states)
    assert [text_of(each) for each in loading_lines(view, NOW, UNICODE, 64)] == [
        " pods           ━━━━──── 10 of 20"
    ]


def test_the_header_names_cluster_and_scope():
    info = SourceInfo(
        kind="cluster", context="prod", server_version="v1.33.2", notices=("TLS verification is off",)
    )
    view = View(now=NOW, revision=1, source=info, services={}, states=(state(),))
    left, right = header(view, {}, NOW, UNICODE, scope=("shop",))
    assert [text_of(part) for part in left] == ["epview", "prod", "v1.33.2", "ns shop"]
    assert text_of(right[-1]) == "TLS verification is off"
    assert scope_words(None) == "all namespaces"
    assert scope_words(tuple("abcde")) == "a, b, c and 2 more"


def test_one_failure_of_everything_is_said_once():
    failed = [
        state(name, Phase.FAILED, message="Nothing listens there.", retry_at=NOW + timedelta(seconds=2))
        for name in ("pods", "services", "endpoints")
    ]
    view = View(now=NOW, revision=1, source=SourceInfo(kind="cluster"), services={}, states=tuple(failed))
    lines = [text_of(each) for each in loading_lines(view, NOW, UNICODE, 100)]
    assert lines == [
        "✗ Nothing listens there.",
        "",
        "  Next try in 3s",
        "",
        "  r try now  C another context  q quit",
    ]


def test_what_is_read_in_one_namespace_is_not_called_forbidden():
    states = [
        ResourceState(resource="pods", phase=Phase.FORBIDDEN),
        ResourceState(resource="pods", namespace="shop", phase=Phase.LIVE),
        ResourceState(resource="events", phase=Phase.FORBIDDEN),
        ResourceState(resource="events", namespace="shop", phase=Phase.FORBIDDEN),
    ]
    assert blind_words(states) == "events forbidden in shop"


def test_kinds_that_only_help_are_told_together():
    apps = ("deployments", "replicasets", "statefulsets", "daemonsets")
    states = [state("networkpolicies", Phase.FORBIDDEN), *(state(name, Phase.FORBIDDEN) for name in apps)]
    assert blind_words(states) == "networkpolicies forbidden +1"
    assert blind_words([state("events", Phase.GONE, namespace="shop"), *states]) == "events not served +2"


def test_kinds_that_only_help_have_a_line_only_while_they_load():
    view = View(
        now=NOW,
        revision=1,
        source=SourceInfo(kind="cluster"),
        services={},
        states=(state("pods", Phase.LISTING), state("deployments"), state("daemonsets", Phase.LISTING)),
    )
    shown = [text_of(each).split()[0] for each in loading_lines(view, NOW, UNICODE, 100)]
    assert shown == ["pods", "daemonsets"]
