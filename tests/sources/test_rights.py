"""Rights that are missing, partial, or come and go: what a user may still believe."""

from __future__ import annotations

import json

import pytest
from ears import Heard, QuickClock, eventually
from kubeserver import KubeServer, Reply, Script, refuse
from support.builders import http_get, pod, service
from support.shop import stock

from epview.core.objects import BY_RESOURCE, KINDS, Kind
from epview.core.view import Phase

NAMESPACED = [kind for kind in KINDS if kind.namespaced]
REACHABILITY = [kind for kind in KINDS if kind.resource in ("endpoints", "endpointslices", "pods")]
OPTIONAL = [kind for kind in KINDS if not kind.required]
BLINDED = {"nodes": {"EP702"}, "networkpolicies": {"EP703"}}


def forbid(server: KubeServer, *kinds: Kind) -> None:
    for kind in kinds:
        message = f'{kind.resource} is forbidden: User "jane" cannot list resource "{kind.resource}"'
        for verb in ("list", "watch"):
            server.always(kind.resource, verb, refuse(403, message, "Forbidden"))


def only_shop(reply: Reply) -> None:
    if "/namespaces/shop/" in reply.request.path:
        reply.usual()
    else:
        reply.status(403, "is forbidden at the cluster scope", "Forbidden")


def named(kind: Kind) -> str:
    return kind.resource


class TestForbidden:
    def test_nothing_is_missing_where_all_is_allowed(self, check):
        done = check()
        assert (done.code, done.gaps, done.err) == (0, {}, "")
        assert (done.web["health"], done.web["ready"]) == ("ok", 1)

    @pytest.mark.fault(34, 56)
    @pytest.mark.parametrize("kind", REACHABILITY, ids=named)
    def test_a_resource_that_decides_reachability(self, shop: KubeServer, check, kind: Kind):
        forbid(shop, kind)
        done = check()
        assert done.code == 4
        assert done.gaps == {kind.resource: "forbidden"}
        assert "cannot list" in done.report["gaps"][0]["message"]
        assert not done.report["complete"]
        assert done.web["health"] != "ok"
        assert kind.resource in done.web["gaps"]
        assert done.web["unknownRules"]
        assert check("--allow-partial").code == 0

    @pytest.mark.fault(56)
    def test_events_alone(self, shop: KubeServer, check):
        """A ready pod is ready without them; why another is not, they would tell, and that is said."""
        forbid(shop, BY_RESOURCE["events"])
        stock(
            shop,
            service("sick", clusterIP="10.96.0.11"),
            pod("sick-1", labels={"app": "sick"}, ips=["10.244.1.2"], ready=False, readiness=http_get()),
        )
        done = check()
        assert (done.code, done.gaps) == (4, {"events": "forbidden"})
        assert done.web["health"] == "ok"
        (sick,) = (s for s in done.report["services"] if s["name"] == "sick")
        assert sick["health"] == "error"
        assert "events cannot be seen" in json.dumps(sick["findings"])
        assert check("--allow-partial").code == 1

    @pytest.mark.fault(56)
    @pytest.mark.parametrize("kind", OPTIONAL, ids=named)
    def test_an_optional_resource_alone_blinds_its_own_rules_only(self, shop: KubeServer, check, kind: Kind):
        forbid(shop, kind)
        done = check()
        assert (done.code, done.report["complete"], done.web["health"]) == (0, True, "ok")
        assert done.gaps == ({kind.resource: "forbidden"} if kind.namespaced else {}), "named all the same"
        assert BLINDED.get(kind.resource, set()) <= set(done.web["unknownRules"])

    @pytest.mark.fault(56)
    def test_services_alone(self, shop: KubeServer, check):
        forbid(shop, BY_RESOURCE["services"])
        done = check()
        assert (done.code, done.out) == (3, "")
        assert "services is forbidden" in done.err
        assert len(done.err.splitlines()) == 1

    @pytest.mark.fault(57)
    @pytest.mark.parametrize("scope", [(), ("-A",)])
    def test_everything(self, shop: KubeServer, check, scope: tuple[str, ...]):
        forbid(shop, *KINDS)
        done = check(*scope, "--allow-partial")
        assert (done.code, done.out) == (3, "")
        assert "get, list and watch on services" in done.err

    @pytest.mark.fault(34)
    def test_without_slices_the_addresses_come_from_endpoints(self, shop: KubeServer, check):
        forbid(shop, BY_RESOURCE["endpointslices"])
        (backend,) = check().web["backends"]
        assert backend["address"] == "10.244.1.1"
        assert backend["listedIn"] == ["Endpoints/web"]

    @pytest.mark.fault(35)
    def test_one_namespace_of_all(self, shop: KubeServer, check):
        for kind in NAMESPACED:
            shop.always(kind.resource, "list", only_shop)
        done = check("-A")
        assert done.code == 4  # all namespaces were asked for
        assert done.report["source"]["namespaces"] == ["shop"]
        assert "Not allowed to read all namespaces: only shop is asked." in done.report["source"]["notices"]
        assert done.web["health"] == "ok"

    @pytest.mark.fault(35)
    def test_pods_of_one_namespace_beside_the_services_of_all(self, shop: KubeServer, check):
        elsewhere = (
            service(namespace="cart", clusterIP="10.96.0.11"),
            pod(namespace="cart", ips=["10.244.1.2"]),
        )
        stock(shop, *elsewhere)
        shop.always("pods", "list", only_shop)
        done = check("-A")
        assert (done.code, done.gaps) == (4, {"pods": "forbidden"})
        health = {s["namespace"]: s["health"] for s in done.report["services"]}
        assert health == {"shop": "ok", "cart": "unknown"}
        assert "only shop is asked for pods." in done.report["source"]["notices"][0]


