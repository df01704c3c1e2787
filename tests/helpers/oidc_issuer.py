"""Starts the real OpenID provider of tests/helpers/oidc_provider (npm: oidc-provider), and asks it for tokens."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import httpx2
import pytest

from helpers.peers import peer
from helpers.ports import wait_for_port

HERE = Path(__file__).parent / "oidc_provider"
INSTALL_SECONDS = 180


def installed() -> Path:
    """The provider's folder, with its packages as the lock file names them. Skips the test without node and npm."""
    npm = peer("npm", "npm")
    peer("node", "nodejs")
    with (HERE / ".gitignore").open("rb") as lock:  # one installation, however many test processes want it
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, wanted = HERE / "node_modules" / ".installed", (HERE / "package-lock.json").read_bytes()
        if not done.exists() or done.read_bytes() != wanted:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=INSTALL_SECONDS)
            if ran.returncode != 0:
                pytest.skip(f"PEER MISSING: oidc-provider (npm ci: {ran.stderr.strip()[-300:]})")
            done.write_bytes(wanted)
    return HERE


class OidcIssuer:
    """The provider on 127.0.0.1:port. `stop` and `start` again, and it has new keys."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [peer("node", "nodejs"), "provider.mjs", str(self.port)]
        environment = os.environ | {"NODE_ENV": "test", "NO_COLOR": "1"}
        self._process = subprocess.Popen(
            command, cwd=installed(), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_port(self.port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def token(
        self, client: str = "viewer", *, audience: str = "leadglass", alg: str = "ES256", seconds: int = 300
    ) -> str:
        """An access token that `client` gets for itself, made as asked."""
        answer = httpx2.post(
            f"{self.issuer}/token",
            auth=(client, f"{client}-secret"),
            data={"grant_type": "client_credentials", "resource": f"urn:test:{audience}:{alg}:{seconds}"},
            trust_env=False,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])
