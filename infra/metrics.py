"""What this process counts and times, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

COMMANDS_DECIDED = Counter("septet_commands_decided", "Commands answered by this command processor.")
COMMANDS_ABORTED = Counter(
    "septet_commands_aborted", "Commands whose transaction was aborted and that were read again."
)
COMMANDS_DEAD = Counter("septet_commands_dead", "Records of command topics that could not be read as a command.")
COMMAND_BATCH_SECONDS = Histogram(
    "septet_command_batch_seconds", "From the first decision to the commit.", buckets=_FAST
)

GATEWAY_SECONDS = Histogram("septet_gateway_seconds", "From a command's submission to its answer.", buckets=_FAST)
GATEWAY_WAITING = Gauge("septet_gateway_waiting", "Commands that were sent and not yet answered.")

EVENTS_HANDLED = Counter("septet_events_handled", "Events handled.", ["consumer"])
EVENTS_REPEATED = Counter(
    "septet_events_repeated", "Events dropped because they had been handled before.", ["consumer"]
)
EVENT_GAPS = Counter(
    "septet_event_gaps", "Times the next event was not the expected one and was read again.", ["consumer"]
)
EVENTS_PARKED = Counter("septet_events_parked", "Events that went to the dead letters.", ["consumer"])
HANDLER_RETRIES = Counter("septet_handler_retries", "Repeated attempts to handle a batch.", ["consumer"])

DELIVERIES = Counter("septet_deliveries", "Notices that went out, by channel and outcome.", ["channel", "outcome"])

# How the whole installation is, as every API process sees it when it is asked.
CONSUMER_LAG = Gauge("septet_consumer_lag_events", "Events that wait.", ["consumer", "topic", "partition"])
CONSUMER_LAG_SECONDS = Gauge(
    "septet_consumer_lag_seconds", "Since the oldest of them was written.", ["consumer", "topic", "partition"]
)
PARKED_KEYS = Gauge("septet_parked_keys", "Keys whose events wait as dead letters.", ["consumer"])
WORKER_SILENT = Gauge("septet_worker_silent_seconds", "Since a worker was last seen going on.", ["role", "slot"])
