"""One GET-only way to the server: paths, refusals, TLS, credentials on the wire."""

from __future__ import annotations

import gzip
import json
import re
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from ears import QuickClock, eventually, write_kubeconfig
from kubeserver import KubeServer, Reply, refuse
from tls import Authority, ConnectProxy, b64, common_name

import epview
from epview import __version__
from epview.sources.kube import connection, errors
from epview.sources.kube.cluster import ClusterSource
from epview.sources.kube.connection import Client, Session, allowed
from epview.sources.kube.credentials import Credentials
from epview.sources.kube.dial import Aborted
from epview.sources.kube.expiry import certificate_expiry, token_expiry
from epview.sources.kube.options import KubeOptions
from epview.sources.kube.proxy import excluded
from epview.sources.kube.target import Configuration
from epview.sources.source import SourceError

PODS = "/api/v1/namespaces/shop/pods"


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/version",
            "/api",
            "/apis",
            "/api/v1/pods",
            PODS,
            f"{PODS}/a.b-c",
            f"{PODS}/a/log",
            "/api/v1/nodes/n",
            "/api/v1/namespaces/shop",
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
        ],
    )
    def test_allowed(self, path: str):
        assert allowed(path)

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/healthz",
            "/api/v1/secrets",
            "/api/v1/namespaces/shop/secrets/x",
            "/api/v1/namespaces/shop/configmaps",
            f"{PODS}/a/exec",
            f"{PODS}/a/attach",
            f"{PODS}/a/portforward",
            f"{PODS}/a/proxy/admin",
            "/api/v1/namespaces/shop/services/a/proxy",
            "/api/v1/nodes/n/proxy",
            f"{PODS}/../secrets/x",
            f"{PODS}/a/log\n",
            f"{PODS}/a?x=/log",
            f"{PODS}/%2e%2e",
            "/api/v1/namespaces//pods",
        ],
    )
    def test_refused_before_anything_is_sent(self, path: str, server: KubeServer, connect):
        assert not allowed(path)
        with pytest.raises(ValueError, match="not a path"):
            connect(server.url).get(path)
        assert server.journal == []


