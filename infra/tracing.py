"""Spans of OpenTelemetry from request to read model, where an exporter is set; else one look at an attribute.

What comes before travels as W3C Trace Context in `traceparent`: a header of requests, commands and events alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from infra.log import Record

_carried = TraceContextTextMapPropagator()
_tracer: Tracer | None = None  # None: nothing is traced

SERVER, PRODUCER, CONSUMER = SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER
Attributes = Mapping[str, str | int]


class Handling(Protocol):
    """The spans of a batch that is handled."""

    def writing(self) -> AbstractContextManager[None]:
        """Spans of what is written of it, for as long as the block runs."""


class _Untraced:
    def writing(self) -> AbstractContextManager[None]:
        return _nothing


_nothing = nullcontext()
_untraced = nullcontext(_Untraced())


def use(tracer: Tracer | None) -> None:
    """Has everything in this process traced by `tracer`; None ends it."""
    global _tracer
    _tracer = tracer


def export(endpoint: str, service: str, instance: int) -> None:
    """Sends the spans of this process to an OTLP/HTTP collector such as `http://localhost:4318`; "" does nothing.

    What else there is to set (headers, sampling, attributes) is read by the SDK from its own OTEL_… variables.
    """
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = {"service.name": service, "service.namespace": "septet", "service.instance.id": f"{service}.{instance}"}
    provider = TracerProvider(resource=Resource.create(about))  # sends what is left when the process ends
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    use(provider.get_tracer("septet"))


def traced() -> bool:
    """Whether anything is traced in this process."""
    return _tracer is not None


def span(name: str, kind: SpanKind, before: str, attributes: Attributes) -> AbstractContextManager[str]:
    """A span that follows from the traceparent `before`, else from the span that the caller is in, if any.

    Yields the traceparent of what follows from it.
    """
    if _tracer is None:
        return nullcontext(before)
    return _span(_tracer, name, kind, before, attributes)


def note(name: str, attributes: Attributes) -> None:
    """Says of the span that the caller is in what was not known at its beginning."""
    current = trace.get_current_span()
    current.update_name(name)
    current.set_attributes(attributes)


def handling(consumer: str, records: Sequence[Record]) -> AbstractContextManager[Handling]:
    """A span for each record of a batch whose chain is traced, all for as long as the block runs."""
    if _tracer is None:
        return _untraced
    return _handling(_tracer, consumer, records)


@contextmanager
def _span(tracer: Tracer, name: str, kind: SpanKind, before: str, attributes: Attributes) -> Iterator[str]:
    with tracer.start_as_current_span(name, _context(before) if before else None, kind, attributes):
        carrier: dict[str, str] = {}
        _carried.inject(carrier)
        yield carrier.get("traceparent", before)


def _context(traceparent: str) -> Context:
    return _carried.extract({"traceparent": traceparent}, Context())


class _Batch:
    def __init__(self, tracer: Tracer, consumer: str, contexts: Sequence[Context]) -> None:
        self._tracer, self._consumer, self._contexts = tracer, consumer, contexts

    @contextmanager
    def writing(self) -> Iterator[None]:
        begun = [self._tracer.start_span(f"{self._consumer} write", each) for each in self._contexts]
        with _ended(begun):
            yield


@contextmanager
def _handling(tracer: Tracer, consumer: str, records: Sequence[Record]) -> Iterator[Handling]:
    begun = []
    for each in records:
        if before := each.headers.get("traceparent"):
            about: dict[str, str | int] = {
                "messaging.system": "kafka",
                "messaging.destination.name": each.topic,
                "messaging.destination.partition.id": str(each.partition),
                "messaging.kafka.offset": each.offset,
                "messaging.consumer.group.name": consumer,
                "septet.type": each.headers.get("ce_type", b"").decode(errors="replace"),
            }
            context = _context(before.decode(errors="replace"))
            begun.append(tracer.start_span(f"{consumer} process", context, CONSUMER, about))
    with _ended(begun):
        yield _Batch(tracer, consumer, [trace.set_span_in_context(each, Context()) for each in begun])


@contextmanager
def _ended(spans: Sequence[trace.Span]) -> Iterator[None]:
    """Ends the spans with the block, and says in them what has broken it off."""
    try:
        yield
    except BaseException as error:
        for each in spans:
            each.set_status(StatusCode.ERROR, repr(error))
        raise
    finally:
        for each in spans:
            each.end()
