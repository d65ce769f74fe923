"""Manifests and dumps as a source: what is read, what is filled in, and what is told of bad input."""

from __future__ import annotations

import io
import json
import os
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from support.builders import (
    NOW,
    Tree,
    ago,
    endpoint,
    endpoint_slice,
    endpoints,
    http_get,
    pod,
    raised,
    service,
    unhealthy,
)

from epview.core.objects import Key
from epview.core.projector import Projector
from epview.core.view import BackendState, Phase, ServiceView, View
from epview.sources.files import FileSource
from epview.sources.gather import gather
from epview.sources.source import SourceError


def bare(*trees: Tree) -> list[Tree]:
    """The same objects as somebody would write them by hand: without uids."""
    made = json.loads(json.dumps(trees))
    for tree in made:
        tree["metadata"].pop("uid", None)
        tree.get("involvedObject", {}).pop("uid", None)
        for one in tree.get("endpoints") or ():
            one.get("targetRef", {}).pop("uid", None)
    return made


def write(folder: Path, *trees: Any, name: str = "world.yaml") -> str:
    path = folder / name
    path.write_text("\n---\n".join(json.dumps(tree) for tree in trees), "utf-8")
    return str(path)


def projected(source: FileSource) -> Projector:
    return gather(source)


def shown(*paths: str, **how: Any) -> View:
    source = FileSource(paths, how.pop("now", NOW), **how)
    return projected(source).project(source.now(), source.info())


def web(view: View, name: str = "shop/web") -> ServiceView:
    return view.services[Key(*name.split("/"))]


# -- what is read ----------------------------------------------------------------------------------


def test_manifests_get_what_the_controllers_would_add(tmp_path: Path) -> None:
    view = shown(write(tmp_path, *bare(service(), pod(), pod("web-2", ips=["10.244.1.2"]))))
    found = web(view)
    assert (found.health, found.ready) == ("ok", 2)
    assert [(b.pod, b.address, b.state) for b in found.backends] == [
        ("web-1", "10.244.1.1", BackendState.READY),
        ("web-2", "10.244.1.2", BackendState.READY),
    ]
    assert found.backends[0].listed_in == ("EndpointSlice/web-0", "Endpoints/web")


def test_pods_without_uid_keep_their_own_events(tmp_path: Path) -> None:
    broken = pod("web-2", ready=False, ips=["10.244.1.2"], readiness=http_get())
    event = unhealthy(broken, "Readiness probe failed: HTTP probe failed with statuscode: 503")
    view = shown(write(tmp_path, *bare(service(), pod(readiness=http_get()), broken, event)))
    found = web(view)
    assert raised(found) == {"EP302", "EP303"}
    probes = {b.pod: b.failing_probe for b in found.backends}
    assert probes["web-1"] is None
    assert probes["web-2"] is not None
    assert "503" in probes["web-2"].message


def test_a_slice_written_by_hand_may_leave_its_port_without_a_name(tmp_path: Path) -> None:
    by_hand = service("db", selector={}, ports=[{"port": 5432, "targetPort": 5432}])
    slice_ = endpoint_slice("db-1", "db", endpoints=[endpoint("192.168.1.100")], ports=[{"port": 5432}])
    found = web(shown(write(tmp_path, *bare(by_hand, slice_))), "shop/db")
    assert raised(found) == {"EP101"}
    assert found.ports[0].ready == 1


def test_a_dump_is_taken_as_it_is(tmp_path: Path) -> None:
    found = shown(write(tmp_path, service(), pod()))
    assert "endpoints" in web(found).gaps
    assert web(found).health == "unknown"
    states = {state.resource: state.phase for state in found.states}
    assert states["endpoints"] is Phase.FAILED
    assert states["pods"] is Phase.LIVE


def test_a_pod_without_status_is_not_judged(tmp_path: Path) -> None:
    tree = bare(service(), pod())
    del tree[1]["status"]
    assert web(shown(write(tmp_path, *tree))).health == "unknown"


def test_a_typed_list_as_the_api_answers_it(tmp_path: Path) -> None:
    items = [{k: v for k, v in pod().items() if k not in ("kind", "apiVersion")}]
    listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": items}
    view = shown(write(tmp_path, service(), listed))
    assert len(web(view).backends) == 1


def test_a_kind_of_the_same_name_in_another_group_is_left_out(tmp_path: Path) -> None:
    foreign = {**service("hello"), "apiVersion": "serving.knative.dev/v1"}
    source = FileSource([write(tmp_path, service(), foreign)])
    assert dict(source.skipped) == {"Service (serving.knative.dev/v1)": 1}


