"""Certificates of an authority of our own, made by the `openssl` command."""

import ssl
import subprocess
from pathlib import Path

_DAYS = "2"
# Python >= 3.13 (ssl.VERIFY_X509_STRICT) refuses an authority that does not say so.
_KEY_USAGE = "keyUsage=critical,keyCertSign,cRLSign"


class Certificates:
    """An authority, a server's certificate for localhost, and a client's.

    Parameters
    ----------
    folder
        Where the files are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        authority = ("-subj", "/CN=Test authority", "-addext", _KEY_USAGE, "-days", _DAYS)
        self._openssl("req", "-x509", *_key("ca"), "-out", "ca.pem", *authority)
        self._sign("server", "subjectAltName=DNS:localhost")
        self._sign("client", "subjectAltName=DNS:client")
        self.ca = folder / "ca.pem"

    def ca_folder(self) -> Path:
        """Return a folder that OpenSSL finds the authority in."""
        folder = self._folder / "authorities"
        folder.mkdir(exist_ok=True)
        (folder / f"{self._openssl('x509', '-hash', '-noout', '-in', 'ca.pem')}.0").write_bytes(
            self.ca.read_bytes()
        )
        return folder

    def server_context(self, *, asks_for_client: bool = False) -> ssl.SSLContext:
        """Return what a server for localhost needs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.ca)
        context.verify_mode = ssl.CERT_REQUIRED if asks_for_client else ssl.CERT_NONE
        return self._with_certificate(context, "server")

    def context_of_another_host(self) -> ssl.SSLContext:
        """Return what a server needs that shows a certificate for another host."""
        return self._with_certificate(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), "client")

    def expired_context(self) -> ssl.SSLContext:
        """Return what a server for localhost needs that shows a certificate of yesterday."""
        if not (self._folder / "expired.pem").exists():
            self._sign("expired", "subjectAltName=DNS:localhost", days="-1")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        return self._with_certificate(context, "expired")

    def client_context(self) -> ssl.SSLContext:
        """Return what a client with a certificate of its own gives as `verify`."""
        return self._with_certificate(ssl.create_default_context(cafile=self.ca), "client")

    def _with_certificate(self, context: ssl.SSLContext, name: str) -> ssl.SSLContext:
        context.load_cert_chain(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        return context

    def _sign(self, name: str, extension: str, days: str = _DAYS) -> None:
        (self._folder / f"{name}.ext").write_text(extension, encoding="ascii")
        self._openssl("req", *_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days)
        files = ("-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.ext")
        self._openssl("x509", "-req", *authority, *files)

    def _openssl(self, *arguments: str) -> str:
        command = ["openssl", *arguments]
        done = subprocess.run(
            command, cwd=self._folder, check=True, capture_output=True, timeout=60, text=True
        )
        return done.stdout.strip()


def _key(name: str) -> tuple[str, ...]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    return (*curve, "-nodes", "-keyout", f"{name}.key")
