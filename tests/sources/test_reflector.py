"""A reflector against a server that misbehaves: what a user would notice of it."""

from __future__ import annotations

import json

import pytest
from ears import Heard, QuickClock, eventually
from kubeserver import KubeServer, Reply, refuse, status, thing

from epview.core.changes import Drop, Put, Relist
from epview.core.view import Phase
from epview.sources.kube.reflector import Timing


def hold(reply: Reply) -> None:
    reply.start()
    reply.hold()


def lines(*parts: bytes, end: bool = True):
    def script(reply: Reply) -> None:
        reply.start()
        for part in parts:
            reply.chunk(part)
        if end:
            reply.end()
        else:
            reply.hangup()

    return script


def event(type_: str, found: dict) -> bytes:
    return json.dumps({"type": type_, "object": found}).encode() + b"\n"


class TestOrdinaryLife:
    def test_first_list_comes_as_puts_closed_by_live(self, server: KubeServer, reflect, heard: Heard):
        for name in "abc":
            server.put("pods", name)
        reflect()
        heard.until(Phase.LIVE)
        assert heard.names() == {"a", "b", "c"}
        assert heard.of(Relist) == []
        assert heard.phases()[0] is Phase.LISTING
        first = server.requests("pods", "list")[0]
        assert first.path == "/api/v1/namespaces/shop/pods"
        assert first.params == {"limit": "500", "resourceVersion": "0"}

    def test_watch_resumes_where_the_list_ended_and_asks_for_bookmarks(self, server: KubeServer, reflect):
        server.put("pods", "a")
        reflect()
        watch = eventually("a watch", lambda: server.requests("pods", "watch"))[0]
        assert watch.params["resourceVersion"] == str(server.version)
        assert watch.params["allowWatchBookmarks"] == "true"
        assert 300 <= int(watch.params["timeoutSeconds"]) <= 600

    def test_added_modified_deleted(self, server: KubeServer, reflect, heard: Heard):
        reflect()
        heard.until(Phase.LIVE)
        server.put("pods", "a")
        server.put("pods", "b")
        server.put("pods", "a", status={"phase": "Running"})
        server.drop("pods", "b")
        eventually("the drop", lambda: heard.of(Drop))
        assert [type(c).__name__ for c in heard.changes if not hasattr(c, "phase")] == [
            "Put",
            "Put",
            "Put",
            "Drop",
        ]
        assert heard.of(Put)[2].object.status.phase == "Running"
        assert heard.of(Drop)[0].uid == "uid-b"

    def test_pages_show_progress(self, server: KubeServer, reflect, heard: Heard):
        server.page_size = 2
        for name in "abcde":
            server.put("pods", name)
        reflect()
        heard.until(Phase.LIVE)
        progress = [(s.loaded, s.total) for s in heard.states() if s.phase is Phase.LISTING and s.loaded]
        assert progress == [(2, 5), (4, 5), (5, 5)]
        assert [r.params.get("continue") for r in server.requests("pods", "list")] == [None, "2", "4"]
        assert heard.names() == set("abcde")

    def test_all_namespaces_and_cluster_scope(self, server: KubeServer, reflect, heard: Heard):
        server.put("pods", "a", namespace="one")
        server.put("pods", "b", namespace="two")
        reflect(namespace=None)
        heard.until(Phase.LIVE, "pods")
        assert heard.names() == {"a", "b"}
        reflect("nodes", None)
        heard.until(Phase.LIVE, "nodes")
        assert {r.path for r in server.requests()} == {"/api/v1/pods", "/api/v1/nodes"}

    @pytest.mark.fault(45)
    def test_events_in_the_buffer_come_as_one_batch(self, server: KubeServer, reflect, heard: Heard):
        together = b"".join(event("ADDED", thing(f"p{n}", 200 + n)) for n in range(50))
        server.script("pods", "watch", lines(together))
        reflect()
        eventually("fifty", lambda: len(heard.of(Put)) == 50)
        assert max(len(batch) for batch in heard.batches) == 50

    @pytest.mark.fault(29)
    def test_a_watch_that_ends_is_resumed_from_its_last_version(self, server: KubeServer, reflect):
        bookmark = event("BOOKMARK", {"metadata": {"resourceVersion": "300"}, "spec": {}})
        server.script("pods", "watch", lines(event("ADDED", thing("a", 200)), bookmark), hold)
        reflect()
        watches = eventually(
            "a second watch",
            lambda: len(server.requests("pods", "watch")) > 1 and server.requests("pods", "watch"),
        )
        assert watches[1].params["resourceVersion"] == "300"
        assert len(server.requests("pods", "list")) == 1


