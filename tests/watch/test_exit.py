"""How a program ends in which jobs are watched."""

import subprocess
from collections.abc import Callable

import pytest
from documents import document
from servers import HANG, Server

ENDED = document(status="COMPLETED")
Python = Callable[..., subprocess.Popen[str]]
Serve = Callable[..., Server]

EXIT = """
import sys, threading
from jobwidgets import Job, _threads

url, hanging = sys.argv[1:]
asked = threading.Event()
_threads.AT_EXIT = 0.01

def provider(*_):
    asked.set()
    threading.Event().wait()

if hanging == "function":
    job = Job.from_function(provider, id="f1")
else:
    job = Job(url, token=provider if hanging == "provider" else None)
if hanging == "callback":
    job.add_done_callback(provider)
elif hanging == "look-up":
    import socket
    socket.getaddrinfo = lambda *_, **__: provider()
job.start()
if hanging == "request":
    sys.stdin.readline()
else:
    asked.wait()
names = {thread.name for thread in threading.enumerate()}
print(sorted(name for name in names if not name.startswith("jobwidgets-")))
"""


@pytest.mark.parametrize("hanging", ["request", "provider", "callback", "look-up", "function"])
def test_exit_waits_for_nothing(hanging: str, serve: Serve, python: Python) -> None:
    """An interpreter ends although a request, provider, callback, look-up or function hangs.

    No thread of asyncio's own is among those that run: an exit would wait for them.
    """
    server = serve(lambda _: server.hang() if hanging == "request" else ENDED)
    process = python(EXIT, f"{server.jobs_url}/j1", hanging)
    if hanging == "request" and not server.arrived.wait(HANG):
        process.kill()
        pytest.fail(process.communicate()[1])
    output, errors = process.communicate("now\n", timeout=HANG)
    assert (process.returncode, output) == (0, "['MainThread']\n")
    warning = "the program ends without a callback that took more than 0.01 s\n"
    assert errors == (warning if hanging == "callback" else "")


CALLBACK = """
import sys, threading
from jobwidgets import Job

def call(job):
    if job.status == "succeeded":
        threading.main_thread().join()  # until the program ends
        print(job.refresh().status, flush=True)

url, way = sys.argv[1:]
job = Job(url, notify=call if way == "notify" else None)
if way == "on_change":
    job.on_change(call)
elif way == "add_done_callback":
    job.add_done_callback(call)
if way == "notify":
    job.wait()
else:
    job.start().wait()
"""


@pytest.mark.parametrize("way", ["notify", "on_change", "add_done_callback"])
def test_callbacks_that_are_due_are_run(way: str, serve: Serve, python: Python) -> None:
    """A callback that a job's end is due to comes to its end before the program does."""
    server = serve(lambda _: ENDED)
    process = python(CALLBACK, f"{server.jobs_url}/j1", way)
    assert process.communicate(timeout=HANG) == ("succeeded\n", "")


def test_interrupt_ends_the_wait_for_callbacks(serve: Serve, python: Python) -> None:
    """Whoever interrupts a program that waits for callbacks at its end waits no more."""
    code = CALLBACK.replace("print", "(print('ends', flush=True), threading.Event().wait())\nprint")
    code = code.replace("\nprint(job", "\n        print(job")
    server = serve(lambda _: ENDED)
    process = python(code, f"{server.jobs_url}/j1", "notify")
    assert process.stdout is not None
    assert process.stdout.readline() == "ends\n"
    process.send_signal(2)
    assert process.communicate(timeout=HANG) == ("", "")
    assert process.returncode == 0


TEARDOWN = """
import sys
from jobwidgets import Job

class Holder:
    def __init__(self, call, job):
        self.call, self.job = call, job

    def __del__(self):
        self.call(self.job)

def generator(call, job):
    try:
        yield
    finally:
        call(job)

def call(job):
    for verb in ("stop", "refresh", "start", "wait"):
        try:
            getattr(job, verb)()
        except RuntimeError as error:
            print(verb, error)
    try:
        job.on_change(print)
    except RuntimeError as error:
        print("on_change", error)

url, way = sys.argv[1:]
job = Job(url).refresh()
kept = Holder(call, job) if way == "object" else generator(call, job)
if way == "generator":
    next(kept)
"""


@pytest.mark.parametrize("way", ["object", "generator"])
def test_calls_while_python_tears_down(way: str, serve: Serve, python: Python) -> None:
    """When the program has ended, a stop does nothing and the others raise: nothing hangs."""
    server = serve(lambda _: document())
    process = python(TEARDOWN, f"{server.jobs_url}/j1", way)
    text = "the program ends: no job is asked for any more"
    output = "".join(f"{verb} {text}\n" for verb in ("refresh", "start", "wait", "on_change"))
    assert process.communicate(timeout=HANG) == (output, "")
    assert (process.returncode, len(server.requests)) == (0, 1)
