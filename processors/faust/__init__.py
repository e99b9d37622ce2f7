"""Faust as a feeder of streams: one app per consumer, with the repairs that transactional topics need."""

from processors.faust.app import Cluster
from processors.faust.worker import WorkerFailed, run

__all__ = ["Cluster", "WorkerFailed", "run"]
