"""Where a finding stands, for tools that show findings beside files."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from epview.core.objects import BY_KIND, Key


def relative(file: str) -> str:
    """The path of ``file`` within the repository that is checked; absolute where it lies outside.

    The repository is what GitHub Actions names, else the current folder.
    """
    path = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() would follow links out of the repository
    for root in (os.environ.get("GITHUB_WORKSPACE"), Path.cwd()):
        if root and path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.as_posix()


def file_uri(file: str) -> str:
    """The file as a URI, relative to the repository where it lies in it."""
    path = relative(file)
    return Path(path).as_uri() if path.startswith("/") else quote(path)


def api_uri(kind: str, key: Key) -> str:
    """What stands in no file: the object's path at the API server, without the leading slash."""
    path = BY_KIND[kind].path(key.namespace, key.name)
    return quote(path.removeprefix("/"))
