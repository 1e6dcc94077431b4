"""A dataset among many processes: writers that are killed, and readers on a cluster."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dask.distributed import Client, LocalCluster
from documents import after, document, milliseconds, watched
from sql import last_states

from jobwidgets.frames import jobs_frame, messages_frame, steps_frame, write_dataset

pytestmark = pytest.mark.scale
KILLED, AT_ONCE = 50, 5
# Writes again and again, some jobs of its own and one that all writers write; tells what it wrote.
WRITER = """if True:
    import itertools, sys
    from jobwidgets import write_dataset
    folder, name = sys.argv[1:]
    for time in itertools.count(1_790_000_000_000, 86_400_000):
        jobs = [
            {"jobId": f"{name}-{time}-{n}", "startTime": time + n * 9**9, "messages": ["a"] * n}
            for n in range(20)
        ]
        write_dataset([*jobs, {"jobId": "everybody's", "startTime": time}], folder)
        print(*(job["jobId"] for job in jobs), flush=True)
"""


@contextmanager
def writers(folder: Path, names: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Start writers, and leave none behind."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True)
            )
            for name in names
        ]


def told_by_killed(folder: Path, names: list[str], draw: random.Random) -> list[str]:
    """Return what writers said they had written until each was killed, somewhere in its writing."""
    told = []
    with writers(folder, names) as running:
        for writer in running:
            assert writer.stdout is not None
            told.append(writer.stdout.readline())
            time.sleep(draw.uniform(0, 0.1))
            writer.kill()
            told.append(writer.stdout.read())
    return " ".join(told).split()


def test_killed_writers(tmp_path: Path) -> None:
    """Whenever writers are killed, the folder reads, nothing is doubled, all they told is there."""
    draw, told = random.Random(11), list[str]()  # noqa: S311 - moments, no secrets
    for first in range(0, KILLED, AT_ONCE):
        names = [f"w{number}" for number in range(first, first + AT_ONCE)]
        told += told_by_killed(tmp_path, names, draw)
        found = jobs_frame(tmp_path)
        assert found.job_id.is_unique
        assert set(told) <= set(found.job_id)
        assert len(messages_frame(tmp_path)) == found.messages.sum()
        assert last_states(tmp_path).aggregate("count(*)").fetchall() == [(len(found),)]
    rows = pd.read_parquet(tmp_path, columns=["job_id"]).job_id
    assert not rows[rows != "everybody's"].duplicated().any()
    assert len(told) >= KILLED * 20
    assert list(tmp_path.glob("month=*/.*.unfinished")), "no writer was killed as it wrote"


def life(number: int) -> Any:
    """Return the history of a job that ran through one step, some of them to a failure."""
    codes = {"messageCodes": [1501, 1502]}
    start = milliseconds(after(number * 40_000))
    parts = {"jobId": f"j{number}", "type": f"kind {number % 3}", "startTime": start, **codes}
    end = {"status": "FAILED" if number % 7 == 0 else "COMPLETED", "endTime": start + number}
    texts = [["begun"], ["begun", "ended"]]
    return watched(*(document(messages=text, **parts) for text in texts), document(**parts, **end))


def test_one_question_three_ways(tmp_path: Path) -> None:
    """pandas, SQL and a cluster of processes tell the same of which kinds fail, and how long."""
    lives = [life(number) for number in range(300)]
    early = [watched(document(jobId=f"j{n}", startTime=None)) for n in range(0, 300, 2)]
    for jobs in (early, lives[:200], lives[100:], early):
        write_dataset(jobs, tmp_path)
    jobs = jobs_frame(tmp_path)
    by_pandas = summary(jobs.assign(failed=jobs.status == "failed"))
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        frame = jobs_frame(tmp_path, engine="dask")
        by_dask = summary(frame.assign(failed=frame.status == "failed")).compute()
        steps = steps_frame(tmp_path, engine="dask").compute()
        assert len(client.run(os.getpid)) == 2
    question = "kind, count(*), count(*) FILTER (status = 'failed'), sum(duration)"
    by_sql = last_states(tmp_path).aggregate(question).order("kind").fetchall()
    assert len(by_pandas) == 3
    pd.testing.assert_frame_equal(by_dask.sort_index(), by_pandas)
    assert [(kind, *row) for kind, *row in by_pandas.itertuples(name=None)] == [
        (kind, number, failed, pd.Timedelta(total, "us")) for kind, number, failed, total in by_sql
    ]
    key = ["job_id", "begun"]
    expected = steps_frame(tmp_path).sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(steps.sort_values(key, ignore_index=True), expected)


def summary(jobs: Any) -> Any:
    """Return of each kind how many jobs there were and failed, and their time in all."""
    return jobs.groupby("kind").agg({"job_id": "count", "failed": "sum", "duration": "sum"})
