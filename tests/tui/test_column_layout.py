from datetime import UTC, datetime

from epview.core.objects import Key
from epview.core.view import BackedBy, Finding, ServiceView, Severity
from epview.present.columns import SERVICES
from epview.present.frame import Frame
from epview.tui.widgets.column_layout import ColumnLayout

FRAME = Frame(datetime(2026, 8, 1, 12, tzinfo=UTC))


def service(**more):
    return ServiceView(key=Key("shop", "web"), **more)


def test_what_a_column_that_went_must_still_say_stands_before_the_reason():
    frozen = Finding(rule="EP504", severity=Severity.WARNING, message="frozen")
    plain = Finding(rule="EP101", severity=Severity.INFO, message="manual Endpoints → 10.0.0.1")
    layout = ColumnLayout(SERVICES)
    rows = [
        service(backed_by=BackedBy.MANUAL, headline=frozen),
        service(backed_by=BackedBy.MANUAL, headline=plain),
        service(backed_by=BackedBy.CONTROLLER, headline=frozen),
        service(backed_by=BackedBy.SELECTOR, headline=frozen),
    ]

    def reasons(width):
        layout.arrange(width)
        return [layout.cells(row, FRAME)[-1].text.strip() for row in rows]

    assert reasons(160)[0] == "frozen"
    assert "manual " in [span.text.strip(" ") + " " for span in layout.cells(rows[0], FRAME)]
    assert reasons(80) == [
        "manual: frozen",
        "manual Endpoints → 10.0.0.1",
        "controller: frozen",
        "frozen",
    ]