def gone_in_stream(reply: Reply) -> None:
    reply.start()
    reply.line("ERROR", status(410, "too old resource version", "Expired"))
    reply.end()


class TestTooOld:
    @pytest.mark.fault(3, 4, 5)
    @pytest.mark.parametrize("gone", [refuse(410, "too old", "Expired"), gone_in_stream])
    def test_relist_tells_missed_deletions_as_one_change(self, server, reflect, heard, gone):
        for name in "abc":
            server.put("pods", name)
        server.script("pods", "watch", lines(event("BOOKMARK", thing("", 100))), gone)
        server.script("pods", "list", lambda reply: (reply.usual(), server.drop("pods", "b", silently=True)))
        reflect()
        (relist,) = eventually("a relist", lambda: heard.of(Relist))
        assert [found.metadata.name for found in relist.objects] == ["a", "c"]
        assert heard.names() == {"a", "c"}
        assert Phase.STALE in heard.phases()
        assert heard.states()[-1].phase is Phase.LIVE
        again = server.requests("pods", "list")[1]
        assert again.params["resourceVersionMatch"] == "NotOlderThan"
        assert again.params["resourceVersion"] not in ("", "0")

    @pytest.mark.fault(6)
    def test_a_relist_that_is_too_old_itself_asks_for_the_newest(self, server, reflect, heard):
        server.script("pods", "watch", refuse(410, "too old", "Expired"))
        server.script("pods", "list", lambda r: r.usual(), refuse(410, "too old", "Expired"))
        reflect()
        eventually("a relist", lambda: heard.of(Relist))
        assert "resourceVersion" not in server.requests("pods", "list")[2].params

    @pytest.mark.fault(8)
    def test_too_large_version_asks_for_the_newest(self, server, reflect, heard):
        body = status(
            504, "Too large resource version", "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}]
        )
        server.script("pods", "list", lambda reply: reply.send(504, body))
        reflect()
        heard.until(Phase.LIVE)
        assert "resourceVersion" not in server.requests("pods", "list")[1].params
        assert Phase.FAILED not in heard.phases()

    @pytest.mark.fault(7)
    def test_expired_continue_token_starts_over_in_one_piece(self, server, reflect, heard):
        server.page_size = 2
        for name in "abcd":
            server.put("pods", name)

        def expire(reply: Reply) -> None:
            server.drop("pods", "a", silently=True)
            server.page_size = 10**9
            reply.status(410, "the continue parameter is too old", "Expired")

        server.script("pods", "list", lambda r: r.usual(), expire)
        reflect()
        heard.until(Phase.LIVE)
        assert heard.names() == {"b", "c", "d"}  # a came with the first page, and must go
        assert "limit" not in server.requests("pods", "list")[2].params

    @pytest.mark.fault(6)
    def test_endless_410_backs_off(self, server, reflect, heard, clock: QuickClock):
        clock.patience = 3
        server.always("pods", "list", refuse(410, "too old", "Expired"))
        reflect()
        eventually("waits", lambda: len(clock.waits) == 4)
        assert len(server.requests("pods", "list")) < 10
        assert heard.phases()[-1] is Phase.FAILED


