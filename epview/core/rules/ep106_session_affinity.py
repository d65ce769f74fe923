"""Session affinity pins each client to one endpoint.

# What it means
With sessionAffinity ClientIP all connections from one address go to the same endpoint until the time-out
has passed since the last one. Load may be uneven, above all behind a proxy or NAT, where many clients
share an address.

# Why it happens
On purpose, nearly always.

# How to see it yourself
`kubectl get service SERVICE -o jsonpath='{.spec.sessionAffinity} {.spec.sessionAffinityConfig}'`

# What to do
Nothing, unless the load is uneven.

# References
Kubernetes documentation: Service, session affinity (default time-out 10800 seconds).
"""

from __future__ import annotations

from collections.abc import Iterator

from epview.core.facts import Facts
from epview.core.remedies import describe
from epview.core.rule import Rule
from epview.core.view import Finding, Severity
from epview.core.words import duration


def judge(facts: Facts) -> Iterator[Finding]:
    spec = facts.service.spec
    if facts.external or facts.service.headless or spec.session_affinity != "ClientIP":
        return
    timeout = spec.session_affinity_config.client_ip.timeout_seconds
    yield RULE.find(
        Severity.INFO,
        f"session affinity keeps each client at one endpoint for {duration(timeout)}",
        evidence=[
            (f"Service/{facts.key}", "spec.sessionAffinity", spec.session_affinity),
            (f"Service/{facts.key}", "spec.sessionAffinityConfig.clientIP.timeoutSeconds", str(timeout)),
        ],
        remedy=[describe("service", facts.key)],
        objects=[f"Service/{facts.key}"],
    )


RULE = Rule("EP106", "Session affinity pins clients", (22, 8), judge)