def test_unknown_kinds_are_counted(tmp_path: Path) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    source = FileSource([write(tmp_path, service(), config, config)])
    assert source.skipped == {"ConfigMap": 2}


def test_the_namespace_of_what_names_none(tmp_path: Path) -> None:
    tree = bare(service())[0]
    del tree["metadata"]["namespace"]
    path = write(tmp_path, tree)
    assert list(shown(path).services) == [("default", "web")]
    assert list(shown(path, namespace="shop").services) == [("shop", "web")]


def test_a_folder_with_its_subfolders_and_both_formats(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path, service(), name="a.yml")
    write(tmp_path / "deep", service("api"), name="b.json")
    (tmp_path / "notes.txt").write_text("not a manifest: {", "utf-8")
    assert set(shown(str(tmp_path)).services) == {("shop", "web"), ("shop", "api")}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO(json.dumps(service()).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data))
    assert set(shown("-").services) == {("shop", "web")}


def test_the_later_of_two_objects_of_one_name_counts(tmp_path: Path) -> None:
    path = write(tmp_path, service(selector={"app": "old"}), service(selector={"app": "web"}))
    assert dict(web(shown(path)).selector or {}) == {"app": "web"}


def test_a_dump_is_judged_as_of_its_newest_time(tmp_path: Path) -> None:
    running = pod(changed=30)
    event = unhealthy(running, "Readiness probe failed: x", seen=10)
    source = FileSource([write(tmp_path, service(), running, event)])
    assert source.now() == datetime.fromisoformat(ago(10))
    assert FileSource([write(tmp_path, service())], NOW).now() == NOW


def test_the_whole_object_is_there_without_secrets(tmp_path: Path) -> None:
    tree = pod()
    tree["spec"]["containers"][0]["env"] = [{"name": "A", "value": "hidden"}]
    source = FileSource([write(tmp_path, service(), tree)])
    whole = source.get("Pod", Key("shop", "web-1"))
    assert "hidden" not in json.dumps(whole)
    with pytest.raises(SourceError):
        source.get("Pod", Key("shop", "nobody"))


def test_a_default_namespace_where_the_services_share_one(tmp_path: Path) -> None:
    one = FileSource([write(tmp_path, service())])
    two = FileSource([write(tmp_path, service(), service("a", "b"), name="b.yaml")])
    assert (one.default_namespace(), two.default_namespace()) == ("shop", "default")


# -- odd but not broken ----------------------------------------------------------------------------


def test_yaml_that_reads_values_as_something_else(tmp_path: Path) -> None:
    """Numbers and dates as labels, lists that are null: the object stays."""
    text = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {version: 1, since: 2024-01-01, on: true}}
