"""Jobs of other packages: what to write to watch one."""

from __future__ import annotations

# The names are those of arcgis 2.4 (geoprocessing/_job.py, gis/mission/api.py), whose GPJob tells
# its id nowhere else, and of openeo 0.5x (rest/job.py).
_LINES = {
    ("arcgis", "GPJob"): (
        'lambda: {"status": job.status, "messages": job.messages}, id=job._jobid, cancel=job.cancel'
    ),
    ("arcgis", "MissionJob"): 'lambda: {"status": job.status}, id=job.properties["jobId"]',
    ("openeo", "BatchJob"): (
        'lambda: {"status": job.status(), "messages": job.logs()}, id=job.job_id, cancel=job.stop'
    ),
}


def line_for(found: object) -> str | None:
    """Return the expression that makes a `Job` of another package's `job`; None if unknown."""
    kinds = [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(found).__mro__]
    arguments = next((_LINES[kind] for kind in kinds if kind in _LINES), None)
    return None if arguments is None else f"Job.from_function({arguments})"
