from datetime import UTC, datetime, timedelta

import pytest

from epview.core.view import BackendPort, PortView
from epview.present import words
from epview.present.glyphs import ASCII

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (124, "2m4s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 20 * 60, "3h20m"),
        (8 * 3600 + 1800, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
        (729 * 86400, "729d"),
        (740 * 86400, "2y10d"),
        (3000 * 86400, "8y"),
    ],
)
def test_durations_read_as_kubectl_prints_ages(seconds, text):
    assert words.duration(seconds) == text


def test_an_age_is_never_negative_and_may_be_unknown():
    assert words.age(NOW + timedelta(seconds=30), NOW) == "0s"
    assert words.age(None, NOW) == "<unknown>"


@pytest.mark.parametrize(
    ("port", "text"),
    [
        (PortView(name="http", port=80, protocol="TCP", target_port=8080, resolved=(8080,)), "http 80→8080"),
        (PortView(name="", port=5432, protocol="TCP", target_port=5432), "5432"),
        (
            PortView(name="dns", port=53, protocol="UDP", target_port="dns", resolved=(5353,)),
            "dns 53→5353/UDP",
        ),
        (
            PortView(name="a", port=80, protocol="TCP", target_port="http", resolved=(80, 8080)),
            "a 80→80/8080",
        ),
        (PortView(name="a", port=80, protocol="TCP", target_port="http"), "a 80→http"),
    ],
)
def test_ports_say_where_they_lead(port, text):
    assert words.port_words(port) == text


def test_ports_have_an_ascii_form():
    port = PortView(name="http", port=80, protocol="TCP", target_port=8080)
    assert words.port_words(port, ASCII) == "http 80->8080"


def test_ports_of_an_address():
    ports = (BackendPort("http", 8080, "TCP"), BackendPort("", 53, "UDP"))
    assert words.backend_ports(ports) == "http 8080, 53/UDP"


def test_numbers_and_nouns():
    assert words.plural(1, "pod") == "1 pod"
    assert words.plural(1200, "address", "addresses") == "1,200 addresses"
    assert words.and_more("abcde", 2) == "a, b and 3 more"
    assert words.labels({"app": "web", "tier": "api"}) == "app=web,tier=api"
    assert words.labels(None) == "<none>"
