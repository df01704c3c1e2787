"""The validator of CSAF documents that others use (npm): the JSON schema, and the standard's mandatory tests (§6.1)."""

from __future__ import annotations

import fcntl
import json
import subprocess
from pathlib import Path

import pytest

from helpers.peers import peer

__all__ = ["faults_of"]

_HERE = Path(__file__).parent / "csaf"
_SCRIPT = """
import validate from '@secvisogram/csaf-validator-lib/validate.js'
import * as schema from '@secvisogram/csaf-validator-lib/schemaTests.js'
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'
import { readFileSync } from 'node:fs'
const tests = [...Object.values(schema), ...Object.values(mandatory)]
const said = await validate(tests, JSON.parse(readFileSync(0)))
console.log(JSON.stringify(said.tests.flatMap(t => t.errors.map(e => `${t.name} ${e.instancePath} ${e.message}`))))
"""


def faults_of(document: bytes) -> list[str]:
    """What it finds wrong. Skips the test where npm can bring no validator."""
    node, npm = peer("node", "nodejs"), peer("npm", "npm")
    with (_HERE / ".gitignore").open("rb") as lock:  # one installation, however many test processes want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (_HERE / "node_modules" / "@secvisogram").exists():
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, timeout=180)
            if ran.returncode != 0:
                pytest.skip(f"PEER MISSING: csaf-validator-lib (npm ci: {ran.stderr.strip()[-300:]})")
    command = [node, "--input-type=module", "-e", _SCRIPT]
    said = subprocess.run(command, cwd=_HERE, input=document, capture_output=True, timeout=60, check=True)
    return list(json.loads(said.stdout))
