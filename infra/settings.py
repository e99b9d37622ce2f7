"""What can be set, by environment variables that begin with SEPTET_ or in a file `.env`; secrets come from there."""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def duration(given: object) -> object:
    """The time that `90`, `90s`, `15m`, `24h`, `7d` or `500ms` means; anything else is left to pydantic (ISO 8601)."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)\s*", given) if isinstance(given, str) else None
    return given if found is None else timedelta(seconds=float(found[1]) * UNITS[found[2]])


Duration = Annotated[timedelta, BeforeValidator(duration), Field(gt=timedelta(0))]


class Engine(StrEnum):
    """What Septet stands on."""

    EMBEDDED = "embedded"  # SQLite: one process, one machine
    CLUSTER = "cluster"  # Kafka and Cassandra: any number of processes


class Settings(BaseSettings):
    """Every setting with its default; `docs/operations.md` tells what each is for."""

    model_config = SettingsConfigDict(
        env_prefix="SEPTET_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    engine: Engine = Engine.EMBEDDED
    data: Path = Field(Path("data"), description="Where the embedded log, tables, blobs and workers' stores lie.")
    slot: int = Field(0, ge=0, description="Which process of its role this is; no two of a role may share one.")
    partitions: int = Field(12, ge=1, le=1024, description="Of each topic; chosen once, it never changes.")
    gateways: int = Field(16, ge=1, le=4096, description="How many API processes there can ever be at once.")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)

    proxies: str = Field("127.0.0.1", description="Reverse proxies whose X-Forwarded-… headers are believed.")

    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers.")
    kafka_security: dict[str, str] = Field(
        default_factory=dict, repr=False, description="Passed to the Kafka client: security.protocol, sasl.…, ssl.…"
    )
    kafka_replication: int = Field(1, ge=1, le=9)
    cassandra: list[str] = Field(default=["127.0.0.1"], description="Contact points.")
    cassandra_port: int = Field(9042, ge=1, le=65535)
    cassandra_datacenter: str = Field("", description="The local one; needed where there are several.")
    cassandra_keyspace: str = Field("septet", pattern=r"^[a-z][a-z0-9_]{0,47}$")
    cassandra_replication: int = Field(1, ge=1, le=9)
    cassandra_user: str = ""
    cassandra_password: SecretStr = SecretStr("")
    cassandra_ca: Path | None = Field(None, description="Certificates to trust; connections are encrypted where set.")
    cassandra_certificate: Path | None = Field(None, description="Our own, with its key, where nodes ask for one.")
    blobs_bucket: str = Field("", description="An S3 bucket; a folder under `data` where it is empty.")
    blobs_endpoint: str = Field("", description="Of another S3 than Amazon's.")
    blobs_region: str = "us-east-1"
    blobs_key: str = ""
    blobs_secret: SecretStr = SecretStr("")

    secret: SecretStr = Field(
        SecretStr(""), description="Signs tokens and hides names in keys; made and kept under `data` where it is empty."
    )
    access_token_life: Duration = timedelta(minutes=10)
    password_memory: int = Field(
        65_536, ge=64, le=4_194_304, description="KiB that hashing a password takes: the more, the dearer is guessing."
    )
    code_sender: str = Field("log", description="How one-time codes go out: `log`, or the URL of a webhook.")

    framed_by: str = Field(
        "",
        pattern=r"^(\*|https?://[\w.:*-]+( https?://[\w.:*-]+)*)?$",
        description="Sites that may show public booking pages in a frame: origins, or `*` for all; empty: none.",
    )

    payments: str = Field("", description="URL of the payment gateway; where it is empty, no real money moves.")
    payments_secret: SecretStr = Field(SecretStr(""), description="Signs the payment gateway's webhooks.")

    video: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="A server for video meetings whose rooms are opened by their address, such as Jitsi Meet.",
    )

    google_client: str = Field("", description="The client id of this installation at Google, for calendars there.")
    google_secret: SecretStr = SecretStr("")
    outlook_client: str = Field("", description="The same at Microsoft (Entra ID), for calendars of Outlook.")
    outlook_secret: SecretStr = SecretStr("")
    calendars: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="A server that stands in for both, such as `python -m infra.local_calendars`.",
    )
    calendars_every: Duration = Field(
        timedelta(minutes=1), description="How long a connected calendar rests between two looks at it."
    )

    url: str = Field("", description="Where people reach this installation: links in mails begin with it.")
    mail: str = Field("", description="The mail server; where it is empty, mails are files in a folder under `data`.")
    mail_password: SecretStr = SecretStr("")
    mail_from: str = Field("septet@localhost.localdomain", description="The address that mails come from.")
    outbound_private: bool = Field(
        False,
        description="Whether webhooks and pushes may go to addresses that are not public: for tests and intranets.",
    )

    stalled_after: Duration = Field(
        timedelta(seconds=60),
        description="When a worker in which nothing happens, or whose partitions stand still, ends itself.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Where a worker of its own process serves its metrics; 0: nowhere."
    )
    metrics_host: str = Field("127.0.0.1", description="The address it serves them at.")
    otlp: str = Field(
        "",
        validation_alias=AliasChoices("SEPTET_OTLP", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="Where spans go (OTLP over HTTP), such as http://localhost:4318; nowhere where it is empty.",
    )
    log_level: str = "INFO"
    log_json: bool = Field(False, description="One JSON object a line, for machines.")
