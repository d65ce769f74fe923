"""Endpoints or an EndpointSlice exist without a Service.

# What it means
Nothing reads them: a Service of that name in that namespace is missing. Endpoints without a Service are
deleted by the endpoint controller when it starts next, so what stands there may vanish.

# Why it happens
The Service was renamed or deleted and the hand-written endpoints stayed, or they were applied first.
GlusterFS volumes used to refer to Endpoints directly.

# How to see it yourself
`kubectl get endpoints,endpointslices -n NAMESPACE` beside `kubectl get services -n NAMESPACE`

# What to do
Create the Service, or delete what is left over.

# References
pkg/controller/endpoint: checkLeftoverEndpoints; Services without selectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from shlex import quote

from epview.core import orphans
from epview.core.facts import Facts
from epview.core.moment import Moment
from epview.core.objects import Key
from epview.core.rule import Rule
from epview.core.view import Finding, Severity
from epview.core.world import World

GRACE = 10
"""Seconds for a Service to follow its endpoints, or for the controllers to clean up after one."""


def judge(facts: Facts) -> Iterator[Finding]:
    """Nothing: this rule speaks of what belongs to no Service."""
    del facts
    return iter(())


def survey(world: World, moment: Moment, gone: Mapping[Key, datetime]) -> Iterator[Finding]:
    for key in sorted(world.addresses.orphans):
        if not world.sees("services", key.namespace) or not orphans.genuine(world, key):
            continue
        for kind, obj in orphans.objects(world, key):
            times = (obj.metadata.creation_timestamp, gone.get(key))
            if not moment.older(max((t for t in times if t), default=None), GRACE):
                continue
            fate = ": deleted when the controller manager starts next" if kind == "Endpoints" else ""
            label = "" if key.name else ", as the label kubernetes.io/service-name is missing"
            writers = ", ".join(dict.fromkeys(f.manager for f in obj.metadata.managed_fields if f.manager))
            yield RULE.find(
                Severity.INFO,
                f"{kind} {obj.key} without a Service{label}{fate}",
                evidence=[
                    (f"Service/{key.namespace}/{key.name}", "metadata.name", "not found"),
                    (f"{kind}/{obj.key}", "metadata.managedFields[].manager", writers or "unknown"),
                ],
                remedy=[
                    f"kubectl {verb} {kind.lower()} {quote(obj.key.name)} -n {quote(key.namespace)}"
                    for verb in ("describe", "delete")
                ],
                objects=[f"{kind}/{obj.key}"],
            )


RULE = Rule("EP507", "Endpoints without a Service", (22, 10), judge, survey=survey)
