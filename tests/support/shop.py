"""A small cluster on a scripted server, and how an `epview check` of it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.builders import Tree, controllers_work, plain

from epview.core.objects import BY_KIND

if TYPE_CHECKING:
    from kubeserver import KubeServer


def stock(server: KubeServer, *trees: Tree) -> None:
    """Put objects on the server, with what the controllers would make of them."""
    for tree in trees:
        server.keep(BY_KIND[tree["kind"]].resource, tree)
    for put in controllers_work(trees):
        server.keep(BY_KIND[put.kind].resource, plain(put.object))


@dataclass
class Checked:
    """How an `epview check -o json` ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def gaps(self) -> dict[str, str]:
        """The reason for each resource that is missing."""
        return {gap["resource"]: gap["reason"] for gap in self.report["gaps"]}

    @property
    def web(self) -> dict[str, Any]:
        return next(s for s in self.report["services"] if s["name"] == "web")