class TestNotServed:
    @pytest.mark.fault(37, 58)
    @pytest.mark.parametrize("gone", [("endpoints",), ("endpointslices",), ("endpoints", "endpointslices")])
    def test_no_list_of_addresses(self, shop: KubeServer, check, gone: tuple[str, ...]):
        for resource in gone:
            shop.always(resource, "list", refuse(404, "the server could not find it", "NotFound"))
        done = check()
        assert done.code == 4
        assert done.gaps == dict.fromkeys(gone, "gone")
        assert done.web["health"] != "ok"
        assert set(gone) <= set(done.web["gaps"])

    @pytest.mark.fault(59)
    def test_an_aggregated_api_that_is_away(self, shop: KubeServer, check):
        shop.always("endpointslices", "list", lambda reply: reply.send(503, b"service unavailable\n"))
        done = check()
        assert (done.code, done.gaps) == (4, {"endpointslices": "failed"})
        assert "503" in done.report["gaps"][0]["message"]
        assert done.web["health"] != "ok"

    @pytest.mark.fault(59)
    def test_one_that_nothing_rests_on(self, shop: KubeServer, check):
        shop.always("networkpolicies", "list", lambda reply: reply.send(503, b"service unavailable\n"))
        done = check()
        assert (done.code, done.report["complete"], done.web["health"]) == (0, True, "ok")
        assert done.gaps == {"networkpolicies": "failed"}
        assert "EP703" in done.web["unknownRules"]


class TestComeAndGo:
    @pytest.mark.fault(36)
    def test_a_right_withdrawn_and_given_back(
        self, server: KubeServer, reflect, heard: Heard, clock: QuickClock
    ):
        server.put("pods", "a")
        reflector = reflect()
        eventually("a watch", lambda: server.requests("pods", "watch"))
        server.put("pods", "b")
        eventually("b", lambda: heard.names() == {"a", "b"})
        clock.patience = 2  # two questions in vain, then it waits for us
        withdrawn: Script = refuse(403, 'User "jane" cannot list', "Forbidden")
        for verb in ("list", "watch"):
            server.always("pods", verb, withdrawn)
        clock.passed += 60  # a watch that lived
        server.cut()
        eventually("three waits", lambda: len(clock.waits) == 3)
        assert clock.waits == [60, 60, 60]
        assert heard.phases()[-1] is Phase.STALE
        assert "cannot list" in heard.states()[-1].message
        assert heard.states()[-1].retry_at is not None
        assert heard.names() == {"a", "b"}
        for verb in ("list", "watch"):
            server.always("pods", verb, None)
        server.drop("pods", "a", silently=True)
        reflector.retry()
        eventually("live", lambda: heard.phases()[-1] is Phase.LIVE)
        server.put("pods", "c")
        eventually("what is now", lambda: heard.names() == {"b", "c"})
        assert Phase.POLLING not in heard.phases()

    @pytest.mark.fault(36)
    def test_a_right_that_was_never_there_is_given(self, server: KubeServer, reflect, heard, clock):
        server.put("pods", "a")
        server.script("pods", "list", *[refuse(403, "no", "Forbidden")] * 3)
        reflect()
        heard.until(Phase.LIVE)
        assert clock.waits[:3] == [60, 60, 60]
        assert heard.names() == {"a"}
        eventually("a watch", lambda: server.requests("pods", "watch"))
