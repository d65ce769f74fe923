"""All measures, against yardsticks taken in turn with them: ``.venv/bin/python -m tests.benchmarks``.

Ratios of medians are what counts: absolute figures say as much about the machine as about epview.
``--large`` adds 10,000 Services with 100,000 pods (needs some 3 GiB); ``--only PART`` takes one part.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from . import inside, outside
from .inside import medians
from .outside import EMPTY_APP, EPVIEW, JUDGED, start
from .processes import Cluster, cost, environment

PYTHON = [sys.executable, "-c", "pass"]


@dataclass
class Row:
    """One line of the result: ``value`` is what the target speaks of."""

    what: str
    value: float
    unit: str
    target: float | None = None
    detail: str = ""

    def __str__(self) -> str:
        reached = "" if self.target is None else "reached" if self.value <= self.target else "not reached"
        goal = "" if self.target is None else f"≤ {self.target:g}{self.unit}"
        return f"{self.what:<58} {self.value:>9.2f}{self.unit:<4} {goal:<11} {reached:<12} {self.detail}"


@dataclass
class Place:
    runs: int
    cluster: Cluster
    env: Mapping[str, str]
    seconds: float
    rates: Sequence[int]


def commands(place: Place) -> Iterator[Row]:
    """Commands that need no screen."""
    env = place.env
    bare, told = medians(
        place.runs, lambda: cost(PYTHON, env)[0], lambda: cost([*EPVIEW, "--version"], env)[0]
    )
    more = 1000 * (median(told) - median(bare))
    yield Row("--version, beyond `python -c pass`", more, "ms", 60, f"{1000 * median(bare):.0f} ms bare, CPU")


def starts(place: Place) -> Iterator[Row]:
    """From the start to the first frame and to the first judged screen; and `check`."""
    env = place.env
    measures: list[Callable[[], object]] = [
        lambda: start(EMPTY_APP, env, "nothing-to-show"),
        lambda: start([*EPVIEW, "-A"], env, "Services", JUDGED),
        lambda: cost([*EPVIEW, "check", "-A", "-o", "name"], env),
        lambda: inside.decode_all(inside.cluster(place.cluster.services, place.cluster.pods_each)),
    ]
    if kubectl := shutil.which("kubectl"):
        measures.append(lambda: cost([kubectl, "get", "--raw", "/api/v1/pods"], env))
    served = place.cluster.ask("cpu")
    empty, whole, check, decode, *raw = medians(place.runs, *measures)
    served = (place.cluster.ask("cpu") - served) / place.runs
    paint, judged = [w[0] for w in whole], [w[1] for w in whole]
    empty_paint = [e[0] for e in empty]

    def mid(found: Sequence[outside.Start], of: str = "seconds") -> float:
        return median(getattr(each, of) for each in found)

    shares = f"{mid(paint):.2f} s to {mid(empty_paint):.2f} s"
    yield Row("first paint, to an empty Textual app", mid(paint) / mid(empty_paint), "×", 1.5, shares)
    ratio = mid(paint, "cpu") / mid(empty_paint, "cpu")
    yield Row("  the same in CPU", ratio, "×", None, f"{mid(paint, 'cpu'):.2f} s")
    if raw:
        whole_list = median(seconds for _, seconds in raw[0])
        detail = f"{mid(judged):.2f} s to {whole_list:.2f} s"
        yield Row(
            "first complete screen, to `kubectl get --raw` of the pods",
            mid(judged) / whole_list,
            "×",
            1.5,
            detail,
        )
    floor = median(decode) + mid(empty_paint, "cpu")
    detail = f"{mid(judged, 'cpu'):.2f} s to {median(decode):.2f} + {mid(empty_paint, 'cpu'):.2f} s"
    yield Row("CPU until then, to Struct decode and an empty app", mid(judged, "cpu") / floor, "×", 3, detail)
    took = median(seconds for _, seconds in check)
    yield Row("`check -A`, to the first complete screen", took / mid(judged), "×", 0.8, f"{took:.2f} s")
    ratio = median(cpu for cpu, _ in check) / mid(judged, "cpu")
    yield Row("  the same in CPU", ratio, "×", None, f"{median(cpu for cpu, _ in check):.2f} s")
    yield Row("  the server's own CPU, all of the above together", served, "s")


def joins(place: Place) -> Iterator[Row]:
    """The join alone, in this process."""
    services, each = place.cluster.services, place.cluster.pods_each
    of = inside.cluster(services, each)
    first = [inside.first_join(of) for _ in range(place.runs)]
    ratios = median(join / decode for decode, join in first)
    detail = f"{1e6 * median(join for _, join in first) / services:.0f} µs a Service, CPU"
    yield Row(f"first full join of {services} Services, to Struct decode", ratios, "×", None, detail)
    projector = inside.filled(of)
    found = [
        inside.one_event(projector, of, 500, together) for _ in range(place.runs) for together in (1, 500)
    ]
    for name, some in (
        ("one pod event, decode to View", found[::2]),
        ("  500 of them to one View", found[1::2]),
    ):
        ratio = median(judged / read for read, judged in some)
        detail = (
            f"{1e6 * median(j for _, j in some):.0f} µs to {1e6 * median(r for r, _ in some):.0f} µs, CPU"
        )
        yield Row(f"{name}, to framing and decode", ratio, "×", 3, detail)


def still(place: Place) -> Iterator[Row]:
    """The interface at rest, and one changed Service."""
    empty = median(start(EMPTY_APP, place.env, "nothing-to-show")[0].memory for _ in range(place.runs))
    found = outside.calm(place.cluster, place.env, place.seconds)
    more = found.memory - empty
    pods = place.cluster.services * place.cluster.pods_each
    yield Row(f"memory at {pods} pods, beyond an empty app", more, "MiB", 80, f"{found.memory:.0f} MiB")
    yield Row("idle, of one processor", 100 * found.idle_share, "%", 1)
    yield Row("  bytes to the terminal meanwhile", found.idle_bytes, "B", 0)
    yield Row("one changed row in sight, to the terminal", found.seen_bytes, "B", 1000)
    yield Row("one changed row out of sight", found.unseen_bytes, "B", 0)


def storms(place: Place) -> Iterator[Row]:
    """How long an event and a key take to the terminal, at rest and in a storm."""
    quiet_keys = 0.0
    for rate in (0, *place.rates):
        target = 150 if rate else 100
        found = outside.delays(place.cluster, place.env, rate, place.seconds)
        at = f"at {found.rate:.0f} events/s"
        share = f"p50 {_ms(found.events, 50):.0f} ms; epview {found.share:.0%}, server {found.server_share:.0%} of a processor"
        yield Row(f"event to screen, p99, {at}", _ms(found.events, 99), "ms", target, share)
        goal = min(60.0, 1.5 * quiet_keys) if rate else None
        quiet_keys = quiet_keys or _ms(found.keys, 99)
        yield Row(
            f"key to screen, p99, {at}", _ms(found.keys, 99), "ms", goal, f"p50 {_ms(found.keys, 50):.0f} ms"
        )


def large(place: Place) -> Iterator[Row]:
    """Ten times the objects: what grows with them, and what must not."""
    with Cluster(10_000, 10, Path(place.env["HOME"])) as cluster:
        env = {**place.env, "KUBECONFIG": str(cluster.kubeconfig)}
        small, big = medians(
            max(1, place.runs // 2),
            lambda: start([*EPVIEW, "-A"], place.env, JUDGED)[0],
            lambda: start([*EPVIEW, "-A"], env, JUDGED)[0],
        )
        times = [median(each.seconds for each in some) for some in (small, big)]
        yield Row(
            "growth to 10 times the pods: first screen", times[1] / times[0], "×", 11, f"{times[1]:.1f} s"
        )
        memory = outside.memory(env)
        yield Row("memory at 100,000 pods", memory, "MiB", 500)
    of = inside.cluster(10_000)
    read, judged = inside.one_event(inside.filled(of), of, 500, 1)
    yield Row(
        "one pod event among 100,000 pods, to decode", judged / read, "×", 3, f"{1e6 * judged:.0f} µs, CPU"
    )


def _ms(seconds: Sequence[float], percentile: int) -> float:
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percentile // 100)]


PARTS = {"commands": commands, "starts": starts, "joins": joins, "still": still, "storms": storms}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--services", type=int, default=1000, help="each with 10 pods (default: 1000)")
    parser.add_argument("--runs", type=int, default=5, help="of each measure, in turn; medians count")
    parser.add_argument("--seconds", type=float, default=15, help="of each storm and rest")
    parser.add_argument(
        "--rate", type=int, action="append", help="events a second of a storm (default: 1000, and 5000)"
    )
    parser.add_argument("--large", action="store_true", help="also 10,000 Services with 100,000 pods")
    parser.add_argument("--only", choices=[*PARTS, "large"], action="append", help="this part")
    args = parser.parse_args()
    chosen = args.only or [*PARTS, *(["large"] if args.large else [])]
    print(
        f"{os.cpu_count()} processors, {platform.machine()}; Python {platform.python_version()}, "
        f"textual {version('textual')}, msgspec {version('msgspec')}; medians of {args.runs}"
    )
    with tempfile.TemporaryDirectory() as home, Cluster(args.services, 10, Path(home)) as cluster:
        env = environment(Path(home), KUBECONFIG=str(cluster.kubeconfig))
        place = Place(args.runs, cluster, env, args.seconds, args.rate or (1000, 5000))
        for name in chosen:
            for row in {**PARTS, "large": large}[name](place):
                print(row, flush=True)


if __name__ == "__main__":
    main()
