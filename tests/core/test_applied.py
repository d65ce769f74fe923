"""What is kept of the Endpoints that kubectl applied: addresses, never the text."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from support.builders import build, endpoints

from epview.core.objects import Endpoints
from epview.core.objects.endpoints import APPLIED_KEPT

NOTE = "kubectl.kubernetes.io/last-applied-configuration"


def applied(note: str) -> Endpoints:
    found = build(endpoints(annotations={NOTE: note}))
    assert isinstance(found, Endpoints)
    return found


def configuration(*addresses: dict[str, Any]) -> str:
    metadata = {"name": "web", "annotations": {"token": "s3cr3t"}}
    return json.dumps(
        {"kind": "Endpoints", "metadata": metadata, "subsets": [{"addresses": list(addresses)}]}
    )


def test_the_addresses_are_kept_and_nothing_else_of_the_text() -> None:
    found = applied(configuration({"ip": "192.168.1.9", "hostname": "s3cr3t"}))
    assert found.metadata.annotations.applied == ("192.168.1.9",)
    assert b"s3cr3t" not in msgspec.json.encode(found)


def test_what_was_written_out_reads_the_same_again() -> None:
    found = applied(configuration({"ip": "192.168.1.9"}))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Endpoints) == found


def test_a_long_list_is_cut() -> None:
    found = applied(configuration(*({"ip": f"192.168.{n}.1"} for n in range(200))))
    assert len(found.metadata.annotations.applied) == APPLIED_KEPT


@pytest.mark.parametrize("note", ["", "s3cr3t", "[]", '{"subsets": 7}', '{"subsets": null}', "[" * 100_000])
def test_a_note_of_another_kind_says_nothing_and_costs_no_object(note: str) -> None:
    found = applied(note)
    assert found.key.name == "web"
    assert found.metadata.annotations.applied == ()
    assert b"s3cr3t" not in msgspec.json.encode(found)


def test_whose_the_subsets_are() -> None:
    fields = [
        {"manager": "kubectl-edit", "fieldsV1": {"f:metadata": {"f:labels": {}}}},
        {"manager": "kubectl-create", "fieldsV1": {"f:subsets": {}}},
        {"manager": "helm"},
    ]
    found = build(endpoints(managedFields=fields))
    assert isinstance(found, Endpoints)
    assert found.metadata.writers == ("kubectl-create",)