class TestBrokenStreams:
    first = event("ADDED", thing("a", 200))
    second = event("ADDED", thing("b", 201))

    @pytest.mark.fault(17, 18)
    @pytest.mark.parametrize("clean", [True, False])
    def test_half_a_line_is_dropped_and_told_again(self, server, reflect, heard, clean):
        server.script(
            "pods", "watch", lines(self.first, self.second[:40], end=clean), lines(self.second), hold
        )
        reflect()
        eventually("both", lambda: heard.names() == {"a", "b"})
        assert len(heard.of(Put)) == 2
        assert server.requests("pods", "watch")[1].params["resourceVersion"] == "200"

    @pytest.mark.fault(16)
    def test_reset(self, server, reflect, heard):
        def script(reply: Reply) -> None:
            reply.start()
            reply.chunk(self.first)
            eventually("the first", lambda: heard.names() == {"a"})
            reply.reset()

        server.script("pods", "watch", script, hold)
        reflect()
        eventually("a second watch", lambda: len(server.requests("pods", "watch")) == 2)
        assert Phase.STALE not in heard.phases()

    @pytest.mark.fault(19, 22)
    def test_utf8_split_over_chunks_crlf_and_blank_lines(self, server, reflect, heard):
        raw = (
            json.dumps({"type": "ADDED", "object": thing("ä", 200)}, ensure_ascii=False).encode()
            + b"\r\n\r\n \n"
        )
        at = raw.index("ä".encode()) + 1
        server.script("pods", "watch", lines(raw[:at], raw[at:]), hold)
        reflect()
        eventually("ä", lambda: heard.names() == {"ä"})

    @pytest.mark.fault(20, 23, 24, 28)
    def test_bad_utf8_unknown_types_and_odd_objects_do_not_end_it(self, server, reflect, heard):
        odd = [
            b'{"type":"ADDED","object":{"metadata":{"name":"b\xffd","resourceVersion":"201"}}}\n',
            b'{"type":"EXPLODED","object":{"metadata":{"name":"x","resourceVersion":"202"}}}\n',
            b'{"type":"ADDED","object":{"kind":"Pod"}}\n',
            b'{"type":"DELETED","object":{"metadata":{"name":"never-seen"}}}\n',
            b'{"type":"MODIFIED","object":{"metadata":{"name":"c","labels":null},"spec":{"containers":null}}}\n',
            b'{"type":"MODIFIED","object":{"metadata":{"name":"d"},"spec":7,"status":{"podIP":3}}}\n',
        ]
        server.script("pods", "watch", lines(*odd), hold)
        reflector = reflect()
        eventually("the good ones", lambda: heard.names() == {"b\ufffdd", "c", "d"})
        assert reflector.unknown == 2
        assert len(server.requests("pods", "list")) == 1

    @pytest.mark.fault(21)
    def test_malformed_lines_are_survived_three_mean_a_relist(self, server, reflect, heard):
        server.script(
            "pods", "watch", lines(b"{\n", self.first, b"nonsense\n", self.second), lines(b"[]\n"), hold
        )
        reflect()
        eventually("a relist", lambda: heard.of(Relist))
        assert len(server.requests("pods", "list")) == 2

    @pytest.mark.fault(26)
    def test_a_line_nested_too_deeply_is_one_bad_line(self, server, reflect, heard):
        deep = b'{"type":"ADDED","object":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001 + b"\n"
        server.script("pods", "watch", lines(deep, self.first), hold)
        reflect()
        eventually("the next", lambda: heard.names() == {"a"})

    @pytest.mark.fault(25)
    def test_five_megabytes_in_one_event(self, server, reflect, heard):
        big = event("ADDED", thing("big", 200, status={"message": "x" * (5 << 20)}))
        server.script("pods", "watch", lines(big), hold)
        reflect()
        eventually("it", lambda: heard.names() == {"big"})

    @pytest.mark.fault(14)
    def test_silence_is_a_dead_connection(self, server, reflect, heard):
        server.script("pods", "watch", hold, lines(self.first), hold)
        reflect(timing=Timing(answer=5, silence=0.05))
        eventually("life after silence", lambda: heard.names() == {"a"})
        assert len(server.requests("pods", "list")) == 1

    @pytest.mark.fault(15)
    def test_no_answer_at_all(self, server, reflect, heard):
        server.script("pods", "watch", lambda reply: reply.hold(), hold)
        reflect(timing=Timing(answer=0.05, silence=5))
        heard.until(Phase.STALE)
        eventually("live again", lambda: heard.phases()[-1] is Phase.LIVE)
        assert "does not answer" in heard.until(Phase.STALE).message


