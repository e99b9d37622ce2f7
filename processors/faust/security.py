"""The security settings of a Kafka client, in librdkafka's words, as what Faust takes."""

import ssl
from collections.abc import Mapping

from faust.auth import Credentials, SASLCredentials, SSLCredentials

KNOWN = {
    "security.protocol",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "sasl.password",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
}


def credentials_of(security: Mapping[str, str]) -> Credentials | None:
    """Faust's credentials, None for plain text. Raises ValueError for what only librdkafka can do."""
    if unknown := security.keys() - KNOWN:
        raise ValueError(f"Faust does not know {', '.join(sorted(unknown))}; `septet worker --plain` does")
    match security.get("security.protocol", "plaintext").upper():
        case "PLAINTEXT":
            return None
        case "SSL":
            return SSLCredentials(_context(security))
        case "SASL_PLAINTEXT":
            return _sasl(security, None)
        case "SASL_SSL":
            return _sasl(security, _context(security))
        case other:
            raise ValueError(f"there is no security.protocol {other!r}")


def _sasl(security: Mapping[str, str], context: ssl.SSLContext | None) -> SASLCredentials:
    mechanism = security.get("sasl.mechanism") or security.get("sasl.mechanisms") or "PLAIN"
    return SASLCredentials(
        username=security.get("sasl.username"),
        password=security.get("sasl.password"),
        mechanism=mechanism,
        ssl_context=context,
    )


def _context(security: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=security.get("ssl.ca.location"))
    if certificate := security.get("ssl.certificate.location"):
        context.load_cert_chain(certificate, security.get("ssl.key.location"), security.get("ssl.key.password"))
    context.check_hostname = security.get("ssl.endpoint.identification.algorithm", "https") != "none"
    return context
