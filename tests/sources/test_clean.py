"""Nothing in the text of a cluster steers a terminal, and nothing harmless is changed."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epview.core.masking import HIDDEN
from epview.sources.clean import clean_json, clean_text, clean_tree
from epview.sources.redact import redact

NASTY = [
    *(chr(code) for code in range(0x20) if chr(code) not in "\n\t"),
    *(chr(code) for code in range(0x7F, 0xA0)),
    *"\u200b\u200d\u200e\u200f\u202a\u202e\u2028\u2029\u2060\u2066\u2069\ufeff\u061c\xad\u180e\U000e0041",
]
HARMLESS = [
    "",
    "plain",
    "line\nbreak\ttab",
    "é ü ß",
    "日本語",
    "𝒳 🎉",
    "«quotes» – dash…",
    "a\\b",
    "\\u001b",
    "C:\\new",
]


@pytest.mark.parametrize("char", NASTY, ids=lambda char: f"{ord(char):04x}")
def test_every_nasty_character_in_every_spelling(char: str):
    text = f"a{char}b"
    for spelled in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        shown = json.loads(clean_json(spelled.encode()), strict=False)
        assert shown == clean_text(text)
        assert len(shown) == 3
        assert shown[1] != char
        assert unicodedata.category(shown[1]) == "So"


def test_stand_ins():
    assert clean_text("\x1b]0;x\x07\x7f\x9b\u202e") == "␛]0;x␇␡\ufffd\ufffd"


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text: str):
    for spelled in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        assert json.loads(clean_json(spelled.encode())) == text
    assert clean_text(text) == text


def test_go_escapes_stay_on_the_fast_path():
    raw = rb'{"a": "\u003cb\u003e \u0026 \"c\" \\ \/ \n\t caf\u00e9"}'
    assert clean_json(raw) is raw


def test_escaped_backslashes_are_no_escapes():
    assert json.loads(clean_json(rb'"\\u001b \\\u001b \\\\b \\\b"')) == "\\u001b \\␛ \\\\b \\␈"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_bytes_and_tree_agree(tree):
    for ascii_only in (True, False):
        raw = json.dumps(tree, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        assert clean_tree(json.loads(clean_json(raw))) == clean_tree(tree)


@given(st.text())
def test_what_is_left_is_visible(text: str):
    shown = clean_text(text)
    assert not any(unicodedata.category(char) == "Cc" for char in shown.replace("\n", "").replace("\t", ""))
    assert "\u202e" not in shown
    assert clean_text(shown) == shown


class TestRedaction:
    def test_noise_is_dropped(self):
        annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "keep": "this"}
        shown = redact({"metadata": {"name": "a", "managedFields": [1], "annotations": annotations}})
        assert shown == {"metadata": {"name": "a", "annotations": {"keep": "this"}}}

    def test_environment_values(self):
        env = [{"name": "A", "value": "canary"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]
        shown = redact({"spec": {"containers": [{"env": env}]}})["spec"]["containers"][0]["env"]
        assert shown[0] == {"name": "A", "value": HIDDEN}
        assert shown[1] == env[1]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--token=canary"],
            ["--token", "canary"],
            ["sh", "-c", "PASSWORD=canary ./run"],
            ["--db-password:canary"],
            ["-api-key", "canary"],
            ["sh", "-c", "run --token canary --port 1"],
            ["sh", "-c", "export PASSWORD='a canary b'"],
            ["curl", "-H", "Authorization: Bearer canary"],
            ["postgres://user:canary@db/x"],
            ["--dsn=postgres://canary@db"],
        ],
    )
    @pytest.mark.parametrize("field", ["args", "command"])
    def test_arguments(self, arguments: list[str], field: str):
        shown = json.dumps(redact({"spec": {"containers": [{field: arguments}]}}))
        assert "canary" not in shown

    def test_a_long_script_takes_no_long(self):
        assert redact({"args": ["k" * 200_000, "key" * 70_000]})["args"][0] == "k" * 200_000

    def test_ordinary_arguments_stay(self):
        arguments = ["--port=8080", "--v", "4", "http://host/path", "serve"]
        assert redact({"args": arguments}) == {"args": arguments}

    def test_headers_annotations_and_urls(self):
        tree = {
            "httpGet": {
                "httpHeaders": [{"name": "X-Auth-Token", "value": "canary"}, {"name": "Host", "value": "h"}]
            },
            "metadata": {"annotations": {"vendor.io/api-token": "canary", "home": "https://u:canary@h/x"}},
        }
        shown = redact(tree)
        assert "canary" not in json.dumps(shown)
        assert shown["httpGet"]["httpHeaders"][1]["value"] == "h"
        assert shown["metadata"]["annotations"]["home"] == f"https://{HIDDEN}@h/x"
        assert tree["metadata"]["annotations"]["vendor.io/api-token"] == "canary"  # a copy
