"""What the company's containers write into their logs, where their state alone does not tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from epview.demo.logs import story
from epview.demo.resources import Json

_UNREADY: Final[Mapping[str, Sequence[str]]] = {
    "checkout": (
        'level=warn msg="circuit open" upstream=payments-api.payments failures=5',
        'level=error msg="health check" path=/healthz status=503 reason="payments-api circuit open"',
        'level=info msg="retrying in 10s" upstream=payments-api.payments',
    ),
    "orders": (
        'level=error msg="no database" host=orders-db.platform port=5432 error="no such host"',
        'level=error msg="pool is empty" open=0 waiting=17',
        'level=error msg="health check" path=/ready status=503 reason="no database"',
    ),
    "orders-db": (
        'level=info msg="recovery in progress" replayed=812MiB of=3011MiB',
        'level=info msg="the database system is not accepting connections"',
    ),
    "tax": (
        'level=info msg="listening" address=:8080',
        'level=info msg="rates loaded" countries=31',
    ),
    "public-api": (
        'level=info msg="listening" address=:8080',
        'level=info msg="request" method=GET path=/healthz status=200 duration=1ms',
    ),
    "search": (
        'level=info msg="loading index" segments=212 loaded=68',
        'level=info msg="loading index" segments=212 loaded=69',
        'level=debug msg="grpc health" status=NOT_SERVING',
    ),
    "flags": (
        'level=warn msg="stop the world" pause=1840ms',
        'level=warn msg="slow request" path=/healthz duration=2211ms',
    ),
    "ledger": (
        'level=info msg="waiting for peers" known=ledger-0,ledger-1 quorum=2',
        'level=info msg="catching up" behind=48213',
    ),
    "recommendations": (
        'level=info msg="loading model" size=912MiB',
        'level=warn msg="memory is getting short" limit=256MiB used=251MiB',
    ),
}
_READY: Final[Mapping[str, Sequence[str]]] = {
    "web": (
        'level=info msg="request" method=GET path=/ status=200 duration=6ms',
        'level=info msg="request" method=GET path=/basket status=200 duration=11ms',
        'level=warn msg="upstream" host=cart.shop status=502 error="connection refused"',
        'level=info msg="request" method=GET path=/healthz status=200 duration=1ms',
    ),
    "receipts": (
        'level=info msg="receipt" id=88213 pages=2 duration=412ms',
        'level=warn msg="queue is long" waiting=57 workers=2',
        'level=info msg="request" method=GET path=/livez status=200 duration=1874ms',
    ),
    "invoices": (
        'level=info msg="invoice" id=20413 duration=33ms',
        'level=error msg="panic: template total: nil pointer evaluating Line.Price" invoice=20417',
    ),
    "wishlist": (
        'level=info msg="request" method=GET path=/v1/lists status=200 duration=5ms',
        'level=info msg="request" method=POST path=/v1/lists status=201 duration=9ms',
    ),
    "dns": (
        'level=info msg="query" name=orders.shop.svc.cluster.local type=A rcode=NOERROR',
        'level=info msg="query" name=my-external-db.shop.svc.cluster.local type=A rcode=NOERROR',
    ),
}


def company_story(pod: Json, container: str) -> Sequence[str]:
    """The lines a container repeats: its own where it has some, else what its state suggests."""
    app = pod["metadata"].get("labels", {}).get("app", "")
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    ready = any(status.get("ready") for status in statuses if status["name"] == container)
    return (_READY if ready else _UNREADY).get(app) or story(pod, container)
