"""What a user reads when the kubeconfig is not as it should be, and which files are looked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ears import write_kubeconfig

from epview.sources.kube.connector import KubeConnector
from epview.sources.kube.options import KubeOptions, parse_timeout
from epview.sources.kube.target import Configuration
from epview.sources.source import SourceError


def failure(path: Path | str, *, context: str = "", **options) -> SourceError:
    options.setdefault("environ", {})
    with pytest.raises(SourceError) as caught:
        Configuration(KubeOptions(kubeconfig=str(path), **options)).target(context)
    assert caught.value.kind == "usage"
    return caught.value


def test_nothing_found_says_where_it_looked_and_offers_the_demo(tmp_path: Path):
    error = failure("", environ={"HOME": str(tmp_path)})
    assert str(tmp_path / ".kube" / "config") in error.message
    assert "epview --demo" in error.hint


def test_kubeconfig_list_of_missing_files(tmp_path: Path):
    error = failure("", environ={"KUBECONFIG": f"{tmp_path}/a:{tmp_path}/b", "HOME": str(tmp_path)})
    assert f"{tmp_path}/a, {tmp_path}/b" in error.message


def test_explicit_file_must_exist(tmp_path: Path):
    assert "does not exist" in failure(tmp_path / "missing").message


def test_directory(tmp_path: Path):
    assert "is a directory" in failure(tmp_path).message


def test_invalid_yaml_names_file_and_line(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("clusters:\n- name: a\n  cluster: }\n")
    error = failure(path)
    assert str(path) in error.message
    assert "line 3" in error.message


def test_wrong_type_names_the_field(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("clusters: 7\n")
    assert "$.clusters" in failure(path).message


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x\n", "x: &a {}\nclusters:\n- *a\n"])
def test_aliases_are_refused_before_they_grow(tmp_path: Path, text: str):
    path = tmp_path / "config"
    path.write_text(text)
    assert "alias" in failure(path).message


def test_too_large(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("#" * (1 << 20) + "\n")
    assert "larger than 1 MB" in failure(path).message


def test_unknown_context_names_the_nearest(tmp_path: Path):
    path = write_kubeconfig(tmp_path, "https://h")
    document = json.loads(path.read_text())
    document["contexts"] += [{"name": "production", "context": {}}, {"name": "staging", "context": {}}]
    path.write_text(json.dumps(document))
    error = failure(path, context="prodution")
    assert "prodution" in error.message
    assert "production" in error.hint


def test_dangling_cluster(tmp_path: Path):
    path = write_kubeconfig(tmp_path, "https://h")
    document = json.loads(path.read_text())
    document["contexts"][0]["context"]["cluster"] = "gone"
    path.write_text(json.dumps(document))
    error = failure(path)
    assert "gone" in error.message
    assert "c" in error.hint


def test_dangling_user_is_told_while_it_lasts(tmp_path: Path):
    path = write_kubeconfig(tmp_path, "https://h")
    document = json.loads(path.read_text())
    document["users"] = None
    path.write_text(json.dumps(document))
    (notice,) = Configuration(KubeOptions(kubeconfig=str(path), environ={})).target().notices
    assert "no credential" in notice


def test_no_current_context_lists_what_there_is(tmp_path: Path):
    path = write_kubeconfig(tmp_path, "https://h")
    document = json.loads(path.read_text())
    del document["current-context"]
    path.write_text(json.dumps(document))
    error = failure(path)
    assert "no current context" in error.message
    assert "x" in error.hint


@pytest.mark.parametrize(
    "server", ["ftp://h", "https://", "https://h:99999", "https://user:secret@h", "https://h?q"]
)
def test_servers_that_are_none(tmp_path: Path, server: str):
    error = failure(write_kubeconfig(tmp_path, server))
    assert "no address" in error.message
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"client-certificate-data": "x"}, "no key"),
        ({"exec": {"command": "x", "apiVersion": "v1"}}, "client.authentication.k8s.io/v1"),
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "without a command"),
        ({"as-groups": ["a"]}, "--as"),
        ({"client-key": "a", "client-key-data": "b"}, "client-key-data"),
    ],
)
def test_users_that_cannot_be(tmp_path: Path, user: dict, words: str):
    assert words in str(failure(write_kubeconfig(tmp_path, "https://h", user=user)))


def test_secrets_are_in_no_repr(tmp_path: Path):
    user = {"token": "canary", "exec": {"command": "x", "env": [{"name": "A", "value": "canary"}]}}
    path = write_kubeconfig(tmp_path, "https://h", user=user)
    options = KubeOptions(kubeconfig=str(path), token="canary", environ={"T": "canary"})
    configuration = Configuration(options)
    shown = repr(
        [
            options,
            configuration.kubeconfig,
            configuration.kubeconfig.users,
            configuration.kubeconfig.users["u"].exec,
        ]
    )
    assert "canary" not in shown


def test_yaml_with_a_flow_start_and_several_documents(tmp_path: Path):
    path = tmp_path / "config"
    path.write_text("{current-context: a, contexts: [{name: a, context: {namespace: n}}]}\n---\nother: 1\n")
    assert Configuration(KubeOptions(kubeconfig=str(path), environ={})).namespace() == "n"


class TestConnector:
    def test_contexts_current_and_namespace(self, tmp_path: Path):
        connector = KubeConnector(
            KubeOptions(kubeconfig=str(write_kubeconfig(tmp_path, "https://h")), environ={})
        )
        (context,) = connector.contexts()
        assert (context.name, context.cluster, context.user, context.namespace) == ("x", "c", "u", "shop")
        assert context.server == "https://h"
        assert connector.current() == "x"
        assert connector.default_namespace() == "shop"

    def test_flags_belong_to_the_context_at_the_start(self, tmp_path: Path):
        path = write_kubeconfig(tmp_path, "https://first")
        document = json.loads(path.read_text())
        document["clusters"].append({"name": "d", "cluster": {"server": "https://second"}})
        document["contexts"].append({"name": "y", "context": {"cluster": "d", "user": "u"}})
        path.write_text(json.dumps(document))
        options = KubeOptions(
            kubeconfig=str(path), server="https://flag", as_user="jane", environ={}, kind="demo"
        )
        connector = KubeConnector(options)
        servers = [connector.open(context, None).info().server for context in ("", "x", "y")]
        assert servers == ["https://flag", "https://flag", "https://second"]
        assert connector.open("y", None).info().kind == "demo"

    def test_no_kubeconfig_has_no_contexts(self, tmp_path: Path):
        connector = KubeConnector(KubeOptions(environ={"HOME": str(tmp_path)}))
        assert connector.contexts() == []
        assert connector.current() == ""
        with pytest.raises(SourceError):
            connector.open("", None)


SERVICE = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}


class TestInCluster:
    @pytest.fixture
    def account(self, tmp_path: Path) -> Path:
        folder = tmp_path / "serviceaccount"
        folder.mkdir()
        (folder / "token").write_text("sa")
        (folder / "namespace").write_text("shop\n")
        return folder

    def test_service_account(self, account: Path, tmp_path: Path):
        options = KubeOptions(environ=SERVICE | {"HOME": str(tmp_path)}, as_user="jane", as_groups=("g",))
        configuration = Configuration(options, service_account=str(account))
        target = configuration.target()
        assert target.url.geturl() == "https://[fd00::1]:443"
        assert target.place == "[fd00::1]:443"
        assert (target.namespace, target.user.token_file) == ("shop", str(account / "token"))
        assert (target.user.impersonate, target.user.impersonate_groups) == ("jane", ("g",))

    def test_a_kubeconfig_wins(self, account: Path, tmp_path: Path):
        path = write_kubeconfig(tmp_path, "https://h")
        configuration = Configuration(
            KubeOptions(environ=SERVICE | {"KUBECONFIG": str(path)}), service_account=str(account)
        )
        assert configuration.target().url.geturl() == "https://h"


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("5", 5), ("5s", 5), ("1m30s", 90), ("250ms", 0.25), ("1.5h", 5400)]
)
def test_request_timeout_as_kubectl_writes_it(text: str, seconds: float):
    assert parse_timeout(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5x", "-1", "5s!", "s"])
def test_request_timeouts_that_are_none(text: str):
    with pytest.raises(SourceError) as caught:
        parse_timeout(text)
    assert caught.value.kind == "usage"
