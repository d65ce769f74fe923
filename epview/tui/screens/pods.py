"""The pod picker of ``:po``."""

from __future__ import annotations

from typing import Final

from epview.core.objects import Pod
from epview.core.world import World
from epview.present import pod as pods
from epview.present import words
from epview.present.columns import Column
from epview.present.frame import Frame
from epview.present.text import Role, Span, clean
from epview.tui.screens.picker import Picker


def _status(pod: Pod, _: Frame) -> Span:
    return Span(
        clean(pods.pod_status(pod)), Role.OK if pod.ready else Role.MUTED if pod.finished else Role.ERROR
    )


def _age(pod: Pod, frame: Frame) -> Span:
    return Span(words.age(pod.metadata.creation_timestamp, frame.now), Role.MUTED)


COLUMNS: Final[tuple[Column[Pod], ...]] = (
    Column("namespace", "NAMESPACE", lambda p, _: Span(p.metadata.namespace, Role.MUTED), None, 9, 24, drop=5,
           short="middle"),
    Column("name", "NAME", lambda p, _: Span(p.metadata.name), None, 20, 60, flex=True, short="middle"),
    Column("ready", "READY", lambda p, _: Span(pods.ready_count(p)), None, 5, 7),
    Column("status", "STATUS", _status, None, 9, 24),
    Column("restarts", "RESTARTS", lambda p, _: Span(str(pods.restarts(p)), Role.MUTED), None, 8, 8, drop=4,
           right=True),
    Column("age", "AGE", _age, None, 4, 6, drop=3, right=True),
)  # fmt: skip


def pod_rows(world: World, namespace: str | None) -> dict[str, Pod]:
    return {
        str(key): pod for key, pod in world.pods.items() if namespace is None or key.namespace == namespace
    }


def pod_picker(rows: dict[str, Pod], frame: Frame, text: str) -> Picker[Pod]:
    """Choice: ``namespace/name`` of a pod."""
    return Picker(
        "pod",
        COLUMNS,
        rows,
        order=lambda pod: (pod.ready, pod.metadata.namespace, pod.metadata.name),
        text_of=lambda pod: f"{pod.metadata.namespace}/{pod.metadata.name}",
        frame=frame,
        placeholder="type to narrow",
        text=text,
    )
