"""A collector of spans (OTLP over HTTP) that keeps those of the traces it was told to watch."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE = 120.0  # seconds


@dataclass(frozen=True)
class Spanned:
    service: str
    name: str
    id: bytes
    parent: bytes


class Collector:
    """What was sent to it, by trace."""

    def __init__(self) -> None:
        self.url = ""
        self._kept: dict[bytes, list[Spanned]] = defaultdict(list)
        self._watched: set[bytes] = set()

    def watch(self, trace: bytes) -> None:
        self._watched.add(trace)

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    if span.trace_id in self._watched:
                        one = Spanned(about["service.name"], span.name, span.span_id, span.parent_span_id)
                        self._kept[span.trace_id].append(one)

    def wait(self, trace: bytes, enough: Callable[[Sequence[Spanned]], bool]) -> Sequence[Spanned]:
        """The spans of a trace as soon as there are enough of them; those that there are where it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not enough(self._kept[trace]) and time.monotonic() < deadline:
            time.sleep(0.05)
        return tuple(self._kept[trace])


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port for as long as the block runs."""
    collector = Collector()

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                collector.take(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
