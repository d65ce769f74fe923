"""The documents by which a client finds out what the server offers: /version, /api, /apis, …"""

from __future__ import annotations

import sys
from typing import Final

from epview.demo.resources import RESOURCES, Json, Resource

GIT_VERSION: Final = "v1.34.0+epview-demo"
# What the collections would allow; that the demo answers writes with 405 is not a matter of discovery.
_VERBS: Final = ["get", "list", "watch"]


def document(path: str, address: str) -> Json | None:
    """The discovery document of a path, or None where there is none. ``address`` is host:port."""
    if path in _FIXED:
        return _FIXED[path]
    if path == "/api":
        return _versions(address)
    if path == "/apis":
        return _groups()
    prefix, _, rest = path.lstrip("/").partition("/")
    group, _, version = rest.rpartition("/")
    if (prefix, group) == ("api", ""):
        return _resources("", version)
    if prefix == "apis" and group in _group_names():
        return _resources(group, version)
    if prefix == "apis" and not group and version in _group_names():
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(version)}
    return None


_FIXED: Final[dict[str, Json]] = {
    "/version": {
        "major": "1",
        "minor": "34",
        "emulationMajor": "1",
        "emulationMinor": "34",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "33",
        "gitVersion": GIT_VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.24.6",
        "compiler": "gc",
        "platform": f"{sys.platform}/demo",
    }
}


def _versions(address: str) -> Json:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def _group_names() -> list[str]:
    return sorted({resource.group for resource in RESOURCES if resource.group})


def _group(name: str) -> Json:
    version = next(resource.version for resource in RESOURCES if resource.group == name)
    entry = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [entry], "preferredVersion": entry}


def _groups() -> Json:
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _group_names()]}


def _resources(group: str, version: str) -> Json | None:
    found = [r for r in RESOURCES if (r.group, r.version) == (group, version)]
    if not found:
        return None
    entries: list[Json] = []
    for resource in found:
        entries.append(_entry(resource))
        if resource.name == "pods":
            entries.append(
                {"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]}
            )
    head: Json = {"kind": "APIResourceList"}
    if group:  # the core document has never carried an apiVersion
        head["apiVersion"] = "v1"
    return head | {"groupVersion": f"{group}/{version}" if group else version, "resources": entries}


def _entry(resource: Resource) -> Json:
    entry: Json = {
        "name": resource.name,
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(_VERBS),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return entry