class TestRefusals:
    @pytest.mark.fault(13)
    def test_empty_watches_do_not_become_a_hot_loop(self, server, reflect, heard, clock: QuickClock):
        server.always("pods", "watch", lines())
        clock.patience = 20
        reflect()
        eventually("some time", lambda: clock.passed > 120)
        total = 0.0
        within = 1
        for wait in clock.waits:
            total += wait
            within += total < 60
        assert within < 8

    @pytest.mark.fault(13)
    def test_a_server_that_cuts_every_watch_after_one_event_is_not_hammered(self, server, reflect, clock):
        clock.patience = 2
        server.always("pods", "watch", lines(event("ADDED", thing("a", 200))))
        reflect()
        eventually("waits", lambda: len(clock.waits) > 2)
        assert len(server.requests("pods", "watch")) < 12

    def test_backoff_doubles_to_its_cap(self, server, reflect, clock: QuickClock):
        clock.patience = 9
        server.always("pods", "list", refuse(500, "etcd is slow"))
        reflect()
        eventually("waits", lambda: len(clock.waits) > 9)
        for wait, least in zip(clock.waits, [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30], strict=False):
            assert least <= wait <= 2 * least

    @pytest.mark.fault(9)
    def test_retry_after_is_honoured_and_shown(self, server, reflect, heard, clock: QuickClock):
        server.script("pods", "list", refuse(429, "too many requests", "TooManyRequests", Retry_After="7"))
        reflect()
        heard.until(Phase.LIVE)
        assert 7 <= clock.waits[0] <= 8
        failed = heard.until(Phase.FAILED)
        assert "asks to wait 7 s" in failed.message
        assert 6 <= (failed.retry_at - failed.since).total_seconds() <= 9

    @pytest.mark.fault(10)
    def test_429_without_a_header_backs_off(self, server, reflect, heard, clock: QuickClock):
        server.script("pods", "list", refuse(429, "too many requests", "TooManyRequests"))
        reflect()
        heard.until(Phase.LIVE)
        assert 0.8 <= clock.waits[0] <= 1.6

    @pytest.mark.fault(12)
    def test_a_body_that_is_no_status_is_never_an_event(self, server, reflect, heard):
        server.script("pods", "watch", lambda reply: reply.send(503, b"upstream \x1b[31mdown\n"), hold)
        reflect()
        assert "503" in heard.until(Phase.STALE).message
        eventually("live again", lambda: heard.phases()[-1] is Phase.LIVE)
        assert heard.of(Put) == []
        assert len(server.requests("pods", "list")) == 1

    def test_forbidden_is_told_and_asked_again_slowly(self, server, reflect, heard, clock: QuickClock):
        server.script("pods", "list", refuse(403, 'pods is forbidden: User "u" cannot list', "Forbidden"))
        reflect()
        heard.until(Phase.LIVE)
        state = heard.until(Phase.FORBIDDEN)
        assert "cannot list" in state.message
        assert clock.waits[0] == 60

    def test_asking_again_in_vain_does_not_flicker(self, server, reflect, heard, clock: QuickClock):
        clock.patience = 3
        server.always("pods", "list", refuse(403, "no", "Forbidden"))
        reflect()
        eventually("some probes", lambda: len(clock.waits) == 4)
        assert set(heard.phases()[1:]) == {Phase.FORBIDDEN}

    @pytest.mark.fault(36)
    def test_access_withdrawn_leaves_the_old_data_standing(self, server, reflect, heard, clock: QuickClock):
        clock.patience = 0
        server.put("pods", "a")
        server.script("pods", "watch", refuse(403, "no more", "Forbidden"))
        server.script("pods", "list", lambda r: r.usual(), refuse(403, "no more", "Forbidden"))
        reflect()
        assert "no more" in heard.until(Phase.STALE).message
        assert heard.names() == {"a"}
        assert clock.waits == [60]

    @pytest.mark.fault(37)
    def test_a_resource_that_is_not_served(self, server, reflect, heard, clock: QuickClock):
        clock.patience = 0
        server.always("endpointslices", "list", refuse(404, "the server could not find", "NotFound"))
        reflect("endpointslices")
        heard.until(Phase.GONE)
        eventually("a wait", lambda: clock.waits == [60])
        assert len(server.requests()) == 1

    @pytest.mark.fault(46)
    @pytest.mark.parametrize("code", [403, 405])
    def test_listing_without_watching_means_polling(self, server, reflect, heard, clock: QuickClock, code):
        clock.patience = 3
        server.put("pods", "a")
        server.always("pods", "watch", refuse(code, "cannot watch"))
        reflect()
        eventually("polls", lambda: heard.phases().count(Phase.POLLING) >= 3)
        assert clock.waits[:3] == [15, 15, 15]
        assert heard.phases()[-1] is Phase.POLLING

    @pytest.mark.fault(41)
    def test_retry_ends_a_wait(self, server, reflect, heard, clock: QuickClock):
        clock.patience = 0
        server.script("pods", "list", refuse(500, "broken"))
        reflector = reflect()
        heard.until(Phase.FAILED)
        eventually("a wait", lambda: clock.waits)
        reflector.retry()
        heard.until(Phase.LIVE)

    @pytest.mark.fault(2)
    def test_server_away_and_back_resumes_without_a_relist(self, reflect, heard, connect, clock: QuickClock):
        clock.patience = 0
        with KubeServer() as first:
            first.put("pods", "a")
            reflector = reflect(client=connect(first.url))
            heard.until(Phase.LIVE)
            eventually("a watch", lambda: first.requests("pods", "watch"))
            clock.passed += 60  # a watch that lived
            port = first.port
        stale = heard.until(Phase.STALE)
        assert "refused" in stale.message
        assert heard.names() == {"a"}
        with KubeServer(port=port) as second:
            eventually("a wait", lambda: clock.waits)
            reflector.retry()
            watch = eventually("a watch", lambda: second.requests("pods", "watch"))[0]
            assert watch.params["resourceVersion"] == "101"
            assert second.requests("pods", "list") == []
            eventually("live", lambda: heard.phases()[-1] is Phase.LIVE)
            reflector.stop()
            reflector.join(5)


class TestStopping:
    def test_at_once_from_a_blocked_read(self, server, reflect, heard):
        reflector = reflect(timing=Timing(answer=60, silence=60))
        heard.until(Phase.LIVE)
        eventually("a watch", lambda: server.requests("pods", "watch"))
        reflector.stop()
        reflector.join(1)
        assert not reflector._thread.is_alive()

    def test_at_once_from_a_wait(self, server, reflect, heard, clock: QuickClock):
        clock.patience = 0
        server.always("pods", "list", refuse(500))
        reflector = reflect()
        eventually("a wait", lambda: clock.waits)
        reflector.stop()
        reflector.join(1)
        assert not reflector._thread.is_alive()

    def test_reconnect_replaces_a_watch(self, server, reflect, heard):
        reflector = reflect()
        eventually("a watch", lambda: server.requests("pods", "watch"))
        server.put("pods", "a")
        eventually("the pod", lambda: heard.names() == {"a"})
        reflector.reconnect()
        eventually("another watch", lambda: len(server.requests("pods", "watch")) == 2)
        assert len(server.requests("pods", "list")) == 1
