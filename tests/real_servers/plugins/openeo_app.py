"""openeo_driver, the HTTP layer of real openEO back-ends, over jobs that only sleep.

All that is on the wire is made by openeo_driver. What a job does stands in its description, as
JSON:
steps, step_seconds, fail_at.
"""

import datetime
import json
import sys
import threading
import time

from openeo_driver.constants import JOB_STATUS
from openeo_driver.dummy.dummy_backend import DummyBackendImplementation, DummyBatchJobs
from openeo_driver.views import build_app

_GOING_ON = (JOB_STATUS.QUEUED, JOB_STATUS.RUNNING)


def now():
    """Return the time as openeo_driver keeps it: UTC, without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


class SleepingJobs(DummyBatchJobs):
    """Batch jobs that are started, and then sleep in a thread."""

    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()

    def create_job(self, user, process, api_version, metadata, job_options=None):
        """Create a job with an empty log."""
        info = super().create_job(
            user=user,
            process=process,
            api_version=api_version,
            metadata=metadata,
            job_options=job_options,
        )
        self._custom_job_logs[info.id] = []
        return info

    def start_job(self, job_id, user):
        """Queue the job, and let it run soon."""
        key = (user.user_id, job_id)
        plan = json.loads(self._job_registry[key].description or "{}")
        self._set(key, status=JOB_STATUS.QUEUED)
        self._log(job_id, "info", "Job queued")
        threading.Thread(target=self._work, args=(key, plan), daemon=True).start()

    def get_log_entries(self, job_id, *, user_id, offset=None, limit=None, level="debug"):
        """Return the entries after the one whose id is `offset`."""
        entries = list(super().get_log_entries(job_id=job_id, user_id=user_id, level=level))
        ids = [entry["id"] for entry in entries]
        return entries[ids.index(offset) + 1 :] if offset in ids else entries

    def cancel_job(self, job_id, user_id):
        """End the job, unless it has ended."""
        facts = {"status": JOB_STATUS.CANCELED, "finished": now()}
        self._go_on((user_id, job_id), facts, "warning", "Job canceled")

    def _work(self, key, plan):
        steps = int(plan.get("steps", 5))
        time.sleep(0.5)
        if not self._go_on(key, {"status": JOB_STATUS.RUNNING, "started": now(), "progress": 0}):
            return
        for step in range(1, steps + 1):
            time.sleep(float(plan.get("step_seconds", 0.5)))
            if step == plan.get("fail_at"):
                facts = {"status": JOB_STATUS.ERROR, "finished": now()}
                text = f"could not finish step {step}"
                self._go_on(key, facts, "error", text, code="StepFailed")
                return
            facts = {"progress": round(100 * step / steps, 1)}
            if not self._go_on(key, facts, "info", f"Finished step {step} of {steps}"):
                return
        facts = {"status": JOB_STATUS.FINISHED, "finished": now(), "progress": 100}
        self._go_on(key, facts, "info", "Job finished")

    def _go_on(self, key, facts, *entry, **more):
        """Note facts of a job that goes on, and an entry of its log; return whether it does.

        It may be ended by another thread, and then nothing is noted.
        """
        with self._lock:
            goes_on = self._job_registry[key].status in _GOING_ON
            if goes_on and entry:
                self._log(key[1], *entry, **more)
            if goes_on:
                self._set(key, **facts)
        return goes_on

    def _set(self, key, **facts):
        self._job_registry[key] = self._job_registry[key]._replace(updated=now(), **facts)

    def _log(self, job_id, level, message, **more):
        log = self._custom_job_logs.setdefault(job_id, [])
        time_of_entry = now().isoformat(timespec="milliseconds") + "Z"
        entry = {"id": str(len(log) + 1), "time": time_of_entry, "level": level}
        log.append({**entry, "message": message, **more})


class Backend(DummyBackendImplementation):
    """The back-end that openeo_driver is tested with, but for its jobs."""

    def __init__(self):
        super().__init__()
        self.batch_jobs = SleepingJobs()


if __name__ == "__main__":
    application = build_app(backend_implementation=Backend())
    application.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True, use_reloader=False)
