"""Every case of every rule, with hostile text in each of its words: judged, shown in words, and written out.

What is shown has passed `clean` or is on its way through it; each line keeps to its width. What is written
out for a person or a machine holds nothing that a terminal obeys, once the source has cleaned what it read.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from xml.etree import ElementTree as ET

import pytest
import yaml
from support.builders import NOW, view
from support.hostile import CORPUS, Spoiler
from support.rule_cases import Case, all_cases, case_objects

from epview.core.view import ServiceView, View
from epview.present import header
from epview.present import service as present
from epview.present.columns import BACKENDS, SERVICES
from epview.present.details import backend_lines
from epview.present.findings import blocks, findings_lines, loose_ends
from epview.present.frame import Frame
from epview.present.glyphs import UNICODE
from epview.present.preview import preview
from epview.present.text import Line, cell_width, clean, text_of
from epview.reports.outcome import Outcome
from epview.reports.outputs import OUTPUTS, write
from epview.sources.clean import clean_text, clean_tree
from epview.tui.widgets.column_layout import ColumnLayout

WIDTHS = (40, 80, 200)


def spoilt(case: Case, spoil: Spoiler, *, cleaned: bool) -> View:
    """The case as a hostile cluster would tell it; ``cleaned`` as a source hands it on."""
    trees = [spoil.tree(tree) for tree in case_objects(case)]
    trees = clean_tree(trees) if cleaned else trees
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOW
    return view(trees, now=now, blind=set(case.get("blind", ())), controlled=case.get("controllers", True))


def lines_of(shown: View, service: ServiceView, frame: Frame, width: int) -> Iterator[Line]:
    yield from preview(service, frame, width, 30, "Y")
    yield from preview(service, frame, width, 6)
    yield from findings_lines(service, frame, width, "")
    for block in blocks(service, frame, width, ""):
        yield from (*block.head, *block.whole, *block.tries)
    yield from present.path_lines(service, frame, width)
    yield from present.path_flow(service, frame, width)


def rows(service: ServiceView, frame: Frame, width: int) -> Iterator[list[str]]:
    for layout, values in ((ColumnLayout(SERVICES), [service]), (ColumnLayout(BACKENDS), service.backends)):
        layout.measure(values, frame)
        layout.arrange(width)
        widths = [size for _, size in layout.shown]
        for value in values:
            cells = layout.cells(value, frame)
            assert [cell_width(cell.text) - 2 for cell in cells] == widths
            yield [cell.text for cell in cells]


CASES = [
    pytest.param(case, number, id=f"{rule}: {case['name']}")
    for number, (rule, case) in enumerate(all_cases())
]


@pytest.mark.fault(49)
@pytest.mark.parametrize(("case", "number"), CASES)
def test_words_keep_to_their_width_and_say_nothing_to_a_terminal(case: Case, number: int) -> None:
    spoil = Spoiler((*CORPUS[number % len(CORPUS) :], *CORPUS[: number % len(CORPUS)]))
    shown = spoilt(case, spoil, cleaned=False)
    frame = Frame(shown.now)
    for width in WIDTHS:
        for service in shown.services.values():
            for spans in lines_of(shown, service, frame, width):
                text = text_of(spans)
                assert clean(text).isprintable()
            for texts in rows(service, frame, width):
                assert all(text.isprintable() for text in texts)
            for backend in islice(service.backends, 3):
                assert backend_lines(backend, frame)
            assert present.title(service, frame)
        assert loose_ends(shown.findings, frame, width) is not None
    assert header.header(shown, header.counts(shown.services.values()), shown.now, UNICODE)


def written(form: str, shown: View) -> str:
    out = io.StringIO()
    write(form, Outcome(view=shown, services=tuple(shown.services.values())), out)
    return out.getvalue()


@pytest.mark.fault(49)
@pytest.mark.parametrize(("case", "number"), CASES[::3])
def test_every_output_is_harmless(case: Case, number: int) -> None:
    spoil = Spoiler((*CORPUS[number % len(CORPUS) :], *CORPUS[: number % len(CORPUS)]))
    shown = spoilt(case, spoil, cleaned=True)
    for form in OUTPUTS:
        text = written(form, shown)
        assert text.replace("\n", "").replace("\t", "") == clean_text(text).replace("\n", "").replace(
            "\t", ""
        )
        text.encode()
    json.loads(written("json", shown))
    json.loads(written("sarif", shown))
    yaml.load(written("yaml", shown), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    ET.fromstring(written("junit", shown))
    assert len(written("name", shown).splitlines()) <= len(shown.services)
    lines = written("table", shown).split("\n")
    gaps = len(Outcome(view=shown, services=tuple(shown.services.values())).gaps)
    assert len(lines) == 1 + (len(shown.services) or 0) + len(shown.findings) + 2 + gaps + 1