class TestRequests:
    def test_headers(self, server: KubeServer, connect):
        connect(server.url).get(PODS)
        (request,) = server.journal
        assert request.method == "GET"
        assert request.header("User-Agent") == f"epview/{__version__}"
        assert request.header("Accept") == "application/json"
        assert request.header("Accept-Encoding") == "identity"  # loopback
        assert request.header("Host") == f"127.0.0.1:{server.port}"

    def test_path_prefix_of_the_server_is_kept(self, server: KubeServer, connect):
        connect(f"{server.url}/k8s/clusters/c-1/").get(PODS)
        assert server.journal[0].path == f"/k8s/clusters/c-1{PODS}"

    def test_one_connection_for_all_requests_of_a_session(self, server: KubeServer, connect):
        session = connect(server.url).session()
        for _ in range(3):
            session.get(PODS)
        assert len(server.journal) == 3
        assert len(server._sockets) == 1
        session.close()

    def test_a_kept_connection_that_the_server_closed_is_replaced_silently(self, server: KubeServer, connect):
        session = connect(server.url).session()
        session.get(PODS)
        server.cut()
        eventually("the end of it", lambda: not server._sockets)
        session.get(PODS)
        session.close()

    @pytest.mark.fault(47)
    def test_gzip(self, server: KubeServer, connect):
        packed = gzip.compress(b'{"items": []}' + b" " * 100_000)
        server.script("pods", "list", lambda reply: reply.send(200, packed, Content_Encoding="gzip"))
        client = connect(server.url)
        client.compress = True
        assert json.loads(client.get(PODS)) == {"items": []}
        assert server.journal[0].header("Accept-Encoding") == "gzip"

    @pytest.mark.fault(47)
    def test_http_1_0_without_length(self, server: KubeServer, connect):
        def script(reply: Reply) -> None:
            reply.raw(b"HTTP/1.0 200 OK\r\n\r\n{}")
            reply.hangup()

        server.script("pods", "list", script)
        assert connect(server.url).get(PODS) == b"{}"

    @pytest.mark.fault(47)
    def test_chunk_extensions_and_trailers(self, server: KubeServer, connect):
        def script(reply: Reply) -> None:
            reply.start()
            for byte in b"2;a=b\r\n{}\r\n0;x\r\nTrailer: y\r\n\r\n":
                reply.raw(bytes([byte]))

        server.script("pods", "list", script)
        session = connect(server.url).session()
        assert session.get(PODS) == b"{}"
        session.get(PODS)
        assert len(server._sockets) == 1
        session.close()

    @pytest.mark.parametrize(
        "raw",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
            b"SSH-2.0-OpenSSH\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
            b"",
        ],
    )
    def test_broken_answers(self, server: KubeServer, connect, raw: bytes):
        def script(reply: Reply) -> None:
            reply.raw(raw)
            reply.hangup()

        server.always("pods", "list", script)
        with pytest.raises(errors.Unreachable, match="broke off"):
            connect(server.url).get(PODS)

    @pytest.mark.fault(48)
    def test_a_redirect_is_not_followed(self, server: KubeServer, connect):
        with KubeServer() as elsewhere:
            server.script("pods", "list", lambda r: r.send(302, b"", Location=f"{elsewhere.url}{PODS}"))
            with pytest.raises(errors.ApiError, match="redirect"):
                connect(server.url, user={"token": "t"}).get(PODS)
            assert elsewhere.journal == []

    def test_a_body_beyond_the_limit(self, server: KubeServer, connect):
        server.script("pods", "list", lambda reply: reply.send(200, b"x" * (3 << 20)))
        with pytest.raises(errors.Unreachable, match="more than 1 MB"):
            connect(server.url).get(PODS, limit=1 << 20)

    @pytest.mark.fault(44)
    def test_request_timeout_covers_the_whole_answer(self, server: KubeServer, connect, clock: QuickClock):
        def drip(reply: Reply) -> None:
            reply.start()
            for _ in range(5):
                clock.passed += 1
                reply.chunk(b" ")
            reply.hold()

        server.script("pods", "list", drip)
        with pytest.raises(errors.Unreachable, match="within 3 s"):
            connect(server.url, request_timeout=3.0).get(PODS)

    def test_abort_ends_a_blocked_read(self, server: KubeServer, connect):
        server.script("pods", "list", lambda reply: reply.hold())
        session: Session = connect(server.url).session()
        caught = []

        def read() -> None:
            try:
                session.get(PODS)
            except Aborted as error:
                caught.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        eventually("the request", lambda: server.journal)
        session.abort()
        thread.join(5)
        assert caught
        with pytest.raises(Aborted):
            session.get(PODS)

    @pytest.mark.fault(43)
    def test_server_clock(self, server: KubeServer, connect):
        client = connect(server.url)
        ahead = datetime.now(UTC) + timedelta(hours=1)
        server.script("pods", "list", lambda r: r.send(200, b"{}", Date=format_datetime(ahead, usegmt=True)))
        client.get(PODS)
        assert abs(client.server_now() - ahead) < timedelta(seconds=5)
        assert client.notices == ("This machine's clock is 60 min behind the server's.",)
        soon = datetime.now(UTC) + timedelta(seconds=1)
        server.script("pods", "list", lambda r: r.send(200, b"{}", Date=format_datetime(soon, usegmt=True)))
        client.get(PODS)
        assert client._skew == timedelta(0)


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (401, errors.Unauthorized),
            (403, errors.Forbidden),
            (404, errors.NotFound),
            (405, errors.NotAllowed),
            (410, errors.Gone),
            (429, errors.TooManyRequests),
            (500, errors.Unavailable),
            (503, errors.Unavailable),
            (400, errors.ApiError),
        ],
    )
    def test_by_code(self, server: KubeServer, connect, code: int, kind: type):
        server.script("pods", "list", refuse(code, f"why {code}", Retry_After="9"))
        with pytest.raises(kind, match=f"why {code}") as caught:
            connect(server.url).get(PODS)
        assert (caught.value.code, caught.value.retry_after, caught.value.kind) == (code, 9, "cluster")

    def test_retry_after_is_capped(self, server: KubeServer, connect):
        server.script("pods", "list", refuse(429, "x", Retry_After="86400"))
        with pytest.raises(errors.TooManyRequests) as caught:
            connect(server.url).get(PODS)
        assert caught.value.retry_after == 60

    def test_text_of_the_server_is_cleaned_and_cut(self, server: KubeServer, connect):
        server.script("pods", "list", refuse(500, "\x1b]52;c;x\x07" + "y" * 5000))
        with pytest.raises(errors.Unavailable) as caught:
            connect(server.url).get(PODS)
        assert "\x1b" not in caught.value.message
        assert len(caught.value.message) <= 500

    @pytest.mark.fault(1)
    def test_nothing_listens(self, connect):
        with KubeServer() as gone:
            url = gone.url
        with pytest.raises(errors.Unreachable, match="Nothing listens at 127"):
            connect(url).get(PODS)

    @pytest.mark.fault(41)
    def test_unknown_name(self, connect):
        with pytest.raises(errors.Unreachable, match="cannot be resolved"):
            connect("http://no-such-host.invalid").get(PODS)

    def test_silence(self, server: KubeServer, connect):
        server.script("pods", "list", lambda reply: reply.hold())
        with pytest.raises(errors.Unreachable, match="does not answer"):
            connect(server.url, request_timeout=0.05).get(PODS)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


