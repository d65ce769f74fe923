"""`-o junit`: a test suite a namespace, a test case a Service.

Findings at or above the threshold fail the Service's case; it has one ``failure``, since readers allow no
second one, and its text tells all of them. What could not be judged is skipped. Findings that belong to no
Service, and resources that could not be seen, have suites of their own. The shape is what the schemas of
Ant's JUnit task and of Jenkins both accept: every attribute they require is there.
"""

from __future__ import annotations

import re
from datetime import UTC
from itertools import groupby
from typing import Final, TextIO
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from epview import __version__
from epview.core.view import Finding, Health, ResourceState, ServiceView
from epview.reports.outcome import Outcome, gap_words, subject, subject_words, summary_words, why
from epview.reports.outputs import speaks_unicode

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def write(outcome: Outcome, out: TextIO) -> None:
    root = ET.Element("testsuites")
    by_namespace = sorted(outcome.services, key=lambda view: view.namespace)
    for namespace, views in groupby(by_namespace, key=lambda view: view.namespace):
        listed = list(views)
        below = [
            (str(view.key), finding)
            for view in listed
            for finding in view.findings
            if not (finding.folded or outcome.counts(finding))
        ]
        _suite(root, outcome, namespace, [_service(outcome, view) for view in listed], below)
    if orphans := outcome.view.findings:
        below = [(subject_words(f), f) for f in orphans if not outcome.counts(f)]
        _suite(root, outcome, "findings without a Service", [_orphan(outcome, f) for f in orphans], below)
    if gaps := outcome.gaps:
        _suite(root, outcome, "what could not be seen", [_gap(outcome, state) for state in gaps], [])
    _clean(root)
    ET.indent(root)
    encoding = "utf-8" if speaks_unicode(out) else "us-ascii"
    body = ET.tostring(root, encoding=encoding, xml_declaration=True).decode(encoding)
    out.write(f"{body}\n")


def _suite(
    root: ET.Element,
    outcome: Outcome,
    name: str,
    cases: list[ET.Element],
    below: list[tuple[str, Finding]],
) -> None:
    """Add a suite; ``below`` are the findings below the threshold, which fail nothing and are told."""
    source = outcome.view.source
    counted = {kind: sum(case.find(kind) is not None for case in cases) for kind in _RESULTS}
    suite = ET.SubElement(
        root,
        "testsuite",
        id=str(len(root)),
        name=name or "-",
        package="epview",
        timestamp=outcome.view.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=urlsplit(source.server).hostname or "localhost",
        tests=str(len(cases)),
        failures=str(counted["failure"]),
        errors=str(counted["error"]),
        skipped=str(counted["skipped"]),
        time="0",
    )
    known = {
        "epview": __version__,
        "source": source.kind,
        "context": source.context,
        "serverVersion": source.server_version,
        "summary": summary_words(outcome),
    }
    properties = ET.SubElement(suite, "properties")
    for key, value in known.items():
        ET.SubElement(properties, "property", name=key, value=value)
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = "\n".join(f"{about}: {_words(f)}" for about, f in below)
    ET.SubElement(suite, "system-err")


_RESULTS: Final = ("failure", "error", "skipped")


def _case(classname: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=classname, name=name, time="0")


def _service(outcome: Outcome, view: ServiceView) -> ET.Element:
    case = _case(view.namespace, view.name)
    failures = [finding for finding in view.findings if outcome.counts(finding)]
    if failures:
        first, headline = failures[0], view.headline
        # the headline counts the causes where several share the pods; its finding alone does not
        _fail(case, failures, headline.message if headline and headline.rule == first.rule else first.message)
    elif view.health is Health.UNKNOWN:
        ET.SubElement(case, "skipped", message=why(view))
    return case


def _orphan(outcome: Outcome, finding: Finding) -> ET.Element:
    kind, key = subject(None, finding)
    case = _case(f"{kind}/{key.namespace}", f"{key.name} ({finding.rule})")
    if outcome.counts(finding):
        _fail(case, [finding], finding.message)
    return case


def _gap(outcome: Outcome, state: ResourceState) -> ET.Element:
    case = _case("epview", "/".join(filter(None, (state.namespace, state.resource))))
    if outcome.allow_partial or not outcome.needs(state):
        ET.SubElement(case, "skipped", message=gap_words(state))
    else:
        ET.SubElement(case, "error", type=state.phase.value, message=gap_words(state))
    return case


def _fail(case: ET.Element, findings: list[Finding], message: str) -> None:
    failure = ET.SubElement(case, "failure", type=findings[0].rule, message=message)
    failure.text = "\n\n".join(map(_words, findings))


def _words(finding: Finding) -> str:
    """The sentence, the evidence, and what to do."""
    facts = [f"  {fact.object} {fact.field}: {fact.value}" for fact in finding.evidence]
    remedies = [f"  $ {command}" for command in finding.remedy]
    return "\n".join((f"{finding.severity.value} {finding.rule}: {finding.message}", *facts, *remedies))


def _clean(root: ET.Element) -> None:
    """Replace what XML cannot carry, not even escaped."""
    for element in root.iter():
        element.text = _FORBIDDEN.sub("\ufffd", element.text) if element.text else element.text
        for key, value in element.items():
            element.set(key, _FORBIDDEN.sub("\ufffd", value))