spec: {selector: {app: web, since: 2024-01-01}, ports: null, externalIPs: null}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web, since: 2024-01-01}}
spec: {containers: null, nodeName: null}
status: {phase: Running, podIPs: [{ip: 10.0.0.1}], conditions: null, containerStatuses: null}
"""
    path = tmp_path / "odd.yaml"
    path.write_text(text, "utf-8")
    found = web(shown(str(path)))
    assert dict(found.selector or {}) == {"app": "web", "since": "2024-01-01"}
    assert [b.pod for b in found.backends] == ["web-1"]


def test_null_subsets_and_endpoints(tmp_path: Path) -> None:
    empty = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "web", "namespace": "shop", "uid": "e"},
        "subsets": None,
    }
    placeholder = {**endpoint_slice("web-1", ports=None), "endpoints": None}
    found = web(shown(write(tmp_path, service(), empty, placeholder)))
    assert raised(found) == {"EP201"}


def test_empty_documents_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_bytes(b"\xef\xbb\xbf---\n---\n" + yaml.safe_dump(service()).encode() + b"\n---\n")
    assert set(shown(str(path)).services) == {("shop", "web")}


def test_json_after_json_as_kubectl_writes_it_twice(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    lists = [{"apiVersion": "v1", "kind": "List", "items": [tree]} for tree in (service(), service("db"))]
    path.write_text("\n".join(json.dumps(tree, indent=4) for tree in lists) + "\n", "utf-8")
    assert set(shown(str(path)).services) == {("shop", "web"), ("shop", "db")}


def test_a_dump_of_services_alone_says_nothing_of_their_pods(tmp_path: Path) -> None:
    found = web(shown(write(tmp_path, service())))
    assert (found.health, raised(found)) == ("unknown", set())
    assert "pods" in found.gaps


def test_unready_addresses_presuppose_pods_too(tmp_path: Path) -> None:
    listed = endpoints(not_ready=["10.244.1.1"])
    ref = {"kind": "Pod", "name": "web-1", "namespace": "shop", "uid": "u"}
    listed["subsets"][0]["notReadyAddresses"][0]["targetRef"] = ref
    assert "pods" in web(shown(write(tmp_path, service(), listed, endpoint_slice("web-1", "web")))).gaps


def test_frozen_addresses_may_outlive_all_pods(tmp_path: Path) -> None:
    """A Service without selector presupposes none, though its Endpoints still name some."""
    frozen = endpoints(
        "old", ready=["10.244.1.1"], labels={"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    )
    frozen["subsets"][0]["addresses"][0]["targetRef"] = {"kind": "Pod", "name": "old-1", "uid": "u"}
    empty = [service(), endpoints(), endpoint_slice("web-1", "web", ports=None)]
    view = shown(write(tmp_path, *empty, service("old", selector={}), frozen))
    assert raised(web(view)) == {"EP201"}
    assert "EP504" in raised(web(view, "shop/old"))


def test_text_that_would_steer_a_terminal_is_made_visible(tmp_path: Path) -> None:
    hostile = service(selector={"app": "\x1b]52;c;evil\x07"})
    hostile["metadata"]["labels"] = {"\u202eevil": "x"}
    view = shown(write(tmp_path, hostile))
    told = str(web(view))
    assert "\x1b" not in told
    assert "\u202e" not in told


# -- bad input: one sentence that helps ------------------------------------------------------------


def refused(*paths: str) -> str:
    with pytest.raises(SourceError) as caught:
        FileSource(paths)
    assert caught.value.kind == "usage"
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "no such file" in refused(str(tmp_path / "gone.yaml"))


def test_a_folder_without_manifests(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    assert "holds no YAML or JSON file" in refused(str(tmp_path))


@pytest.mark.parametrize("text", ["kind: Service\n  metadata: {", "{\n  broken", "a: b: c"])
def test_broken_yaml_says_where(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, "utf-8")
    told = refused(str(path))
    assert "broken.yaml" in told
    assert "line " in told
    assert "column " in told


def test_a_key_that_stands_twice_says_where(tmp_path: Path) -> None:
    """`kubectl get … -o yaml` twice into one file: without a separator the first list would be lost."""
    path = tmp_path / "twice.yaml"
    path.write_text(yaml.safe_dump({"kind": "List", "items": [service()]}) * 2, "utf-8")
    assert "the key items stands twice; is a --- missing?" in refused(str(path))
    path.write_text("kind: Service\nmetadata: &m {name: web}\nspec: {<<: *m, name: x}\n", "utf-8")
    assert len(shown(str(path)).services) == 1


@pytest.mark.parametrize("data", [b"\x7fELF\x02\x01\xff\xfe", b"\x89PNG\r\n\x1a\n\x00", b"a: \x00"])
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(data)
    assert "binary.yaml" in refused(str(path))


@pytest.mark.parametrize("text", ["", "---\n", "# only a comment\n"])
def test_nothing_in_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text(text, "utf-8")
    assert "no object that epview reads" in refused(str(path))


@pytest.mark.parametrize("tree", [{"apiVersion": "v1", "kind": "List"}, {"kind": "PodList", "items": None}])
def test_a_list_without_items(tmp_path: Path, tree: Tree) -> None:
    assert "no object that epview reads" in refused(write(tmp_path, tree))


def test_only_kinds_it_does_not_read_are_named(tmp_path: Path) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert "1 ConfigMap" in refused(write(tmp_path, config))


@pytest.mark.parametrize(
    "tree",
    [
        {"apiVersion": "v1", "kind": "Pod"},
        {"apiVersion": "v1", "kind": "Pod", "metadata": None},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}},
    ],
)
def test_a_pod_without_a_name(tmp_path: Path, tree: Tree) -> None:
    assert "a Pod without a name" in refused(write(tmp_path, tree))


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "metadata: {name: x}\n", "kind: 5\n"])
def test_documents_that_are_no_objects(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(text, "utf-8")
    assert "other.yaml:1 holds a" in refused(str(path))


def test_aliases_that_multiply(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(["kind: Service", *lines]), "utf-8")
    assert "aliases" in refused(str(path))


def test_an_alias_of_what_it_is_part_of(tmp_path: Path) -> None:
    path = tmp_path / "cycle.yaml"
    path.write_text("kind: Service\nmetadata: &m\n  name: web\n  self: *m\n", "utf-8")
    assert "alias" in refused(str(path))


@pytest.mark.parametrize("depth", [900, 10_000, 100_000])
@pytest.mark.parametrize(
    "text", ['{{"kind": "Pod", "a": {0}{1}}}', "kind: Pod\na: {0}{1}\n", "{0}{1}", "{0}"]
)
def test_nested_too_deeply(tmp_path: Path, text: str, depth: int) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text(text.format("[" * depth, "]" * depth), "utf-8")
    assert "deep.json" in refused(str(deep))


@pytest.mark.parametrize(
    "spec",
    [
        [],
        "text",
        5,
        True,
        {"ports": "80"},
        {"ports": {"a": 1}},
        {"ports": [80, None, "http"]},
        {"ports": [{"port": 10**400}]},
        {"selector": ["app"]},
        {"selector": {"app": 1}},
        {"type": {}},
        {"clusterIPs": "None"},
    ],
)
def test_wrong_types_in_fields_lose_the_field_not_the_object(tmp_path: Path, spec: Any) -> None:
    odd = {**service(), "spec": spec}
    odd["metadata"] = {**odd["metadata"], "labels": {"version": 1.2, "a": None}, "annotations": "none"}
    assert len(shown(write(tmp_path, odd, name="odd.json")).services) == 1


@pytest.mark.parametrize("status", [[], "Running", {"conditions": "Ready"}, {"podIPs": [1]}, {"phase": 7}])
def test_wrong_types_in_a_status(tmp_path: Path, status: Any) -> None:
    assert len(shown(write(tmp_path, service(), {**pod(), "status": status})).services) == 1


def test_a_template_is_told_apart_from_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("{{- if .Values.web }}\nkind: Service\n{{- end }}\n", "utf-8")
    assert "Is it a template? Render it first." in refused(str(path))


def test_items_that_are_no_objects_are_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"kind": "List", "items": [service(), None, "x", ["y"]]}, {"kind": "PodList", "items": [1]}
    )
    assert FileSource([path], NOW).skipped == {"without kind": 4}


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, service())
    monkeypatch.setattr(Path, "open", forbidden)
    assert refused(path) == (
        f"Cannot read {path}: permission denied. Name a file, a folder, or - for standard input."
    )


def test_what_gives_no_bytes_holds_no_object() -> None:
    assert "no object that epview reads" in refused("/dev/null")


# -- what is legitimate, and unusual ---------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_text_as_other_shells_redirect_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "redirected.json"
    path.write_text(json.dumps(service()), encoding)
    assert web(shown(str(path))).name == "web"


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(json.dumps(service()), "utf-8"))
    writer.start()
    assert web(shown(str(pipe))).name == "web"
    writer.join()


def test_of_an_object_that_stands_twice_the_last_counts_and_it_is_told(tmp_path: Path) -> None:
    first = write(tmp_path, service(selector={"app": "old"}), name="a.yaml")
    second = write(tmp_path, service(), service("db"), name="b.yaml")
    source = FileSource([first, second], NOW)
    assert source.repeated == [f"Service shop/web ({first}:1 and {second}:1)"]
    view = projected(source).project(source.now(), source.info())
    assert web(view).selector == {"app": "web"}


def test_where_an_object_stands(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests.yaml"
    listed = yaml.safe_dump({"kind": "List", "items": [service("a"), service("b")]})
    manifests.write_text(f"# first\n{yaml.safe_dump(service())}---\n{listed}", "utf-8")
    lines = manifests.read_text("utf-8").splitlines()
    (tmp_path / "dump.json").write_text(
        json.dumps(service("c"), indent=1) + "\n" + json.dumps({"kind": "List", "items": [service("d")]}),
        "utf-8",
    )
    source = FileSource([str(tmp_path)], NOW)
    at = {name: source.place("Service", Key("shop", name)) for name in ("web", "a", "b", "c", "d")}
    assert at["web"] == (str(manifests), 2)
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("- apiVersion")]
    assert [at["a"], at["b"]] == [(str(manifests), line) for line in starts]
    assert at["c"] == (str(tmp_path / "dump.json"), 1)
    assert at["d"] == (str(tmp_path / "dump.json"), 0)
    assert source.place("Service", Key("shop", "none")) is None
