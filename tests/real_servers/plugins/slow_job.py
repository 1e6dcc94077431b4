"""A process of pygeoapi that tells its progress while it runs.

pygeoapi gives a process its job's id, but no hold on the job manager, whose store is opened here
once more: it is locked by file.
"""

import time

from pygeoapi.process.base import BaseProcessor, JobNotFoundError, ProcessorExecuteError
from pygeoapi.process.manager.tinydb_ import TinyDBManager
from pygeoapi.util import JobStatus, get_current_datetime

_INPUTS = {"steps": "integer", "step_seconds": "number", "fail_at": "integer"}
METADATA = {
    "version": "1.0.0",
    "id": "slow-job",
    "title": {"en": "Slow job"},
    "description": {"en": "Sleeps in steps and tells how far it is"},
    "jobControlOptions": ["async-execute", "dismiss"],
    "keywords": [],
    "links": [],
    "inputs": {name: {"title": name, "schema": {"type": kind}} for name, kind in _INPUTS.items()},
    "outputs": {"steps": {"schema": {"type": "object", "contentMediaType": "application/json"}}},
    "example": {"inputs": {"steps": 5}},
}


class SlowJob(BaseProcessor):
    """Sleeps in steps; fails at one, or ends early once its job was dismissed."""

    def __init__(self, definition):
        super().__init__(definition, METADATA)
        self.supports_outputs = True
        self.job_id = None
        self.store = TinyDBManager({**definition["job_store"], "name": "TinyDB", "processes": {}})

    def set_job_id(self, job_id):
        """Take the id of the job that runs this."""
        self.job_id = job_id

    def execute(self, data, outputs=None):
        """Do nothing, step by step."""
        steps = int(data.get("steps", 5))
        self._tell(0, "Started", started=get_current_datetime())
        for step in range(1, steps + 1):
            time.sleep(float(data.get("step_seconds", 0.5)))
            self._check_dismissed()
            if step == data.get("fail_at"):
                raise ProcessorExecuteError(f"could not finish step {step}")
            self._tell(100 * step // (steps + 1), f"Finished step {step} of {steps}")
        return "application/json", {"steps": steps}

    def _check_dismissed(self):
        try:
            self.store.get_job(self.job_id)
        except JobNotFoundError:
            raise ProcessorExecuteError("dismissed") from None

    def _tell(self, progress, message, **more):
        told = {"status": JobStatus.running.value, "progress": progress, "message": message}
        self.store.update_job(self.job_id, {**told, "updated": get_current_datetime(), **more})
