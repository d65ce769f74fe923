"""Rendered manifests: what is wrong is found before anything is applied, and what cannot be known is not claimed.

The YAML is what charts and overlays render: no uid, no status, workloads in place of pods.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from support.builders import raised

from epview.core.objects import Key
from epview.core.view import Health, Phase, ServiceView, View
from epview.sources.files import FileSource
from epview.sources.gather import gather

CHART = """\
    apiVersion: v1
    kind: Service
    metadata:
      name: shop-web
      labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: shop}
    spec:
      selector: {app.kubernetes.io/name: web, app.kubernetes.io/instance: shop}
      ports:
        - {name: http, port: 80, targetPort: http, protocol: TCP}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: shop-web}
    spec:
      replicas: 2
      selector: {matchLabels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: shop}}
      template:
        metadata:
          labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: shop}
        spec:
          containers:
            - name: web
              image: registry.example/web:1.4
              ports: [{name: http, containerPort: 8080, protocol: TCP}]
              readinessProbe: {httpGet: {path: /, port: http}}
    ---
    apiVersion: v1
    kind: Pod
    metadata:
      name: shop-web-test-connection
      labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: shop}
      annotations: {helm.sh/hook: test}
    spec:
      containers: [{name: wget, image: busybox, command: [wget], args: ["shop-web:80"]}]
      restartPolicy: Never
    """


def judged(tmp_path: Path, text: str) -> View:
    path = tmp_path / "rendered.yaml"
    path.write_text(dedent(text), "utf-8")
    source = FileSource([str(path)])
    return gather(source).project(source.now(), source.info())


def the(view: View, name: str, namespace: str = "default") -> ServiceView:
    return view.services[Key(namespace, name)]


def said(found: ServiceView) -> str:
    assert found.headline is not None
    return found.headline.message


def test_a_sound_chart_raises_nothing_and_claims_nothing(tmp_path: Path) -> None:
    view = judged(tmp_path, CHART)
    found = the(view, "shop-web")
    assert found.findings == ()
    assert found.health is Health.UNKNOWN, "nobody knows whether its pods will be ready"
    assert found.planned
    assert {"EP301", "EP303", "EP306"} <= set(found.unknown_rules)
    assert not {"EP201", "EP401", "EP402", "EP404"} & set(found.unknown_rules)
    assert found.gaps == (), "manifests are complete as manifests"
    assert {s.phase for s in view.states if s.resource == "pods"} == {Phase.PLANNED}


def test_a_typo_in_the_selector(tmp_path: Path) -> None:
    found = the(
        judged(
            tmp_path,
            CHART.replace(
                "selector: {app.kubernetes.io/name: web,", "selector: {app.kubernetes.io/name: wbe,", 1
            ),
        ),
        "shop-web",
    )
    assert (found.health, raised(found)) == (Health.ERROR, {"EP201"})
    assert "Deployment shop-web makes pods with app.kubernetes.io/name=web" in said(found)


def test_a_port_name_that_no_container_has(tmp_path: Path) -> None:
    found = the(judged(tmp_path, CHART.replace("targetPort: http", "targetPort: htpp")), "shop-web")
    assert (found.health, raised(found)) == (Health.ERROR, {"EP401"})
    assert said(found) == "no pod has a container port named htpp; they have one named http"
    assert "Deployment/default/shop-web" in found.findings[0].objects


def test_a_service_for_nobody(tmp_path: Path) -> None:
    found = the(
        judged(
            tmp_path,
            CHART.replace("name: shop-web\n      labels", "name: lost\n      labels").replace(
                "selector: {app.kubernetes.io/name: web",
                "selector: {app.kubernetes.io/name: payments-gateway",
                1,
            ),
        ),
        "lost",
    )
    assert (found.health, raised(found)) == (Health.ERROR, {"EP201"})


def test_scaled_to_zero(tmp_path: Path) -> None:
    found = the(judged(tmp_path, CHART.replace("replicas: 2", "replicas: 0")), "shop-web")
    assert (found.health, raised(found)) == (Health.WARNING, {"EP205"})
    assert said(found) == "Deployment shop-web is scaled to 0"


WORKLOAD = """\
    apiVersion: v1
    kind: Service
    metadata: {{name: web}}
    spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: http}}]}}
    ---
    apiVersion: {version}
    kind: {kind}
    metadata: {{name: web}}
    spec: {spec}
    """
TEMPLATE = "{metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 80}]}]}}"


@pytest.mark.parametrize(
    ("version", "kind", "spec"),
    [
        ("apps/v1", "Deployment", f"{{template: {TEMPLATE}}}"),
        ("apps/v1", "StatefulSet", f"{{serviceName: web, template: {TEMPLATE}}}"),
        ("apps/v1", "DaemonSet", f"{{template: {TEMPLATE}}}"),
        ("apps/v1", "ReplicaSet", f"{{template: {TEMPLATE}}}"),
        ("batch/v1", "Job", f"{{template: {TEMPLATE}}}"),
        (
            "batch/v1",
            "CronJob",
            f"{{schedule: '* * * * *', jobTemplate: {{spec: {{template: {TEMPLATE}}}}}}}",
        ),
        ("argoproj.io/v1alpha1", "Rollout", f"{{template: {TEMPLATE}}}"),
        ("v1", "Pod", TEMPLATE.partition("spec: ")[2][:-1]),
    ],
)
def test_everything_that_makes_pods_stands_for_them(
    tmp_path: Path, version: str, kind: str, spec: str
) -> None:
    text = WORKLOAD.format(version=version, kind=kind, spec=spec)
    if kind == "Pod":
        text = text.replace(
            "metadata: {name: web}\n    spec: {containers",
            "metadata: {name: web, labels: {app: web}}\n    spec: {containers",
        )
    found = the(judged(tmp_path, text), "web")
    assert found.findings == ()
    broken = the(
        judged(tmp_path, text.replace("name: http, containerPort", "name: web, containerPort")), "web"
    )
    assert raised(broken) == {"EP401"}


def test_what_an_operator_may_make_takes_the_edge_off(tmp_path: Path) -> None:
    operator = WORKLOAD.format(version="monitoring.example.com/v1", kind="Prometheus", spec="{replicas: 2}")
    other = CHART.replace("shop-web", "other")
    found = the(judged(tmp_path, dedent(other) + "---\n" + dedent(operator)), "web")
    assert (found.health, raised(found)) == (Health.WARNING, {"EP201"})
    assert any("Prometheus may make pods" in e.value for e in found.findings[0].evidence)


def test_two_workloads_behind_one_service(tmp_path: Path) -> None:
    worker = """\
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop-worker}
        spec:
          template:
            metadata: {labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: shop}}
            spec: {containers: [{name: worker, image: registry.example/worker:1}]}
        """
    found = the(judged(tmp_path, dedent(CHART) + dedent(worker)), "shop-web")
    assert "EP202" in raised(found)
    assert found.health is Health.WARNING


def test_one_name_for_two_workloads(tmp_path: Path) -> None:
    text = WORKLOAD.format(version="apps/v1", kind="Deployment", spec=f"{{template: {TEMPLATE}}}")
    text = dedent(text) + "---\n" + dedent(text).partition("---\n")[2].replace("Deployment", "DaemonSet")
    found = the(judged(tmp_path, text), "web")
    assert len(found.backends) == 2


def test_endpoints_by_hand_are_known_in_manifests_too(tmp_path: Path) -> None:
    by_hand = """\
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: db}
        spec: {ports: [{port: 5432}]}
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: db}
        subsets: [{addresses: [{ip: 192.168.1.100}], ports: [{port: 5432}]}]
        """
    view = judged(tmp_path, dedent(CHART) + dedent(by_hand))
    assert (the(view, "db").health, raised(the(view, "db"))) == (Health.INFO, {"EP101"})
    view = judged(
        tmp_path, dedent(CHART) + dedent(by_hand).partition("---\napiVersion: v1\nkind: Endpoints")[0]
    )
    assert (the(view, "db").health, raised(the(view, "db"))) == (Health.ERROR, {"EP102"})


def test_a_load_balancer_that_does_not_exist_yet_is_not_late(tmp_path: Path) -> None:
    found = the(
        judged(tmp_path, CHART.replace("selector: {app", "type: LoadBalancer\n      selector: {app", 1)),
        "shop-web",
    )
    assert raised(found) == set()
    assert "EP104" in found.unknown_rules


def test_services_without_any_workload_are_a_gap_not_an_error(tmp_path: Path) -> None:
    view = judged(tmp_path, CHART.partition("---")[0])
    found = the(view, "shop-web")
    assert (found.health, raised(found)) == (Health.UNKNOWN, set())
    assert "pods" in found.gaps


def test_a_network_policy_that_forgets_the_port(tmp_path: Path) -> None:
    policy = """\
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: shop-web}
        spec:
          podSelector: {matchLabels: {app.kubernetes.io/name: web}}
          ingress: [{ports: [{port: 9090}]}]
        """
    found = the(judged(tmp_path, dedent(CHART) + dedent(policy)), "shop-web")
    assert (found.health, raised(found)) == (Health.ERROR, {"EP703"})
    opened = the(judged(tmp_path, dedent(CHART) + dedent(policy).replace("9090", "http")), "shop-web")
    assert raised(opened) == set()


def test_a_stateful_set_that_names_a_service_which_is_not_there(tmp_path: Path) -> None:
    text = WORKLOAD.format(
        version="apps/v1", kind="StatefulSet", spec=f"{{serviceName: web-headless, template: {TEMPLATE}}}"
    ).replace("spec: {selector", "spec: {clusterIP: None, selector")
    found = the(judged(tmp_path, text), "web")
    assert "EP802" in raised(found)
    assert "web-0.web does not resolve" in said(found)


def test_a_probe_on_a_port_name_that_is_not_there(tmp_path: Path) -> None:
    found = the(
        judged(tmp_path, CHART.replace("httpGet: {path: /, port: http}", "httpGet: {path: /, port: htpp}")),
        "shop-web",
    )
    assert (found.health, raised(found)) == (Health.ERROR, {"EP405"})
    assert said(found) == "readiness asks port htpp, which container web does not name"


def test_a_probe_on_a_number_that_nobody_declares(tmp_path: Path) -> None:
    found = the(
        judged(tmp_path, CHART.replace("httpGet: {path: /, port: http}", "tcpSocket: {port: 9999}")),
        "shop-web",
    )
    assert (found.health, raised(found)) == (Health.WARNING, {"EP405"})


def test_a_namespace_that_is_a_number_is_none(tmp_path: Path) -> None:
    view = judged(
        tmp_path,
        CHART.replace("name: shop-web\n      labels", "name: shop-web\n      namespace: 7\n      labels"),
    )
    assert the(view, "shop-web").namespace == "default"
