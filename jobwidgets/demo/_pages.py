"""The readable pages of the demo server (``f=html``). Every text of a document is escaped here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
dt { font-weight: 600 } dd { margin: 0 0 .5rem }
caption, th, td { text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top }
"""


def index_page(root: str) -> str:
    """Return the page of the REST root."""
    return _page(
        "Mission demo server",
        f'<p><a href="{escape(root)}/jobs">Jobs</a></p>'
        f"<p>Start one: <code>POST {escape(root)}/services/createMission</code> "
        "with <code>async=true</code>.</p>",
    )


def jobs_page(root: str, answer: dict[str, list[str]]) -> str:
    """Return the page of the jobs resource."""
    items = "".join(f"<li>{_job_link(root, job_id)}</li>" for job_id in answer["asyncJobs"])
    return _page("Jobs", _formats() + (f"<ul>{items}</ul>" if items else "<p>No jobs.</p>"))


def started_page(root: str, answer: dict[str, Any]) -> str:
    """Return the page that answers an operation, with a link to the job it started."""
    job_id = answer.get("jobId")
    link = f"<p>Job {_job_link(root, job_id)}</p>" if isinstance(job_id, str) else ""
    return _page("Done", link + _json(answer))


def job_page(document: Any) -> str:
    """Return the page of a job; what does not look like a job's document is shown as JSON."""
    if not isinstance(document, dict) or not isinstance(document.get("messages"), list):
        return _page("Job", _formats() + _json(document))
    attributes = document.get("customAttributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    body = _facts(document, attributes) + _progress(attributes) + _messages(document, attributes)
    return _page(f"Job {document.get('jobId')}", _formats() + body)


def _page(title: str, body: str) -> str:
    title = escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>\n"
    )


def _formats() -> str:
    return '<p>As <a href="?f=json">json</a> or <a href="?f=pjson">pjson</a></p>'


def _job_link(root: str, job_id: str) -> str:
    return f'<a href="{escape(root)}/jobs/{quote(job_id, safe="")}">{escape(job_id)}</a>'


def _json(answer: Any) -> str:
    return f"<pre>{escape(json.dumps(answer, indent=2, ensure_ascii=False))}</pre>"


def _facts(document: dict[str, Any], attributes: dict[str, Any]) -> str:
    facts = {
        "Status": document.get("status"),
        "Operation": document.get("type"),
        "Owner": document.get("username"),
        "Started": _time(document.get("startTime")),
        "Ended": _time(document.get("endTime")),
        "Cancelled": "yes" if attributes.get("isCancelled") is True else None,
        "Mission": attributes.get("missionId"),
    }
    items = (f"<dt>{k}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items() if v is not None)
    return f"<dl>{''.join(items)}</dl>"


def _time(milliseconds: Any) -> str | None:
    # The upper bound is the year 9999, the last one that datetime knows.
    if not isinstance(milliseconds, int) or not 0 < milliseconds < 253_402_300_800_000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(" ", "milliseconds")


def _progress(attributes: dict[str, Any]) -> str:
    done, total = attributes.get("stepsCompleted"), attributes.get("totalSteps")
    if not isinstance(done, int) or not isinstance(total, int) or total <= 0:
        return ""
    bar = f'<progress id="steps" max="{total}" value="{done}"></progress>'
    return f'<p>{bar} <label for="steps">{done} of {total} steps</label></p>'


def _messages(document: dict[str, Any], attributes: dict[str, Any]) -> str:
    codes = attributes.get("messageCodes")
    codes = codes if isinstance(codes, list) else []
    rows = []
    for number, text in enumerate(document["messages"], start=1):
        code = codes[number - 1] if number <= len(codes) else ""
        cells = f"<td>{escape(str(code))}</td><td>{escape(str(text))}</td>"
        rows.append(f'<tr><th scope="row">{number}</th>{cells}</tr>')
    head = "".join(f'<th scope="col">{name}</th>' for name in ("No.", "Code", "Text"))
    return (
        f"<table><caption>Messages ({len(rows)})</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
