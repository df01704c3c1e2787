"""The validator of SARIF logs that others use (npm): the JSON schema, and the standard's rules beyond it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from helpers.npm_packages import npm_package

__all__ = ["faults_of"]


def faults_of(log: bytes, folder: Path) -> list[str]:
    """What it finds wrong; advice on what else could be said is no fault. Skips the test where npm can bring none."""
    tool = npm_package("sarif", "@microsoft/sarif-multitool-linux") / "Sarif.Multitool"
    tool.chmod(0o755)
    given, found = folder / "given.sarif", folder / "found.sarif"
    given.write_bytes(log)
    command = [tool, "validate", given, "--output", found, "--level", "Error;Warning", "--log", "ForceOverwrite"]
    subprocess.run(command, capture_output=True, timeout=120, env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    (run,) = json.loads(found.read_bytes())["runs"]
    faults = [result for result in run["results"] if result["ruleId"] not in _ADVICE]
    return [f"{one['ruleId']} {one['message'].get('arguments') or one['message'].get('text')}" for one in faults]


_ADVICE = {"SARIF2005"}  # a home page of the tool
