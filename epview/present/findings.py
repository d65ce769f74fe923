"""The findings of one Service in Lines: each cause with what follows from it, the facts, the commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from epview.core.objects import Key
from epview.core.rule import catalogue
from epview.core.view import Finding, Health, ServiceView, Severity, View
from epview.present import checks, words
from epview.present.frame import Frame
from epview.present.glyphs import severity_span
from epview.present.text import EMPTY, Line, Role, Span, cell_width, clean, line, wrap
from epview.present.times import message, time_left, with_ages
from epview.present.why import gap_words

WAITING: Final = line(Span("No verdict before the lists it depends on are complete.", Role.MUTED))
BlockKey = tuple[str, tuple[str, ...], int]
_INDENT: Final = 4
_BEHIND_SIGN: Final = len("◌ unknown  ")
_WORD: Final = max(map(len, Severity))
_FIELD: Final = 0.4  # of the width, at most, for the names of fields


@dataclass(frozen=True, slots=True)
class Block:
    """What is chosen as one: a finding, or what stands in its place.

    ``key`` stays the same while the finding does: its rule and objects, and which one of those. ``head``
    is always to be seen, ``tries`` (its commands) and ``facts`` where there is room. ``commands`` may be
    copied, ``rule`` explained; both may be missing. ``under``: it follows from the block before.
    """

    key: BlockKey
    head: tuple[Line, ...]
    tries: tuple[Line, ...] = ()
    facts: tuple[Line, ...] = ()
    commands: tuple[str, ...] = ()
    rule: str = ""
    objects: tuple[str, ...] = ()
    under: bool = False

    @property
    def pod(self) -> Key | None:
        """The first pod it is about."""
        for each in self.objects:
            kind, _, rest = each.partition("/")
            if kind == "Pod":
                return Key(*rest.split("/", 1))
        return None

    @property
    def indent(self) -> str:
        """What stands before its facts."""
        return " " * (_INDENT * 2 if self.under else _INDENT)

    @property
    def whole(self) -> tuple[Line, ...]:
        return (*self.head, *self.tries, *self.facts)


def blocks(view: ServiceView, frame: Frame, width: int, why_not: str = "") -> list[Block]:
    """All there is to say, in lines of ``width``: causes first, each followed by what follows from it.

    ``why_not`` says what epview cannot see, for verdicts that are unknown though the Service is in sight.
    """
    if view.loading:
        return [Block(("loading", (), 0), (WAITING,))]
    out = [_no_fault(view, frame, width)] if view.health in (Health.OK, Health.INFO) else []
    seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for finding, cause in in_order(view.findings):
        same = (finding.rule, finding.objects)
        out.append(
            Block(
                (*same, seen[same]),
                tuple(head_lines(finding, frame, width, cause)),
                tuple(try_lines(finding.remedy, width, _indent(finding))),
                tuple(fact_lines(finding, frame, width)),
                finding.remedy,
                finding.rule,
                finding.objects,
                under=finding.folded,
            )
        )
        seen[same] += 1
    missing = unknown_line(view, frame, why_not)
    if missing:
        lines = tuple(wrap(missing, width, _BEHIND_SIGN))
        out.append(Block(("unknown", (), 0), lines, rule=next(iter(view.unknown_rules), "")))
    return out


def in_order(findings: Sequence[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with the rule it follows from (``""`` for a cause), consequences behind their cause."""
    rest = [finding for finding in findings if finding.folded]
    for cause in findings:
        if cause.folded:
            continue
        yield cause, ""
        folds = catalogue()[cause.rule].folds
        yield from ((each, cause.rule) for each in rest if each.rule in folds)
        rest = [each for each in rest if each.rule not in folds]
    yield from ((each, "") for each in rest)  # its cause is itself a consequence


def head_lines(finding: Finding, frame: Frame, width: int, cause: str = "") -> list[Line]:
    """``✗ error    EP303  readiness of container api answers 503``; a consequence dimmed, with its cause."""
    sign = severity_span(finding, frame.glyphs)
    folded = finding.folded
    start = line(
        Span(f"  {frame.glyphs.branch} " if folded else "", Role.MUTED),
        Span(f"{sign.text} {finding.severity:<{_WORD}}  ", sign.role),
        Span(f"{finding.rule}  ", Role.MUTED),
    )
    said = Span(message(finding, frame), Role.MUTED if folded else Role.STRONG)
    follows = "detail of" if finding.severity is Severity.INFO else "follows from"
    after = Span(f"  {follows} {cause}" if cause else "", Role.MUTED)
    out = wrap(line(*start, said, after), width, sum(cell_width(span.text) for span in start))
    if finding.in_progress:
        left = f", {time_left(finding.until, frame)}" if finding.until else ""
        pad = " " * _indent(finding)
        out.append(line(Span(f"{pad}expected to pass by itself{left}", Role.INFO)))
    return out


