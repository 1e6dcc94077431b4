"""Faults on the way to the job: redirects, and tokens that expire."""

from __future__ import annotations

from faults.behaviours import answers
from faults.exchange import well
from faults.fault import ending, harmless, permanent, transient, unauthorised
from faults.faults_of_bodies import PAGE
from faults.faults_of_refusals import UNKNOWN_JOB
from faults.scenes import (
    expiring,
    is_provider_asked,
    providing_slowly,
    redirecting,
    redirecting_to_a_stranger,
)
from faults.stage import NEW_TOKEN, OLD_TOKEN, SICK
from jobwidgets._model.snapshot import Status
from jobwidgets.errors import (
    BodyError,
    CertificateError,
    DocumentError,
    RefusedError,
    TransportError,
)

_LOGIN = "/portal/sharing/rest/login?return=/jobs"
_REDIRECTS = (
    permanent(
        "redirect in a loop",
        answers(status=302, Location=f"/arcgis/rest/jobs/{SICK}"),
        RefusedError,
        "more than 5 times",
    ),
    permanent(
        "redirect 307 in a loop",
        answers(status=307, Location="?again"),
        RefusedError,
        "more than 5 times",
    ),
    permanent("redirect to nowhere", answers(status=301, Location=""), RefusedError),
    permanent(
        "redirect with a token",
        answers(status=308, Location=f"?token={OLD_TOKEN}"),
        RefusedError,
        "more than 5 times",
    ),
    permanent(
        "redirect to another port",
        redirecting("http"),
        RefusedError,
        "another host, http://localhost:",
    ),
    permanent(
        "redirect to another host",
        answers(status=302, Location="http://elsewhere.invalid/jobs/sick"),
        RefusedError,
        "another host, http://elsewhere.invalid:80",
    ),
    permanent(
        "redirect to ftp",
        answers(status=302, Location="ftp://localhost/jobs/sick"),
        RefusedError,
        "not followed",
    ),
    permanent(
        "redirect to a script",
        answers(status=302, Location="javascript:alert(1)"),
        RefusedError,
        "redirected",
    ),
    permanent(
        "redirect to a broken URL",
        answers(status=302, Location="http://[::1"),
        RefusedError,
        "redirected",
    ),
    permanent(
        "redirect to port 99999",
        answers(status=302, Location="http://localhost:99999/"),
        RefusedError,
        "redirected",
    ),
    permanent(
        "redirect to another job",
        answers(status=302, Location="/arcgis/rest/jobs/well"),
        DocumentError,
        "found job well",
    ),
    ending(
        "redirect to what is not found",
        answers(status=302, Location="/home"),
        Status.GONE,
        **UNKNOWN_JOB,
    ),
    permanent(
        "redirect to https with a wrong certificate",
        redirecting_to_a_stranger,
        CertificateError,
        "is not trusted",
    ),
    permanent(
        "redirect from https to http",
        redirecting("http"),
        RefusedError,
        "another host, http://localhost:",
        tls=True,
    ),
    transient("redirect without a place", answers(PAGE, 302), BodyError, "a page"),
    unauthorised(
        "redirect to sign in", answers(status=302, Location=_LOGIN), "sign in at localhost"
    ),
    unauthorised(
        "redirect to sign in elsewhere",
        answers(status=302, Location="https://portal.invalid/oauth2/authorize"),
        "sign in at portal.invalid",
    ),
    harmless(
        "redirect once",
        lambda exchange: (
            well if "moved" in exchange.request.target else answers(status=302, Location="?moved=1")
        )(exchange),
    ),
)

_TOKENS = (
    harmless("token expires, provider renews it", expiring(NEW_TOKEN), provides=True),
    unauthorised(
        "token expires, provider gives the same",
        expiring(OLD_TOKEN),
        "498 Invalid token.",
        provides=True,
    ),
    unauthorised(
        "token expires, provider gives none", expiring(None), "gave no token", provides=True
    ),
    unauthorised(
        "token expires, provider gives two lines", expiring("a\nb"), "gave no token", provides=True
    ),
    transient(
        "token expires, provider breaks",
        expiring(OSError(OLD_TOKEN)),
        TransportError,
        "provider failed: OSError",
        provides=True,
    ),
    harmless(
        "token expires, provider hangs",
        providing_slowly,
        is_seen=is_provider_asked,
        provides=True,
        hangs=False,
        also_at_first_sight=False,
    ),
)

ACCESS = (*_REDIRECTS, *_TOKENS)
