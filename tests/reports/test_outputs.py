"""What all outputs of `epview check` have in common, and each of the small ones."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from support.outcomes import ALL, HOSTILE, finding, hostile_outcome, outcome, service, written

from epview.core.objects import Key
from epview.core.view import Evidence, Health, Severity
from epview.reports import outputs
from epview.reports.outcome import Outcome
from epview.reports.report import schema
from epview.sources.source import Place

WARNING, INFO = Severity.WARNING, Severity.INFO


# -- all of them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_text_breaks_none(form: str, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert written(form, hostile_outcome(), encoding)
    capsys.readouterr()


@pytest.mark.parametrize("form", ALL)
def test_gaps_are_told(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = written(form, outcome(service(), blind={"pods": "You may not list pods."}))
    captured = capsys.readouterr()
    assert "You may not list pods." in (captured.err if form == "name" else told)
    assert captured.out == ""


@pytest.mark.parametrize("form", [form for form in ALL if form not in ("table", "name")])
def test_every_finding_is_told_with_its_evidence(form: str) -> None:
    first = finding(text="the first", evidence=(Evidence(object="Pod/shop/a", field="f", value="fact one"),))
    second = finding("EP106", INFO, "the second", evidence=())
    orphan = finding("EP507", INFO, "the orphan legacy", objects=("Endpoints/shop/legacy",))
    told = written(form, outcome(service("web", first, second), service("well"), orphans=(orphan,)))
    for part in ("the first", "fact one", "the second", "the orphan legacy"):
        assert part in told


@pytest.mark.parametrize("form", [form for form in ALL if form not in ("json", "yaml", "sarif")])
def test_what_is_folded_stays_in_the_documents(form: str) -> None:
    folded = finding("EP301", text="a mere consequence", folded=True)
    assert "a mere consequence" not in written(form, outcome(service("web", finding(), folded)))


@pytest.mark.parametrize("form", ALL)
def test_no_services_are_no_failure(form: str) -> None:
    assert written(form, outcome()) or form == "name"


def test_each_output_is_one_module_and_each_module_one_output() -> None:
    folder = Path(outputs.__file__).parent
    helpers = {"__init__", "locations"}
    assert {path.stem for path in folder.glob("*.py")} - helpers == set(outputs.OUTPUTS)


@pytest.mark.parametrize("form", ALL)
def test_an_output_imports_only_what_it_needs(form: str) -> None:
    program = (
        "import sys\nfrom epview import cli\ncode = cli.main(sys.argv[1:])\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'textual', 'kubernetes', 'urllib3'}))\n"
        f"others = {{f'epview.reports.outputs.{{n}}' for n in {ALL!r}}} & set(sys.modules)\n"
        "print(len(others))\n"
    )
    manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ExternalName, externalName: a.b}\n"
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "-f", "-", "-o", form, "--allow-partial"],
        input=manifest,
        capture_output=True,
        text=True,
        check=False,
    )
    heavy, others = done.stdout.splitlines()[-2:]
    assert heavy == "[]"
    assert int(others) <= 2  # itself, and the one it builds upon


# -- the verdict that they share -------------------------------------------------------------------


def test_the_threshold_counts_what_is_not_folded() -> None:
    mixed = service("web", finding("EP303", WARNING), finding("EP301", folded=True))
    for threshold, failed in ((Severity.ERROR, False), (WARNING, True), (INFO, True), (None, False)):
        assert outcome(mixed, fail_on=threshold).failed is failed
    orphan = (finding("EP507", INFO, objects=("Endpoints/shop/x",)),)
    assert outcome(orphans=orphan, fail_on=INFO).failed
    assert not outcome(orphans=orphan, fail_on=WARNING).failed


def test_incomplete_unless_that_was_agreed_to() -> None:
    assert outcome(service(), blind={"pods": ""}).incomplete
    assert not outcome(service(), blind={"pods": ""}, allow_partial=True).incomplete
    assert not outcome(service(), blind={"nodes": ""}).incomplete
    assert outcome(service("web", gaps=("nodes",)), blind={"nodes": ""}).incomplete


# -- json and yaml ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [hostile_outcome(), outcome(), outcome(service("web", finding()))])
def test_the_document_keeps_its_schema_and_yaml_is_the_same(shown: Outcome) -> None:
    document = json.loads(written("json", shown))
    jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker()).validate(document)
    for encoding in ("utf-8", "ascii"):
        assert yaml.safe_load(written("yaml", shown, encoding)) == document


AMBIGUOUS = [
    *("yes", "No", "y", "n", "on", "off", "true", "~", "null", "Null", "", " ", "=", "<<"),
    *(
        "1",
        "-1",
        "+1",
        "1_000",
        "012",
        "0o14",
        "0x1F",
        "1e3",
        "1.5",
        ".5",
        "-.inf",
        ".nan",
        "1:30",
        "190:20:30",
    ),
    *("2026-01-15", "2026-01-15T12:00:00Z", "!x", "&x", "*x", "%x", "@x", "`x", "? x", "- x", "x: y", "x #y"),
    *(
        "{a: b}",
        "[a]",
        "|",
        ">",
        "'",
        '"',
        "\\",
        "---",
        "...",
        "a\nb",
        " a",
        "a ",
        "\ta",
        "a:",
        "#",
        "x\n",
        "\n",
    ),
    HOSTILE.replace("\x0b", "").replace("\ufffe", ""),
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_yaml_strings_are_strings_in_every_reader(text: str) -> None:
    told = written("yaml", outcome(service("web", finding(text=text))))
    assert yaml.safe_load(told)["services"][0]["findings"][0]["message"] == text
    # readers of YAML 1.2 take other words and numbers for something else: none of these stands unquoted
    plain = [
        event for event in yaml.parse(told) if isinstance(event, yaml.ScalarEvent) and event.value == text
    ]
    if text in ("y", "n", "0o14", "1e3", "1_000", "190:20:30"):
        assert all(event.style for event in plain)


def test_yaml_is_block_style_without_aliases() -> None:
    same = finding()
    told = written("yaml", outcome(service("a", same), service("b", same)))
    assert not any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(told))
    assert "{" not in told


# -- wide ------------------------------------------------------------------------------------------


def test_wide_cuts_nothing_and_shows_all_findings_in_order() -> None:
    long = "a long sentence " * 60
    shown = outcome(
        service(
            "web",
            finding(text=long),
            finding("EP106", INFO, "second"),
            selector={"app": "web", "tier": "x" * 90},
        ),
        service("alias", external_name="db.example"),
        service("blind", health=Health.UNKNOWN, gaps=("pods",)),
    )
    lines = written("wide", shown).splitlines()
    assert lines[0].split() == [
        *(
            "STATUS",
            "NAMESPACE",
            "SERVICE",
            "TYPE",
            "CLUSTER-IP",
            "PORTS",
            "SELECTOR",
            "READY",
            "BACKED",
            "BY",
        )
    ]
    assert f"app=web,tier={'x' * 90}" in lines[1]
    assert lines[2].strip() == f"error: EP303 {long.strip()}"
    assert lines[3].strip().startswith("Pod/shop/web-1  status: a long")
    assert lines[4].strip().startswith("$ kubectl describe a long")
    assert lines[5].strip() == "info: EP106 second"
    assert any(line.strip() == "→ db.example" for line in lines)
    assert any(line.strip() == "cannot be judged without pods" for line in lines)
    assert "…" not in "".join(lines)


def test_wide_wraps_sentences_under_their_beginning_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    outputs.write("wide", outcome(service("web", finding(text="one of many words " * 8, evidence=()))), out)
    lines = out.getvalue().splitlines()
    sentence = lines[lines.index(next(line for line in lines if "EP303" in line)) : -2]
    assert len(sentence) > 2
    assert all(line.startswith("    ") and len(line.rstrip()) <= 60 for line in sentence)


def test_wide_keeps_one_line_a_row_whatever_the_cluster_says() -> None:
    lines = written("wide", outcome(service("a\nb", finding(text="x\ny")))).splitlines()
    assert any(line.split()[2:4] == ["shop", "a"] for line in lines)
    assert "    error: EP303 x y" in lines


# -- name ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threshold", "names"),
    [(Severity.ERROR, ["bad"]), (WARNING, ["bad", "so-so"]), (INFO, ["bad", "so-so", "fyi"]), (None, None)],
)
def test_names_are_those_that_count(threshold: Severity | None, names: list[str] | None) -> None:
    services = (
        service("bad", finding()),
        service("so-so", finding("EP303", WARNING)),
        service("fyi", finding("EP106", INFO)),
        service("well"),
    )
    told = written("name", outcome(*services, fail_on=threshold)).splitlines()
    wanted = [s.name for s in services] if names is None else names
    assert told == [f"service/{name} -n shop" for name in wanted]


def test_a_name_is_one_line_and_one_argument() -> None:
    [line] = written("name", outcome(service("a; b\nc", finding(), namespace="d e"))).splitlines()
    assert line == "'service/a; b c' -n 'd e'"


# -- github ----------------------------------------------------------------------------------------


def at(line: int, file: str = "deploy/web.yaml") -> Any:
    def place(kind: str, key: Key) -> Place | None:
        return Place(file, line) if (kind, key.name) == ("Service", "web") else None

    return place


def test_github_levels_places_and_gaps() -> None:
    shown = outcome(
        service("web", finding(), finding("EP302", WARNING, "some"), finding("EP106", INFO, "sticky")),
        service("db", finding()),
        orphans=(finding("EP507", INFO, "orphan", objects=("Endpoints/shop/x",), evidence=(), remedy=()),),
        blind={"events": "Forbidden."},
        place=at(7),
    )
    lines = written("github", shown).splitlines()
    assert lines[0] == (
        "::error file=deploy/web.yaml,line=7,title=EP303 Service shop/web::"
        "it fails%0APod/shop/web-1 status: it fails%0Akubectl describe it fails"
    )
    assert lines[1].startswith("::warning file=deploy/web.yaml,line=7,title=EP302 Service shop/web::some")
    assert lines[2].startswith("::notice file=deploy/web.yaml,line=7,title=EP106 Service shop/web::sticky")
    assert lines[3].startswith("::error title=EP303 Service shop/db::")
    assert lines[4] == "::notice title=EP507 Endpoints shop/x::orphan"
    assert lines[5] == "::error title=epview::not seen: events (forbidden) Forbidden."
    assert lines[6] == "2 Services: 2 error"
    partial = written("github", outcome(service(), blind={"events": ""}, allow_partial=True))
    assert partial.startswith("::warning title=epview::not seen: events")


def test_github_text_cannot_start_a_command_nor_end_a_property() -> None:
    lines = written("github", hostile_outcome()).rstrip("\n").split("\n")
    assert len(lines) == 5  # two findings, a gap, a notice, the summary
    for line in lines[:-1]:
        name, properties, message = line[2:].partition(" ")[0], *line[2:].partition(" ")[2].split("::", 1)
        assert name in ("error", "notice")
        assert [pair.partition("=")[0] for pair in properties.split(",")] == ["title"]
        assert ":" not in properties
        assert "%250A" in message
        assert "\r" not in line


def test_files_are_named_from_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    shown = service("web", finding())
    for file, told in (
        (str(tmp_path / "a b.yaml"), "a b.yaml"),
        ("/etc/x.yaml", "/etc/x.yaml"),
        ("./c.yaml", "c.yaml"),
    ):
        assert f"file={told},line=1" in written("github", outcome(shown, place=at(1, file)))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert "file=sub/c.yaml," in written("github", outcome(shown, place=at(1, "c.yaml")))
    assert "file=c.yaml,title" in written("github", outcome(shown, place=at(0, "../c.yaml")))
