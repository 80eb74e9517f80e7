"""A throw-away certificate authority, made with the openssl program.

One directory holds the CA; every certificate is a pair of files in a directory
of the caller's. Keys are EC P-256: fast to make, and the stock master takes them.
"""

import dataclasses
import datetime
import os
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Certificate:
    """A certificate, its key and the CA that a peer with it trusts."""

    certificate: pathlib.Path
    key: pathlib.Path
    ca: pathlib.Path


_CONFIG = """
[ca]
default_ca = lab
[lab]
new_certs_dir = {directory}/issued
database = {directory}/index.txt
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = optional
organizationName = optional
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


def _openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(map(str, args))}: {done.stderr.strip()}")


def _stamp(moment):
    return moment.strftime("%Y%m%d%H%M%SZ")


class CertificateAuthority:
    """Signs with its own key; `directory` is made and belongs to this object."""

    def __init__(self, directory, name="Laboratory CA"):
        self.directory = pathlib.Path(directory)
        (self.directory / "issued").mkdir(parents=True)
        (self.directory / "index.txt").touch()
        self.config = self.directory / "openssl.cnf"
        self.config.write_text(_CONFIG.format(directory=self.directory))
        self.key = self.directory / "ca.key"
        self.certificate = self.directory / "ca.crt"
        self._make_key(self.key)
        _openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", "30", "-sha256", "-out", self.certificate,
                 "-config", self.config, "-extensions", "authority")

    @staticmethod
    def _make_key(path):
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        os.chmod(path, 0o600)

    def issue(self, directory, common_name, *, file_name=None, dns=None, days_from=-1, days_to=30):
        """Signs a certificate for `common_name` (None: a subject without a CN) and puts NAME.crt, NAME.key and ca.crt
        into `directory`. `dns` are the DNS names (default: the CN, as Icinga's own CA does; an empty list: none).
        The validity is counted in days from now."""
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        stem = file_name or common_name
        certificate, key, request = (directory / f"{stem}{suffix}" for suffix in (".crt", ".key", ".csr"))
        self._make_key(key)
        subject = f"/CN={common_name}" if common_name else "/O=A subject without a common name"
        _openssl("req", "-new", "-key", key, "-subj", subject, "-out", request, "-config", self.config)
        names = [common_name] if dns is None and common_name else dns or []
        extensions = directory / f"{stem}.ext"
        lines = ["basicConstraints = critical,CA:FALSE"]
        if names:
            lines.append("subjectAltName = " + ",".join(f"DNS:{name}" for name in names))
        extensions.write_text("\n".join(lines) + "\n")
        now = datetime.datetime.now(datetime.timezone.utc)
        _openssl("ca", "-batch", "-notext", "-config", self.config, "-keyfile", self.key, "-cert", self.certificate, "-in", request,
                 "-out", certificate, "-extfile", extensions, "-startdate", _stamp(now + datetime.timedelta(days=days_from)),
                 "-enddate", _stamp(now + datetime.timedelta(days=days_to)))
        request.unlink()
        extensions.unlink()
        return self._with_ca(directory, certificate, key)

    def self_signed(self, directory, common_name):
        """A certificate that nobody but its own key has signed; its holder trusts this CA."""
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        certificate, key = directory / f"{common_name}.crt", directory / f"{common_name}.key"
        self._make_key(key)
        _openssl("req", "-x509", "-new", "-key", key, "-subj", f"/CN={common_name}", "-days", "30", "-addext",
                 f"subjectAltName=DNS:{common_name}", "-out", certificate)
        return self._with_ca(directory, certificate, key)

    def _with_ca(self, directory, certificate, key):
        ca = directory / "ca.crt"
        if not ca.exists():
            ca.write_bytes(self.certificate.read_bytes())
        return Certificate(certificate, key, ca)
