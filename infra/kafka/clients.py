"""How our clients talk to the brokers: the settings they share, and what their errors mean to us."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException

log = structlog.get_logger(__name__)

Settings = dict[str, Any]  # names and values of librdkafka, callbacks among them

QUIET = 10.0  # seconds between two log lines about the same silent brokers

# A broker that is away, starting or handing over: it will answer later.
PASSING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._DESTROY_BROKER,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._PURGE_INFLIGHT,
        KafkaError._PURGE_QUEUE,
        KafkaError._QUEUE_FULL,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._TRANSPORT,
        KafkaError._WAIT_CACHE,
        KafkaError._WAIT_COORD,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.INVALID_REPLICATION_FACTOR,  # not all brokers have come up yet
        KafkaError.KAFKA_STORAGE_ERROR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.NOT_CONTROLLER,
        KafkaError.NOT_COORDINATOR,
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.FENCED_LEADER_EPOCH,
    }
)

# Access rights that someone has to grant: waiting does not help.
FORBIDDEN = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)


def error_of(failure: KafkaException) -> KafkaError:
    """The error inside an exception of the client library."""
    error: KafkaError = failure.args[0]
    return error


def is_fatal(error: KafkaError) -> bool:
    """Whether the client that met this error can never be used again (a consumer says so only by the code)."""
    return error.fatal() or error.code() == KafkaError._FATAL


def is_passing(error: KafkaError) -> bool:
    return error.code() in PASSING or error.retriable()


def shared_settings(bootstrap: str, security: Mapping[str, str]) -> Settings:
    """What every client is given: where the brokers are, how to be let in, and how to speak of trouble."""
    return {
        "bootstrap.servers": bootstrap,
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 2_000,
        # A broker that is frozen, or whose machine is gone, refuses nothing: only this tells. By itself it is 60 s.
        "socket.timeout.ms": 10_000,
        "log.connection.close": False,
        "log_level": 4,  # warnings
        "logger": _librdkafka,
        **security,
    }


def telling(client: str) -> Callable[[KafkaError], None]:
    """An error callback that says, now and then, which client waits for which silence."""
    last = -QUIET

    def tell(error: KafkaError) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            log.warning("kafka trouble, waiting for it to pass", client=client, error=str(error))

    return tell


def _of_interest(line: logging.LogRecord) -> bool:
    """Drops what the library writes again and again while brokers are away: `telling` says it now and then."""
    return not (isinstance(line.args, tuple) and line.args[0] in ("FAIL", "ERROR", "METADATAUPDATE", "REQTMOUT"))


_librdkafka = logging.getLogger("librdkafka")
_librdkafka.addFilter(_of_interest)