class TestTls:
    def trouble(self, connect, server: KubeServer, **cluster) -> errors.Unreachable:
        with pytest.raises(errors.Unreachable) as caught:
            connect(server.url, user={"token": "t"}, **cluster).get("/version")
        assert server.journal == []
        return caught.value

    @pytest.mark.fault(39)
    def test_unknown_ca(self, connect, authority: Authority, tmp_path: Path):
        with KubeServer(authority.server_context()) as server:
            error = self.trouble(
                connect, server, **{"certificate-authority-data": Authority(tmp_path / "f").data}
            )
            assert "CA that the kubeconfig does not name" in error.message

    def test_wrong_address(self, connect, authority: Authority):
        with KubeServer(authority.server_context("127.0.0.9")) as server:
            error = self.trouble(connect, server, **{"certificate-authority-data": authority.data})
            assert "another IP address" in error.message

    def test_expired(self, connect, authority: Authority):
        past = datetime.now(UTC) - timedelta(days=1)
        with KubeServer(authority.server_context(expires=past)) as server:
            error = self.trouble(connect, server, **{"certificate-authority-data": authority.data})
            assert "expired" in error.message

    def test_the_server_speaks_no_tls(self, connect, server: KubeServer, authority: Authority):
        client = connect(
            server.url.replace("http:", "https:"), **{"certificate-authority-data": authority.data}
        )
        with pytest.raises(errors.Unreachable, match="does not speak TLS"):
            client.get("/version")

    def test_http_where_https_is_due(self, connect, server: KubeServer):
        def script(reply: Reply) -> None:
            reply.send(400, b"Client sent an HTTP request to an HTTPS server.\n")

        server.script("version", "list", script)
        with pytest.raises(errors.ApiError, match="begin with https://"):
            connect(server.url).get("/version")

    def test_a_client_certificate_is_wanted(self, connect, authority: Authority):
        context = authority.server_context()
        context.verify_mode = ssl.CERT_REQUIRED
        # since TLS 1.3 the refusal may arrive after the handshake, and be lost to the reset behind it
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with KubeServer(context) as server:
            error = self.trouble(connect, server, **{"certificate-authority-data": authority.data})
            assert "refused the TLS connection (handshake failure)" in error.message

    def test_insecure_works_and_is_told(self, connect, authority: Authority):
        with KubeServer(authority.server_context("elsewhere")) as server:
            client = connect(server.url, **{"insecure-skip-tls-verify": True})
            client.get("/version")
            assert "TLS verification is off" in client.notices[0]

    def test_no_certificate_at_all_in_the_ca(self, connect):
        with pytest.raises(errors.CredentialError, match="holds no certificate"):
            connect("https://127.0.0.1:1", **{"certificate-authority-data": b64(b"nothing")}).get("/version")

    def test_an_empty_ca_file(self, connect, tmp_path: Path):
        empty = tmp_path / "ca.crt"
        empty.touch()
        with pytest.raises(errors.CredentialError, match="holds no certificate"):
            connect("https://127.0.0.1:1", **{"certificate-authority": str(empty)}).get("/version")

    def test_inline_keys_leave_no_file(self, connect, authority: Authority, tmp_path: Path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        certificate, key = authority.client("dora")
        user = {
            "client-certificate-data": b64(certificate.read_bytes()),
            "client-key-data": b64(key.read_bytes()),
        }
        before = set(tmp_path.iterdir())
        with KubeServer(authority.server_context()) as server:
            connect(server.url, user=user, **{"certificate-authority-data": authority.data}).get("/version")
            assert common_name(server.journal[0].peer) == "dora"
        assert {p.name for p in set(tmp_path.iterdir()) - before} <= {"config"}

    @pytest.mark.fault(40)
    def test_a_rotated_certificate_file_is_used_from_the_next_request(
        self, connect, authority, tmp_path: Path
    ):
        certificate, key = tmp_path / "c", tmp_path / "k"

        def present(name: str, stamp: int) -> None:
            import os

            for source, path in zip(authority.client(name), (certificate, key), strict=True):
                path.write_bytes(source.read_bytes())
                os.utime(path, (stamp, stamp))

        present("before", 1)
        user = {"client-certificate": str(certificate), "client-key": str(key)}
        with KubeServer(authority.server_context()) as server:
            session = connect(
                server.url, user=user, **{"certificate-authority-data": authority.data}
            ).session()
            session.get("/version")
            present("after", 2)
            session.get("/version")
            session.close()
            assert [common_name(r.peer) for r in server.journal] == ["before", "after"]

    @pytest.mark.parametrize(
        "key",
        ["not a key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"],
    )
    def test_a_key_that_does_not_fit_asks_nothing_on_the_terminal(
        self, connect, authority: Authority, key: str
    ):
        certificate, _ = authority.client("eve")
        user = {
            "client-certificate-data": b64(certificate.read_bytes()),
            "client-key-data": b64(key.encode()),
        }
        with pytest.raises(errors.CredentialError, match="do not fit"):
            connect("https://127.0.0.1:1", user=user).get("/version")


class TestProxies:
    def test_environment_is_for_others_than_loopback(self, server: KubeServer, connect):
        client = connect(server.url, environ={"HTTP_PROXY": "http://127.0.0.1:9"})
        assert client.proxy is None
        client.get(PODS)

    @pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
    def test_environment(self, connect, name: str):
        proxy = connect("https://api.example:6443", environ={name: "user:pa%20ss@proxy.example:3128"}).proxy
        assert proxy is not None
        assert proxy.place == "proxy.example:3128"
        assert proxy.authorization == "Basic " + b64(b"user:pa ss")
        assert "pa" not in repr(proxy).replace("epview", "")

    @pytest.mark.parametrize(
        ("no_proxy", "out"),
        [
            ("*", True),
            ("example", True),
            (".example", True),
            ("*.example", True),
            ("api.example:6443", True),
            ("api.example:443", False),
            ("pi.example", False),
            ("other,  api.example", True),
            ("", False),
        ],
    )
    def test_no_proxy_names(self, connect, no_proxy: str, out: bool):
        environ = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": no_proxy}
        client = connect("https://api.example:6443", environ=environ)
        assert (client.proxy is None) is out

    @pytest.mark.parametrize(
        ("entry", "out"),
        [("10.0.0.0/8", True), ("10.1.2.3", True), ("10.1.2.3:6443", True), ("10.1.2.4", False)],
    )
    def test_no_proxy_addresses(self, connect, entry: str, out: bool):
        assert excluded(connect("https://10.1.2.3:6443").target, entry) is out

    @pytest.mark.parametrize("scheme", ["socks5", "https"])
    def test_proxies_that_are_not_spoken(self, connect, scheme: str):
        with pytest.raises(SourceError, match=f"{scheme} proxy"):
            connect("https://h", **{"proxy-url": f"{scheme}://p:1"})

    def test_a_proxy_that_refuses(self, connect, authority: Authority):
        with ConnectProxy(answer=407) as proxy:
            client = connect("https://api.example:6443", **{"proxy-url": proxy.url.replace("//", "//a:b@")})
            with pytest.raises(errors.Unreachable, match=r"proxy .* refused .*407"):
                client.get("/version")
            assert proxy.heads[0].startswith("CONNECT api.example:6443 HTTP/1.1\r\n")
            assert f"Proxy-Authorization: Basic {b64(b'a:b')}" in proxy.heads[0]

    @pytest.mark.parametrize("server", ["https://api.example:6443", "http://api.example"])
    def test_a_proxy_that_is_not_there(self, connect, server: str):
        client = connect(server, **{"proxy-url": "http://127.0.0.1:1"})
        with pytest.raises(errors.Unreachable, match=r"proxy .* Nothing listens at 127.0.0.1:1") as caught:
            client.get("/version")
        assert "proxy-url" in caught.value.hint

    def test_plain_http_goes_by_absolute_form(self, server: KubeServer, connect):
        client = connect("http://api.example", user={"token": "t"}, **{"proxy-url": server.url})
        client.get(PODS)
        (request,) = server.journal
        assert request.target == f"http://api.example{PODS}"
        assert request.header("Authorization") is None
        assert "withheld" in client.notices[0]


class TestCredentials:
    def plugin(self, folder: Path, body: str) -> dict:
        path = folder / "plugin"
        path.write_text(f"#!/bin/sh\necho run >> {folder}/runs\n{body}\n")
        path.chmod(0o700)
        version = "client.authentication.k8s.io/v1"
        return {"exec": {"apiVersion": version, "command": str(path), "interactiveMode": "IfAvailable"}}

    def credential(self, **status) -> str:
        found = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
        return json.dumps(found)

    def runs(self, folder: Path) -> int:
        path = folder / "runs"
        return path.read_text().count("run") if path.exists() else 0

    @pytest.mark.fault(31)
    def test_401_runs_the_plugin_once_more_for_all(self, server: KubeServer, connect, tmp_path: Path):
        (tmp_path / "token").write_text("old")
        user = self.plugin(
            tmp_path, f"printf '%s' '{self.credential(token='TOKEN')}' | sed s/TOKEN/$(cat {tmp_path}/token)/"
        )

        def check(reply: Reply) -> None:
            good = reply.request.header("Authorization") == "Bearer new"
            reply.send(200, b"{}") if good else reply.status(401, "Unauthorized")

        client = connect(server.url, user=user)
        client.credentials.identity()
        (tmp_path / "token").write_text("new")
        server.always("pods", "list", check)
        caught: list[Exception] = []

        def get() -> None:
            try:
                client.get(PODS)
            except Exception as error:
                caught.append(error)

        threads = [threading.Thread(target=get) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert caught == []
        assert self.runs(tmp_path) == 2

    def test_a_401_that_stays_is_told_after_one_retry(self, server: KubeServer, connect, tmp_path: Path):
        server.always("pods", "list", refuse(401, "Unauthorized", "Unauthorized"))
        client = connect(server.url, user=self.plugin(tmp_path, f"echo '{self.credential(token='same')}'"))
        with pytest.raises(errors.Unauthorized):
            client.get(PODS)
        assert self.runs(tmp_path) == 2

    @pytest.mark.parametrize(("days", "told"), [(-1, True), (1, False)])
    @pytest.mark.parametrize("inline", [False, True])
    def test_a_refusal_tells_of_an_expired_certificate(
        self, connect, authority: Authority, days: int, told: bool, inline: bool
    ):
        until = datetime.now(UTC) + timedelta(days=days)
        certificate, key = authority.client("jane", expires=until)
        user = {"client-certificate": str(certificate), "client-key": str(key)}
        if inline:
            user = {f"{name}-data": b64(Path(path).read_bytes()) for name, path in user.items()}
        context = authority.server_context(clients=False)  # the API server, too, looks at it afterwards
        with KubeServer(context) as server:
            server.always("pods", "list", refuse(401, "Unauthorized", "Unauthorized"))
            client = connect(server.url, user=user, **{"certificate-authority-data": authority.data})
            with pytest.raises(errors.Unauthorized) as caught:
                client.get(PODS)
        expected = f"Unauthorized. The client certificate expired on {until:%Y-%m-%d at %H:%M} UTC."
        assert caught.value.message == (expected if told else "Unauthorized.")

    def test_a_refusal_tells_of_an_expired_token(self, server: KubeServer, connect):
        claims = b64(b'{"exp": 1768478400}').rstrip("=")
        server.always("pods", "list", refuse(401, "Unauthorized", "Unauthorized"))
        with pytest.raises(errors.Unauthorized, match="The token expired on 2026-01-15 at 12:00 UTC"):
            connect(server.url, user={"token": f"x.{claims}.y"}).get(PODS)

    def test_what_tells_no_expiry_is_no_failure(self, authority: Authority):
        pem = authority.path.read_bytes()
        for broken in (b"", b"x", pem[:200], pem.replace(b"M", b"A", 3), pem[:60] + pem[-26:]):
            certificate_expiry(broken)
        for broken in ("", "a.b.c", f"a.{b64(b'[]')}.c", f"a.{b64(b'1')}.c", f"a.{b64(b'{}')}.c"):
            assert token_expiry(broken) is None

    def test_an_expired_token_is_renewed_before_it_is_refused(self, server, connect, clock, tmp_path: Path):
        until = (clock.now() + timedelta(minutes=5)).isoformat()
        client = connect(
            server.url,
            user=self.plugin(tmp_path, f"echo '{self.credential(token='t', expirationTimestamp=until)}'"),
        )
        client.get(PODS)
        client.get(PODS)
        assert self.runs(tmp_path) == 1
        clock.passed += 600
        client.get(PODS)
        assert self.runs(tmp_path) == 2

    @pytest.mark.fault(32)
    def test_failure_shows_what_the_plugin_said_and_sends_nothing(self, server, connect, tmp_path: Path):
        body = "printf 'login \\033]0;x\\007 expired\\n' >&2; exit 3"
        client = connect(server.url, user=self.plugin(tmp_path, body))
        for _ in range(3):
            with pytest.raises(errors.CredentialError, match=r"plugin failed \(exit 3\): login ␛") as caught:
                client.get(PODS)
        assert "\x1b" not in str(caught.value)
        assert server.journal == []
        assert self.runs(tmp_path) == 1  # fresh failures are shared
        client.credentials.plugin.forget_failure()
        with pytest.raises(errors.CredentialError):
            client.get(PODS)
        assert self.runs(tmp_path) == 2

    @pytest.mark.fault(33)
    def test_hanging_plugin(self, server, connect, tmp_path: Path):
        client = connect(server.url, user=self.plugin(tmp_path, "sleep 60 & sleep 60"))
        client.credentials.plugin._timeout = 0.2
        with pytest.raises(errors.CredentialError, match="did not answer"):
            client.get(PODS)

    def test_closing_ends_a_plugin_under_way(self, server, connect, tmp_path: Path):
        client = connect(server.url, user=self.plugin(tmp_path, "sleep 60"))
        caught = []

        def get() -> None:
            try:
                client.get(PODS)
            except SourceError as error:
                caught.append(error)

        thread = threading.Thread(target=get)
        thread.start()
        eventually("the run", lambda: self.runs(tmp_path) and client.credentials.plugin._process)
        client.close()
        thread.join(5)
        assert caught

    def test_missing_plugin_gives_its_install_hint(self, server, connect, tmp_path: Path):
        user = self.plugin(tmp_path, "")
        user["exec"] |= {"command": "epview-no-such-plugin", "installHint": "brew install it"}
        with pytest.raises(errors.CredentialError, match="brew install it"):
            connect(server.url, user=user).get(PODS)

    @pytest.mark.parametrize("out", ["", "nonsense", "{}", '{"kind": "ExecCredential"}'])
    def test_output_that_is_none(self, server, connect, tmp_path: Path, out: str):
        with pytest.raises(errors.CredentialError):
            connect(server.url, user=self.plugin(tmp_path, f"echo '{out}'")).get(PODS)
        assert server.journal == []

    @pytest.mark.fault(33)
    def test_stdin_is_closed(self, server, connect, tmp_path: Path):
        body = f"read line && exit 9; echo '{self.credential(token='t')}'"
        connect(server.url, user=self.plugin(tmp_path, body)).get(PODS)

    @pytest.mark.fault(33)
    def test_interactive_always_is_not_run_under_a_screen(self, server, connect, tmp_path: Path):
        user = self.plugin(tmp_path, f"echo '{self.credential(token='t')}'")
        user["exec"]["interactiveMode"] = "Always"
        with pytest.raises(errors.CredentialError, match="ask questions"):
            connect(server.url, user=user).get(PODS)
        assert self.runs(tmp_path) == 0
        with KubeServer() as other:
            source = ClusterSource(connect(other.url, user=user), ())
            source.login()  # before the first screen it is
            source.start(lambda _: None)
            eventually("a request", lambda: other.journal)
            source.stop()
            assert {r.header("Authorization") for r in other.journal} == {"Bearer t"}
        assert self.runs(tmp_path) == 1

    def test_token_file_is_read_again_each_minute_and_on_401(self, server, connect, clock, tmp_path: Path):
        path = tmp_path / "token"
        path.write_text("one\n")
        client = connect(server.url, user={"tokenFile": str(path)})
        client.get(PODS)
        path.write_text("two\n")
        client.get(PODS)
        clock.passed += 61
        client.get(PODS)
        path.write_text("three")
        server.script("pods", "list", refuse(401))
        client.get(PODS)
        sent = [r.header("Authorization").removeprefix("Bearer ") for r in server.journal]
        assert sent == ["one", "one", "two", "two", "three"]

    def test_missing_token_file_is_never_anonymous(self, server, connect, tmp_path: Path):
        with pytest.raises(errors.CredentialError, match="token file"):
            connect(server.url, user={"tokenFile": str(tmp_path / "none")}).get(PODS)
        assert server.journal == []

    @pytest.mark.parametrize(("until", "good"), [(600, True), (-600, False)])
    def test_oidc_uses_the_id_token_while_it_lasts(self, server, connect, until: int, good: bool):
        claims = b64(json.dumps({"exp": datetime.now(UTC).timestamp() + until}).encode()).rstrip("=")
        token = f"x.{claims}.y"
        client = connect(server.url, user={"auth-provider": {"name": "oidc", "config": {"id-token": token}}})
        if good:
            client.get(PODS)
            assert server.journal[0].header("Authorization") == f"Bearer {token}"
        else:
            with pytest.raises(errors.CredentialError, match="kubelogin"):
                client.get(PODS)
            assert server.journal == []

    def test_old_auth_providers_go_through_the_official_client(self, server, connect):
        later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        config = {"access-token": "gcp-token", "expiry": later}
        connect(server.url, user={"auth-provider": {"name": "gcp", "config": config}}).get(PODS)
        assert server.journal[0].header("Authorization") == "Bearer gcp-token"

    def test_unknown_auth_provider(self, server, connect):
        with pytest.raises(errors.CredentialError, match="azure"):
            connect(server.url, user={"auth-provider": {"name": "azure"}}).get(PODS)
        assert server.journal == []

    def test_a_line_break_cannot_smuggle_a_header(self, server, connect):
        with pytest.raises(errors.CredentialError, match="line break"):
            connect(server.url, user={"token": "a\nX-Evil: 1"}).get(PODS)

    def test_http_to_elsewhere_carries_nothing(self, tmp_path: Path):
        path = write_kubeconfig(tmp_path, "http://api.example", user={"token": "t", "as": "jane"})
        target = Configuration(KubeOptions(kubeconfig=str(path), environ={})).target()
        credentials = Credentials(target, environ={})
        assert credentials.identity().headers == {}
        assert "withheld" in credentials.notices[0]

    def test_canary_is_in_no_error_and_no_repr(self, server, connect):
        client: Client = connect(server.url, user={"token": "canary"})
        server.always("pods", "list", refuse(401))
        with pytest.raises(errors.Unauthorized) as caught:
            client.get(PODS)
        shown = [repr(x) for x in (client, client.target, client.credentials, client.credentials.identity())]
        assert "canary" not in "".join([*shown, repr(caught.value), str(caught.value)])


def test_there_is_one_way_out():
    """Read-only by construction: one request line in the tree, its method fixed, no other HTTP client."""
    clients = r"(?:import|from) (?:urllib\.request|urllib3|requests|aiohttp|httpx|asyncio)"
    outside = re.compile(rf"{clients}|\.request\(")
    found = {}
    for path in (Path(epview.__file__).parent / "sources").rglob("*.py"):
        text = path.read_text()
        assert not outside.search(text), path
        if "putrequest(" in text:
            found[path.name] = re.findall(r"putrequest\((\w+)", text)
    assert found == {"connection.py": ["METHOD"]}
    assert connection.METHOD == "GET"


def test_importing_it_is_light():
    code = (
        "import sys; import epview.sources.kube.connector;"
        "print(*[m for m in ('textual', 'kubernetes', 'rich', 'yaml', 'asyncio', 'urllib3', 'subprocess')"
        " if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""
