"""What only the user can mend below HTTP, told with what to do: pure functions."""

from __future__ import annotations

import re
import socket
import ssl

from jobwidgets.errors import CertificateError, NoSuchHostError, ProtocolError, TransportError

# OpenSSL's X509_V_ERR_… (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/).
_TOO_EARLY, _TOO_LATE, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
_NO_TLS = frozenset(
    {
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNKNOWN_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
_NO_AGREEMENT = re.compile(
    "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|LEGACY_RENEG|HANDSHAKE_FAILURE|"
    "NO_SHARED_CIPHER|NO_CIPHERS|KEY_TOO_SMALL|MD_TOO_WEAK|INSUFFICIENT_SECURITY"
)
_OF_CLIENT = re.compile("ALERT.*(CERTIFICATE|UNKNOWN_CA)")
# What nginx, Apache, Tomcat and Go answer to plain http at a port of https.
_TLS_WANTED = re.compile(
    rb"to (an )?HTTPS (port|server)|SSL-enabled server port|port requires TLS", re.IGNORECASE
)
_STRICT = (
    "Python 3.13 and later ask for more than the authority's certificate has; "
    "http={'verify': …} takes an SSLContext without ssl.VERIFY_X509_STRICT"
)
HTTPS_WANTED = "the server speaks https at this port: write https:// in the URL"


def wants_https(body: bytes) -> bool:
    """Return whether a page says that http was spoken to a port of https."""
    return bool(_TLS_WANTED.search(body[:10_000]))


def users_problem(root: BaseException, reason: str, host: str) -> TransportError | None:
    """Return the error for what asking again does not mend; None for anything else.

    Parameters
    ----------
    root
        What was met at the bottom of all: of the socket's, the name's or TLS.
    reason
        Its text.
    host
        Whose name was looked up.
    """
    if "key usage" in reason:
        return CertificateError(f"{_short(reason)}: {_STRICT}")
    if isinstance(root, socket.gaierror):
        text = f"the host name {host} does not resolve"
        return NoSuchHostError(f"{text}: check it, or the network (a VPN, say)")
    if isinstance(root, ssl.SSLCertVerificationError):
        return CertificateError(_of_certificate(root))
    if isinstance(root, ssl.SSLError):
        return _of_handshake(root.reason or "", _short(reason))
    return None


def _of_certificate(root: ssl.SSLCertVerificationError) -> str:
    message = root.verify_message.rstrip(".")
    if root.verify_code == _TOO_LATE:
        return "the server's certificate has expired: ask its administrator for a new one"
    if root.verify_code == _TOO_EARLY:
        return "the server's certificate is not valid yet: check the clock of this machine"
    if root.verify_code in {_OTHER_NAME, _OTHER_ADDRESS}:
        text = f"the server's certificate is for another host ({message})"
        return f"{text}: write the name that it is for in the URL"
    text = f"the server's certificate is not trusted ({message})"
    return f"{text}: give http={{'verify': 'ca.pem'}}, the file of the authority that signed it"


def _of_handshake(reason: str, words: str) -> TransportError | None:
    if reason in _NO_TLS:
        text = "the server speaks no https at this port"
        return ProtocolError(f"{text}: write http:// in the URL, or another port")
    if _OF_CLIENT.search(reason):
        text = f"the server wants another certificate of the client ({words})"
        return CertificateError(f"{text}: give http={{'verify': an ssl.SSLContext that has it}}")
    if _NO_AGREEMENT.search(reason):
        text = f"Python and the server agree on no TLS ({words})"
        return ProtocolError(f"{text}: give http={{'verify': an ssl.SSLContext that allows it}}")
    return None


def _short(reason: str) -> str:
    """Return OpenSSL's words without its own names and lines."""
    return re.sub(r"^\[[^\]]*\] | \(_ssl\.c:\d+\)$", "", reason)
