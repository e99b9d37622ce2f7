"""Log lines as in production: the library's own default renders every failure for seconds."""

from infra.logging import configure

configure("INFO", as_json=False)