def _indent(finding: Finding) -> int:
    return _INDENT * 2 if finding.folded else _INDENT


def fact_lines(finding: Finding, frame: Frame, width: int) -> Iterator[Line]:
    """Each object named once, the fields below it in a column; a long field stands on a line of its own."""
    facts, indent = finding.evidence, _indent(finding)
    most = int(width * _FIELD) - indent
    room = max((len(fact.field) for fact in facts if len(fact.field) <= most), default=0)
    pad, column = " " * (indent + 2), indent + room + 4
    spoken_of = ""
    for fact in facts:
        if fact.object != spoken_of:
            spoken_of = fact.object
            yield from wrap(line(" " * indent, Span(clean(fact.object), Role.MUTED)), width, indent)
        field = Span(f"{pad}{clean(fact.field):<{room}}  ", Role.MUTED)
        value = with_ages(clean(fact.value).strip(), frame)
        alone = len(fact.field) > room and indent + 4 + len(fact.field) + cell_width(value) > width
        if alone:
            yield from wrap(line(field), width, indent + 2)
            field = Span(" " * column)
        yield from wrap(line(field, value), width, column)


def try_lines(commands: Iterable[str], width: int, indent: int = _INDENT) -> Iterator[Line]:
    """The commands that help."""
    for command in commands:
        start = f"{' ' * indent}try  "
        yield from wrap(line(Span(start, Role.MUTED), Span(clean(command), Role.ACCENT)), width, len(start))


def _no_fault(view: ServiceView, frame: Frame, width: int) -> Block:
    """What no finding means, and what it does not: nobody has sent a packet."""
    if view.planned:
        said = "No fault visible in the manifests. Readiness shows in a cluster."
    else:
        said = "No fault visible in the API objects."
    head = line(Span(f"{frame.glyphs.ok} ", Role.OK), Span(said, Role.STRONG))
    if view.planned:
        return Block(("clear", (), 0), tuple(wrap(head, width, 2)))
    limits = line("  ", Span("Not checked: ", Role.MUTED), Span(checks.NOT_CHECKED, Role.MUTED))
    hands = checks.by_hand(view)
    rest = [
        each
        for what, command in hands
        for each in (
            line(" " * _INDENT, Span(what, Role.MUTED)),
            *try_lines([command], width, _INDENT + 2),
        )
    ]
    commands = tuple(command for _, command in hands)
    return Block(
        ("clear", (), 0), (*wrap(head, width, 2), *wrap(limits, width, 2)), tuple(rest), (), commands
    )


def unknown_line(view: ServiceView, frame: Frame, why_not: str = "") -> Line:
    """Which verdicts are missing, and for want of what; empty where none is."""
    if not view.gaps and not view.unknown_rules:
        return EMPTY
    rules = words.and_more(view.unknown_rules, 8)
    lacking = gap_words(view) if view.gaps else why_not or "sees too little here"
    harmless = "" if view.health is Health.UNKNOWN else "; no verdict needed it"
    said = f"could not judge {rules}: epview {lacking}" if rules else lacking + harmless
    return line(Span(f"{frame.glyphs.unknown} unknown  ", Role.UNKNOWN), Span(said))


def unseen(view: View | None, namespace: str) -> str:
    """``cannot see networkpolicies``, ``sees just this namespace``: what optional verdicts may lack."""
    if view is None:
        return ""
    missing = dict.fromkeys(
        each.resource for each in view.states if each.missing and each.namespace in ("", namespace)
    )
    parts = [f"cannot see {words.and_more(missing, 3)}"] if missing else []
    parts += ["sees just the chosen namespaces (0 shows all)"] if view.source.namespaces is not None else []
    return " and ".join(parts)


def findings_lines(view: ServiceView, frame: Frame, width: int, why_not: str = "") -> list[Line]:
    """All findings as one text, consequences in one line each."""
    out: list[Line] = []
    for block in blocks(view, frame, width, why_not):
        out += [EMPTY] if out and not block.under else []
        out += block.head if block.under else block.whole
    return out


def loose_ends(findings: Sequence[Finding], frame: Frame, width: int) -> list[Line]:
    """Findings that belong to no Service, one after the other."""
    out: list[Line] = []
    for finding in findings:
        out += [EMPTY] if out else []
        out += head_lines(finding, frame, width)
        out += [*try_lines(finding.remedy, width), *fact_lines(finding, frame, width)]
    return out
