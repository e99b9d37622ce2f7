"""The log port on a SQLite file: for one machine, with the order, delivery and atomicity of the cluster's log."""

from infra.embedded.log.log import EmbeddedLog

__all__ = ["EmbeddedLog"]
