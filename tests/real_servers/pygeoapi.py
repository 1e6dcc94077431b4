"""pygeoapi with a process that takes its time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from real_servers.environments import RealServer, environment, free_port, python_from

_SERVE = (
    "import sys; from pygeoapi.flask_app import APP; "
    "APP.run('127.0.0.1', int(sys.argv[1]), threaded=True, use_reloader=False)"
)
_NEWEST = "pygeoapi==0.24.0"
_FOR_3_11 = "pygeoapi==0.20.0"


class Pygeoapi(RealServer):
    """pygeoapi on a free port; what it knows of its jobs stands in `folder`, and outlives it."""

    def __init__(self, folder: Path) -> None:
        python = python_from(12)
        requirement = _NEWEST if python else _FOR_3_11
        self._python = str(environment("pygeoapi", requirement, python or sys.executable))
        self.url, port = "", free_port()
        self.url = f"http://127.0.0.1:{port}"
        paths = [folder / name for name in ("config.yml", "openapi.yml")]
        paths[0].write_text(json.dumps(_settings(self.url, port, folder)))  # JSON is YAML
        variables = dict(zip(("PYGEOAPI_CONFIG", "PYGEOAPI_OPENAPI"), map(str, paths), strict=True))
        command = [self._python, "-c", _SERVE, str(port)]
        super().__init__(command, f"{self.url}/conformance?f=json", folder, variables)
        self._generate(*map(str, paths))

    def submit(self, **inputs: Any) -> httpx.Response:
        """Start a job; return the answer."""
        return httpx.post(
            f"{self.url}/processes/slow-job/execution",
            json={"inputs": inputs},
            headers={"Prefer": "respond-async"},
            trust_env=False,
        )

    def _generate(self, config: str, openapi: str) -> None:
        arguments = ["openapi", "generate", config, "--output-file", openapi]
        run = [self._python, "-c", "from pygeoapi import cli; cli()", *arguments]
        subprocess.run(run, env=self._variables, check=True, stdout=subprocess.DEVNULL)


def _settings(url: str, port: int, folder: Path) -> dict[str, Any]:
    store = {"connection": str(folder / "jobs.json"), "output_dir": str(folder)}
    none = "https://example.org/"
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 2, "max_items": 50},
            "map": {"url": none, "attribution": "none"},
            "manager": {**store, "name": "TinyDB"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "a server of tests",
                "description": "none",
                "keywords": ["jobs"],
                "keywords_type": "theme",
                "terms_of_service": none,
                "url": none,
            },
            "license": {"name": "none", "url": none},
            "provider": {"name": "none", "url": none},
            "contact": {"name": "none", "email": "a@example.org", "url": none},
        },
        "resources": {
            "slow-job": {
                "type": "process",
                "processor": {"name": "slow_job.SlowJob", "job_store": store},
            }
        },
    }
