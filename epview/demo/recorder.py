"""Events as the recorders of kubelet and scheduler write them.

core/v1 style (client-go tools/record): equal events become one object with a growing ``count``, by
MODIFY; beyond 25 of a type an object, one more every five minutes. events.k8s.io style (client-go
tools/events), as the scheduler writes it: ``eventTime`` with microseconds, ``series`` from the
second time on, no count, no source.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from epview.demo.clock import micro_time, parse_time, rfc3339
from epview.demo.resources import BY_KIND, Json
from epview.demo.store import Store

BURST: Final = 25
REFILL_SECONDS: Final = 300.0
TTL: Final = timedelta(hours=1)  # kube-apiserver --event-ttl
_LEGACY: Final = (
    "kubelet",
    "replicaset-controller",
    "deployment-controller",
    "service-controller",
    "node-controller",
    "endpoint-slice-controller",
    "endpoint-slice-mirroring-controller",
)


class _Bucket:
    """The spam filter's tokens of one (source, object, type)."""

    def __init__(self, at: datetime) -> None:
        self.tokens = float(BURST)
        self.at = at

    def take(self, at: datetime) -> bool:
        gained = max(0.0, (at - self.at).total_seconds()) / REFILL_SECONDS
        self.tokens, self.at = min(BURST, self.tokens + gained), max(at, self.at)
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Recorder:
    """Writes events into a store, counting the equal ones, as the recorders of all components do."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names: dict[tuple[str, ...], str] = {}
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._count = 0

    def record(
        self,
        about: Json,
        reason: str,
        message: str,
        at: datetime,
        *,
        warning: bool = False,
        source: str = "kubelet",
        container: str = "",
        count: int = 1,
        first: datetime | None = None,
    ) -> None:
        """One more event about an object (with kind). ``count`` and ``first`` tell a past at once."""
        meta = about["metadata"]
        kind = "Warning" if warning else "Normal"
        bucket = self._buckets.setdefault((source, meta["uid"], kind), _Bucket(at))
        if not bucket.take(at):
            return
        bucket.tokens = max(0.0, bucket.tokens - (count - 1))
        field = f"spec.containers{{{container}}}" if container else ""
        key = (source, meta["uid"], field, kind, reason, message)
        namespace = meta.get("namespace", "default")
        known = self._store.get("events", namespace, self._names.get(key, ""))
        if known is not None:
            self._store.put({"kind": "Event", **_again(known.obj, at, count)})
            return
        self._count += 1
        moment = int(at.timestamp() * 1_000_000_000) + self._count
        name = f"{meta['name']}.{moment:x}"
        self._names[key] = name
        event = {
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": rfc3339(first or at)},
            "involvedObject": _reference(about, field),
            "reason": reason,
            "message": message,
            "type": kind,
        }
        host = about.get("spec", {}).get("nodeName", "") if source == "kubelet" else ""
        times = _legacy if source in _LEGACY else _modern
        self._store.put(event | times(source, host, at, first or at, count))

    def expire(self, now: datetime) -> None:
        """Delete what is older than the TTL, as the API server's leases do."""
        for obj in self._store.objects("events"):
            if now - _last_seen(obj) > TTL:
                meta = obj["metadata"]
                self._store.delete("events", meta["namespace"], meta["name"])


def _last_seen(event: Json) -> datetime:
    series = (event.get("series") or {}).get("lastObservedTime")
    return parse_time(series or event.get("lastTimestamp") or event["eventTime"])


def _reference(about: Json, field: str) -> Json:
    meta = about["metadata"]
    found = {"kind": about["kind"]}
    found |= {"namespace": meta["namespace"]} if "namespace" in meta else {}
    found |= {"name": meta["name"], "uid": meta["uid"], "apiVersion": BY_KIND[about["kind"]].api_version}
    found |= {"resourceVersion": meta["resourceVersion"]} if "resourceVersion" in meta else {}
    return found | ({"fieldPath": field} if field else {})


def _legacy(source: str, host: str, at: datetime, first: datetime, count: int) -> Json:
    return {
        "source": {"component": source} | ({"host": host} if host else {}),
        "firstTimestamp": rfc3339(first),
        "lastTimestamp": rfc3339(at),
        "count": count,
        "eventTime": None,
        "reportingComponent": source,
        "reportingInstance": host,
    }


def _modern(source: str, _host: str, at: datetime, first: datetime, count: int) -> Json:
    found: Json = {
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": micro_time(first),
        "action": "Scheduling",
        "reportingComponent": source,
        "reportingInstance": f"{source}-node-1",
    }
    return found | ({"series": {"count": count, "lastObservedTime": micro_time(at)}} if count > 1 else {})


def _again(event: Json, at: datetime, more: int) -> Json:
    if event.get("eventTime") is None:
        return event | {"count": event["count"] + more, "lastTimestamp": rfc3339(at)}
    count = (event.get("series") or {"count": 1})["count"] + more
    return event | {"series": {"count": count, "lastObservedTime": micro_time(at)}}
