"""Log lines: structured, one event a line, for people or for machines."""

import logging
from typing import TextIO

import structlog

from infra.correlation import correlated


def configure(level: str, as_json: bool, to: TextIO | None = None) -> None:
    """Sets structlog and the standard library's loggers up for this process; lines go to stdout, or `to`."""
    number = logging.getLevelName(level.upper())
    # The console's default for exceptions takes a second and prints every local variable, secrets among them.
    for_people = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = structlog.processors.JSONRenderer() if as_json else for_people
    adding: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        correlated,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        *([structlog.processors.format_exc_info] if as_json else []),
    ]
    structlog.configure(
        processors=[*adding, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(to)  # what libraries say
    named: list[structlog.typing.Processor] = [structlog.stdlib.add_logger_name, *adding]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=named,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])
