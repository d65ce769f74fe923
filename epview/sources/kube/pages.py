"""LIST in pages, as far as a server goes along with it.

From its cache (resourceVersion "0") a server may answer with everything at once, whatever the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from epview.core.objects import Kind, Object
from epview.sources.decode import decode_list
from epview.sources.kube.connection import Session
from epview.sources.kube.errors import Unreachable

PAGE: Final = 500


class Pages:
    """One list of one collection. `version` is where to watch from, and `skipped` the objects without a
    name, both once `read` is through.
    """

    def __init__(self, kind: Kind, path: str, session: Session) -> None:
        self._kind = kind
        self._path = path
        self._session = session
        self.version = ""
        self.skipped = 0

    def read(self, version: str, *, paged: bool = True) -> Iterator[tuple[list[Object], int | None]]:
        """All objects in batches, each with the number of those still to come where it is known.

        ``version``: the list must be at least as new; ``"0"`` is as old as may be, ``""`` the newest.
        Raises what `Session.get` raises, and `Unreachable` where the answer is no list.
        """
        params = {"limit": str(PAGE)} if paged else {}
        if version:
            params["resourceVersion"] = version
            if version != "0":
                params["resourceVersionMatch"] = "NotOlderThan"
        while True:
            raw = self._session.get(self._path, params)
            try:
                page = decode_list(self._kind, raw)
            except ValueError:
                message = f"The server did not answer with a list of {self._kind.resource}."
                raise Unreachable(message, "Is it an API server?") from None
            del raw  # tens of megabytes
            token, after = page.meta.continue_token, page.meta.remaining_item_count
            if after is None and not token:
                after = 0
            left = len(page)
            for batch in page.batches():
                left = max(0, left - PAGE)
                yield batch, None if after is None else after + left
            self.skipped += page.skipped
            self.version = page.meta.resource_version
            if not token:
                return
            params = {"limit": str(PAGE), "continue": token}
