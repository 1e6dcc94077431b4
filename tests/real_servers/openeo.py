"""openeo_driver with jobs that take their time."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx

from real_servers.environments import PLUGINS, RealServer, environment, free_port

_REQUIREMENT = "--pre openeo-driver==0.136.0a4"
_BEARER = (
    "from openeo_driver.users.auth import HttpAuthHandler as H; "
    "print('basic//' + H.build_basic_access_token(user_id='Mr.Test'))"
)


class OpenEODriver(RealServer):
    """openeo_driver on a free port, with a token of its own."""

    def __init__(self, folder: Path) -> None:
        python, port = environment("openeo", _REQUIREMENT), free_port()
        (packages,) = python.parents[1].glob("lib/python3.*/site-packages")
        settings = packages / "openeo_driver" / "dummy" / "dummy_config.py"
        command = [str(python), str(PLUGINS / "openeo_app.py"), str(port)]
        self.url = f"http://127.0.0.1:{port}/openeo/1.2"
        variables = {"OPENEO_BACKEND_CONFIG": str(settings)}
        super().__init__(command, f"{self.url}/", folder, variables)
        told = subprocess.run(
            [python, "-c", _BEARER], env=self._variables, capture_output=True, text=True, check=True
        )
        self.token = told.stdout.split()[-1]

    def submit(self, **plan: Any) -> httpx.Response:
        """Create a job and start it; return the answer to its creation."""
        headers = {"Authorization": f"Bearer {self.token}"}
        graph = {"add": {"process_id": "add", "arguments": {"x": 3, "y": 5}, "result": True}}
        body = {"title": "slow", "description": json.dumps(plan)}
        with httpx.Client(headers=headers, trust_env=False) as client:
            process = {"process": {"process_graph": graph}}
            created = client.post(f"{self.url}/jobs", json={**body, **process})
            client.post(f"{created.headers['location']}/results").raise_for_status()
        return created
