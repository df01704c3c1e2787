"""The validator of CSAF documents that others use (npm): the JSON schema, and the standard's mandatory tests (§6.1)."""

from __future__ import annotations

import json
import subprocess

from helpers.npm_packages import npm_package
from helpers.peers import peer

__all__ = ["faults_of"]

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
    node, here = peer("node", "nodejs"), npm_package("csaf", "@secvisogram").parents[1]
    command = [node, "--input-type=module", "-e", _SCRIPT]
    said = subprocess.run(command, cwd=here, input=document, capture_output=True, timeout=60, check=True)
    return list(json.loads(said.stdout))
