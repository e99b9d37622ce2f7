"""Settings: how durations are written, and what is refused."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from infra.settings import Settings


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        ("90s", 90),
        ("500ms", 0.5),
        ("15m", 900),
        ("1.5h", 5_400),
        (" 24 h ", 86_400),
        ("7d", 604_800),
        ("PT90S", 90),
        ("PT2M", 120),
        ("P1DT1H", 90_000),
    ],
)
def test_a_duration_in_the_environment(given: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEPTET_STALLED_AFTER", given)
    monkeypatch.setenv("SEPTET_ACCESS_TOKEN_LIFE", given)
    settings = Settings()
    assert settings.stalled_after == settings.access_token_life == timedelta(seconds=seconds)


@pytest.mark.parametrize("given", ["", "soon", "90 sec", "-90s", "0", "0s", "-PT90S", "15 minutes ago", "h"])
def test_what_is_no_duration_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEPTET_STALLED_AFTER", given)
    with pytest.raises(ValidationError, match="stalled_after"):
        Settings()


def test_secrets_are_in_no_text_about_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "none of your business"
    names = ("SECRET", "PAYMENTS_SECRET", "CASSANDRA_PASSWORD", "BLOBS_SECRET")
    for name in names:
        monkeypatch.setenv(f"SEPTET_{name}", secret)
    monkeypatch.setenv("SEPTET_KAFKA_SECURITY", json.dumps({"sasl.password": secret}))
    settings = Settings(_env_file=None)
    assert settings.kafka_security["sasl.password"] == settings.secret.get_secret_value() == secret
    assert secret not in f"{settings} {settings!r}"


@pytest.mark.parametrize(
    "given",
    ['{"sasl.password": ["none of your business"]}', '{"sasl.password": "none of your business"', '["none of"]'],
)
def test_what_is_wrong_with_a_secret_setting_is_said_without_it(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEPTET_KAFKA_SECURITY", given)
    with pytest.raises(ValueError, match="kafka_security") as error:
        Settings(_env_file=None)
    assert "none of" not in str(error.value)
