"""Whom we believe when we call out over TLS."""

import ssl


def client_context(ca_file: str | None) -> ssl.SSLContext:
    """A context for outgoing calls: the system's authorities, or only the one in `ca_file` (PEM) when it is given.

    Raises OSError (ssl.SSLError among them) when the file cannot be read or holds no certificate.
    """
    return ssl.create_default_context(cafile=ca_file or None)
