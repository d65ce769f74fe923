from collections import Counter
from pathlib import Path

from epview.present.columns import BACKENDS, EVENTS, SERVICES
from epview.tui import actions


def test_ids_are_unique_so_that_a_keymap_can_name_them():
    assert max(Counter(action.id for action in actions.ACTIONS).values()) == 1


def test_within_a_scope_no_key_means_two_things():
    for scope in ("services", "service", "pod", "failure", "table", "text", "picker", "app"):
        keys = [key for action in actions.of(scope) for key in action.keys.split(",")]
        assert max(Counter(keys).values()) == 1, scope


def test_no_letter_that_sorts_a_table_is_taken_by_an_action():
    for scope, columns in (("services", SERVICES), ("service", (*BACKENDS, *EVENTS))):
        keys = {key for action in actions.of(scope, "table") for key in action.keys.split(",")}
        assert not keys & {column.key for column in columns if column.key}


def test_every_binding_has_an_id_and_help():
    for binding in actions.bindings("services", "table", "text", "app"):
        assert binding.id
        assert binding.tooltip


def test_nothing_acts_on_half_a_page():
    assert {action.run for action in actions.ACTIONS if "ctrl+d" in action.keys} == {
        "cursor_half_down",
        "text_half_down",
    }


def test_the_footer_is_ordered():
    labels = [action.id for action in actions.footer("table", "services")]
    assert labels[:3] == ["open", "filter", "problems"]
    assert labels[-3:] == ["help", "command", "back"]


def test_the_readme_tells_the_keys_of_the_registry():
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    told = readme.partition("<!-- keys -->")[2].partition("<!-- /keys -->")[0].strip()
    assert told == actions.key_table(), f"put this between the marks of README.md:\n{actions.key_table()}"
