"""The same server, as the same user, as kubectl: every case says what must arrive, or that nothing may.

Where kubectl is on the PATH it is run on the same files, so that the expectations are not our opinion.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kubeserver import KubeServer, Request
from tls import Authority, ConnectProxy, b64, common_name

from epview.sources.kube.connection import Client
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.target import Configuration
from epview.sources.source import SourceError

REFUSED = "refused"


@dataclass
class Case:
    """``files`` by name; the first is the kubeconfig unless ``env`` or ``flags`` say otherwise."""

    name: str
    build: Callable[[World], dict[str, Any]]
    expect: dict[str, Any] | str
    flags: dict[str, str] = field(default_factory=dict)
    kubeconfig: tuple[str, ...] = ("config",)
    better: str = ""  # why kubectl is not followed here


@dataclass
class World:
    folder: Path
    main: KubeServer
    other: KubeServer
    plain: KubeServer
    named: KubeServer
    authority: Authority
    foreign: Authority
    proxy: ConnectProxy

    def write(self, name: str, text: str, mode: int = 0o600) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return name


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("parity")
    authority, foreign = Authority(folder / "pki"), Authority(folder / "foreign")
    with (
        KubeServer(authority.server_context()) as main,
        KubeServer(authority.server_context()) as other,
        KubeServer() as plain,
        KubeServer(authority.server_context("api.internal")) as named,
        ConnectProxy() as proxy,
    ):
        yield World(folder, main, other, plain, named, authority, foreign, proxy)


@pytest.fixture
def world(servers: World, tmp_path: Path) -> World:
    for server in (servers.main, servers.other, servers.plain, servers.named):
        server.journal.clear()
    servers.proxy.heads.clear()
    return World(**{**vars(servers), "folder": tmp_path})


def config(
    world: World,
    user: dict[str, Any] | None = None,
    *,
    cluster: dict[str, Any] | None = None,
    current: str | None = "x",
    **more: Any,
) -> dict[str, Any]:
    found = {"server": world.main.url, "certificate-authority-data": world.authority.data} | (cluster or {})
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {k: v for k, v in found.items() if v is not None}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        **({"current-context": current} if current is not None else {}),
        **more,
    }


def plugin(world: World, body: str, name: str = "plugin") -> str:
    return world.write(name, f"#!/bin/sh\n{body}\n", 0o700)


def credential(version: str = "v1", **status: Any) -> str:
    found = {
        "apiVersion": f"client.authentication.k8s.io/{version}",
        "kind": "ExecCredential",
        "status": status,
    }
    return json.dumps(found)


def execute(world: World, body: str, *, version: str = "v1", **more: Any) -> dict[str, Any]:
    name = plugin(world, body)
    return {
        "exec": {
            "apiVersion": f"client.authentication.k8s.io/{version}",
            "command": f"./{name}",
            "interactiveMode": "IfAvailable",
        }
        | more
    }


def token_file(world: World) -> dict[str, Any]:
    world.write(
        "config", json.dumps(config(world, {"tokenFile": world.write("secrets/token", "from-file\n")}))
    )
    return {}


def inline_certificate(world: World) -> dict[str, Any]:
    certificate, key = world.authority.client("alice")
    return config(
        world,
        {
            "client-certificate-data": b64(certificate.read_bytes()),
            "client-key-data": b64(key.read_bytes()),
        },
    )


def relative_certificate(world: World) -> dict[str, Any]:
    certificate, key = world.authority.client("bob")
    world.write("pki/bob.crt", "a comment of openssl\n" + certificate.read_text())
    world.write("pki/bob.key", key.read_text())
    world.write("pki/ca.crt", "# the CA\n" + world.authority.path.read_text())
    return config(
        world,
        {"client-certificate": "pki/bob.crt", "client-key": "pki/bob.key"},
        cluster={"certificate-authority-data": None, "certificate-authority": "pki/ca.crt"},
    )


def exec_certificate(world: World) -> dict[str, Any]:
    certificate, key = world.authority.client("carol")
    world.write(
        "credential", credential(clientCertificateData=certificate.read_text(), clientKeyData=key.read_text())
    )
    return config(world, execute(world, f"cat {world.folder}/credential"))


def two_currents(world: World) -> dict[str, Any]:
    second = config(world, {"token": "second"}, cluster={"server": world.other.url}, current="y")
    for what, name in (("clusters", "c2"), ("users", "u2"), ("contexts", "y")):
        second[what][0]["name"] = name
    second["contexts"][0]["context"] = {"cluster": "c2", "user": "u2"}
    world.write("second", json.dumps(second))
    return config(world, {"token": "first"})


def same_name_twice(world: World) -> dict[str, Any]:
    second = config(world, {"token": "second"}, cluster={"server": world.other.url})
    world.write("second", json.dumps(second))
    return config(world, {"token": "first"})


def empty_first(world: World) -> dict[str, Any]:
    world.write("empty", "")
    return config(world, {"token": "t"})


def empty_current_second(world: World) -> dict[str, Any]:
    world.write("second", json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": ""}))
    return config(world, {"token": "t"})


def across_files(world: World) -> dict[str, Any]:
    world.write("users/token", "beside-users\n")
    users = {"apiVersion": "v1", "kind": "Config", "users": [{"name": "u", "user": {"tokenFile": "token"}}]}
    world.write("users/config", json.dumps(users))
    first = config(world)
    del first["users"]
    return first


def broken_second(world: World) -> dict[str, Any]:
    world.write("second", "clusters: [\n  - {")
    return config(world, {"token": "t"})


AUTH = "authorization"
CASES = [
    Case("static token", lambda w: config(w, {"token": "t"}), {AUTH: "Bearer t"}),
    Case("token file, relative, trailing newline", token_file, {AUTH: "Bearer from-file"}),
    Case(
        "token and token file",
        lambda w: config(w, {"token": "inline", "tokenFile": w.write("token", "file")}),
        {AUTH: "Bearer file"},
    ),
    Case("name and password", lambda w: config(w, {"username": "a", "password": "b"}), {AUTH: "Basic YTpi"}),
    Case("client certificate inline", inline_certificate, {"peer": "alice"}),
    Case("client certificate and CA relative, with comments", relative_certificate, {"peer": "bob"}),
    Case(
        "exec v1, beside the kubeconfig",
        lambda w: config(w, execute(w, f"echo '{credential(token='plugged')}'")),
        {AUTH: "Bearer plugged"},
    ),
    Case(
        "exec v1beta1",
        lambda w: config(w, execute(w, f"echo '{credential('v1beta1', token='old')}'", version="v1beta1")),
        {AUTH: "Bearer old"},
    ),
    Case(
        "exec with cluster info",
        lambda w: config(
            w,
            execute(
                w,
                'case "$KUBERNETES_EXEC_INFO" in *\'"server"\'*"$SERVER"*\'"certificate-authority-data"\'*)'
                f" echo '{credential(token='informed')}';; *) exit 4;; esac",
                provideClusterInfo=True,
                env=[{"name": "SERVER", "value": w.main.url}],
            ),
        ),
        {AUTH: "Bearer informed"},
    ),
    Case(
        "exec with arguments and variables",
        lambda w: config(
            w,
            execute(
                w,
                f'[ "$1 $WHO" = "login me" ] && echo \'{credential(token="mine")}\'',
                args=["login"],
                env=[{"name": "WHO", "value": "me"}],
            ),
        ),
        {AUTH: "Bearer mine"},
    ),
    Case(
        "exec that fails sends nothing", lambda w: config(w, execute(w, "echo no login >&2; exit 3")), REFUSED
    ),
    Case(
        "exec that writes much to stderr",
        lambda w: config(
            w, execute(w, f"head -c 300000 /dev/zero | tr '\\0' x >&2; echo '{credential(token='loud')}'")
        ),
        {AUTH: "Bearer loud"},
    ),
    Case(
        "exec and token: the token",
        lambda w: config(w, {"token": "static"} | execute(w, f"echo '{credential(token='plugged')}'")),
        {AUTH: "Bearer static"},
    ),
    Case("exec that gives a certificate", exec_certificate, {"peer": "carol"}),
    Case(
        "exec of another version",
        lambda w: config(w, execute(w, f"echo '{credential('v1beta1', token='x')}'")),
        REFUSED,
    ),
    Case(
        "impersonation",
        lambda w: config(
            w,
            {
                "token": "t",
                "as": "jane",
                "as-groups": ["dev", "ops"],
                "as-uid": "7",
                "as-user-extra": {"scopes/x": ["a"]},
            },
        ),
        {
            AUTH: "Bearer t",
            "impersonate-user": "jane",
            "impersonate-group": ["dev", "ops"],
            "impersonate-uid": "7",
            "impersonate-extra-scopes%2fx": "a",
        },
    ),
    Case(
        "impersonation by flags",
        lambda w: config(w, {"token": "t"}),
        {AUTH: "Bearer t", "impersonate-user": "jane", "impersonate-group": "dev"},
        flags={"as": "jane", "as-group": "dev"},
    ),
    Case(
        "proxy-url",
        lambda w: config(w, {"token": "t"}, cluster={"proxy-url": w.proxy.url}),
        {AUTH: "Bearer t", "proxied": True},
    ),
    Case(
        "tls-server-name",
        lambda w: config(
            w, {"token": "t"}, cluster={"server": w.named.url, "tls-server-name": "api.internal"}
        ),
        {AUTH: "Bearer t", "sni": "api.internal", "server": "named"},
    ),
    Case("wrong host name", lambda w: config(w, {"token": "t"}, cluster={"server": w.named.url}), REFUSED),
    Case(
        "unknown CA",
        lambda w: config(w, {"token": "t"}, cluster={"certificate-authority-data": w.foreign.data}),
        REFUSED,
    ),
    Case(
        "insecure-skip-tls-verify",
        lambda w: config(
            w,
            {"token": "t"},
            cluster={"certificate-authority-data": None, "insecure-skip-tls-verify": True},
        ),
        {AUTH: "Bearer t"},
    ),
    Case(
        "both name a current context: the first",
        two_currents,
        {AUTH: "Bearer first"},
        kubeconfig=("config", "second"),
    ),
    Case(
        "--context of the second file",
        two_currents,
        {AUTH: "Bearer second", "server": "other"},
        kubeconfig=("config", "second"),
        flags={"context": "y"},
    ),
    Case(
        "same names twice: the first",
        same_name_twice,
        {AUTH: "Bearer first"},
        kubeconfig=("config", "second"),
    ),
    Case("empty file first", empty_first, {AUTH: "Bearer t"}, kubeconfig=("empty", "config")),
    Case(
        "missing file first",
        lambda w: config(w, {"token": "t"}),
        {AUTH: "Bearer t"},
        kubeconfig=("missing", "config"),
    ),
    Case(
        "empty current-context second",
        empty_current_second,
        {AUTH: "Bearer t"},
        kubeconfig=("config", "second"),
    ),
    Case("broken file second", broken_second, REFUSED, kubeconfig=("config", "second")),
    Case(
        "context in one file, user with a relative file in another",
        across_files,
        {AUTH: "Bearer beside-users"},
        kubeconfig=("config", "users/config"),
    ),
    Case(
        "--context over a dangling current-context",
        lambda w: config(w, {"token": "t"}, current="gone"),
        {AUTH: "Bearer t"},
        flags={"context": "x"},
    ),
    Case("dangling current-context", lambda w: config(w, {"token": "t"}, current="gone"), REFUSED),
    Case("--user that is unknown", lambda w: config(w, {"token": "t"}), REFUSED, flags={"user": "nobody"}),
    Case(
        "--cluster that is unknown",
        lambda w: config(w, {"token": "t"}),
        REFUSED,
        flags={"cluster": "nowhere"},
    ),
    Case("users: null", lambda w: config(w) | {"users": None}, {}),
    Case(
        "plain http withholds the credential",
        lambda w: config(w, {"token": "t"}, cluster={"server": w.plain.url}),
        {"server": "plain"},
        better="on loopback it harms nobody",
    ),
    Case(
        "token and password", lambda w: config(w, {"token": "t", "username": "a", "password": "b"}), REFUSED
    ),
    Case(
        "unknown fields", lambda w: config(w, {"token": "t", "future": 1}, preferences={}), {AUTH: "Bearer t"}
    ),
    Case("a number for a token", lambda w: config(w, {"token": 7}), REFUSED),
    Case("--token", lambda w: config(w, {"token": "t"}), {AUTH: "Bearer flag"}, flags={"token": "flag"}),
    Case(
        "--server",
        lambda w: config(w, {"token": "t"}),
        {AUTH: "Bearer t", "server": "other"},
        flags={"server": "OTHER"},
    ),
    Case(
        "no scheme: http, and no credential",
        lambda w: config(w, {}, cluster={"server": f"127.0.0.1:{w.plain.port}"}),
        {"server": "plain"},
    ),
    Case(
        "a name defined twice in one file",
        lambda w: config(w, {"token": "t"}) | {"users": [{"name": "u", "user": {"token": "a"}}] * 2},
        REFUSED,
    ),
    Case(
        "not a kubeconfig",
        lambda w: {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}},
        REFUSED,
    ),
]


def outcome(world: World) -> dict[str, Any] | str:
    """What arrived, of that which tells one user or server from another."""
    for name in ("main", "other", "plain", "named"):
        journal: list[Request] = getattr(world, name).journal
        if not journal:
            continue
        request = journal[0]
        found: dict[str, Any] = {} if name == "main" else {"server": name}
        for header, values in request.headers.items():
            if header == AUTH or header.startswith("impersonate-"):
                found[header] = values if len(values) > 1 else values[0]
        if common_name(request.peer):
            found["peer"] = common_name(request.peer)
        if request.sni:
            found["sni"] = request.sni
        if world.proxy.heads:
            found["proxied"] = True
        return found
    return REFUSED


def prepare(case: Case, world: World) -> tuple[str, dict[str, str]]:
    built = case.build(world)
    if built:
        world.write("config", json.dumps(built))
    paths = os.pathsep.join(str(world.folder / name) for name in case.kubeconfig)
    flags = {name: world.other.url if value == "OTHER" else value for name, value in case.flags.items()}
    return paths, flags


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_epview(case: Case, world: World):
    paths, flags = prepare(case, world)
    options = {name.replace("-", "_"): value for name, value in flags.items()}
    if "as" in options:
        options["as_user"] = options.pop("as")
    if "as_group" in options:
        options["as_groups"] = (options.pop("as_group"),)
    environ = {"KUBECONFIG": paths, "PATH": os.environ["PATH"], "HOME": str(world.folder)}
    with pytest.raises(SourceError) if case.expect == REFUSED else contextlib.nullcontext():
        configuration = Configuration(KubeOptions(environ=environ, **options))
        Client(configuration.target(), environ=environ).get("/version")
    found = outcome(world)
    if case.better:
        assert found != case.expect
    else:
        assert found == case.expect


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl, the oracle, is not on the PATH")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kubectl_agrees(case: Case, world: World):
    paths, flags = prepare(case, world)
    arguments = [f"--{name}={value}" for name, value in flags.items()]
    subprocess.run(
        ["kubectl", "get", "--raw", "/version", "--request-timeout=5s", *arguments],
        env={"KUBECONFIG": paths, "PATH": os.environ["PATH"], "HOME": str(world.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert outcome(world) == case.expect
