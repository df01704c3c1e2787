"""Not one SYN leaves the scope: counted on the wire, in a network namespace where nothing else speaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

SCOPES = 60


@pytest.fixture(scope="module")
def runs() -> list[dict[str, Any]]:
    tests = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "helpers.syn_counter", str(SCOPES)],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def granted(run: dict[str, Any]) -> set[str]:
    """What may be called, worked out the long way from the scope as it was written."""
    allowed = set()
    for last in range(256):
        address = ip_address(f"127.50.0.{last}")
        holding = [row for row in run["scope"]["networks"] if address in ip_network(row["block"])]
        if not holding:
            continue
        most_specific = max(ip_network(row["block"]).prefixlen for row in holding)
        candidates = [row for row in holding if ip_network(row["block"]).prefixlen == most_specific]
        row = candidates[-1]
        for port in row["ports"]:
            excluded = any(
                address in ip_network(no["block"]) and (not no["ports"] or port in no["ports"])
                for no in run["scope"]["excluded"]
            )
            only = run["only"]
            chosen = only is None or str(address) in only or f"{address}:{port}" in only
            if row["level"] >= 1 and not excluded and chosen:
                allowed.add(f"{address}:{port}")
    return allowed


def is_clear(run: dict[str, Any]) -> bool:
    """Whether no network is named twice: which of the two counts is not this test's question."""
    blocks = [row["block"] for row in run["scope"]["networks"]]
    return len(set(blocks)) == len(blocks)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_no_syn_leaves_the_scope_and_each_target_gets_exactly_one(runs: list[dict[str, Any]]) -> None:
    called = 0
    for run in runs:
        if run["fault"] or not is_clear(run):
            continue
        assert dict(run["syns"]) == Counter(granted(run)), run
        called += len(run["syns"])
    assert called > 500


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_without_a_scope_in_force_nothing_is_sent_and_it_says_why(runs: list[dict[str, Any]]) -> None:
    words = {"unsigned": "not signed", "changed": "changed", "expired": "expired", "not yet": "not valid before"}
    seen = set()
    for run in runs:
        if run["fault"]:
            assert run["syns"] == []
            assert words[run["fault"]] in run["refused"]
            seen.add(run["fault"])
    assert seen == set(words)
