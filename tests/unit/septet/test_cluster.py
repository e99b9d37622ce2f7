"""The programs of a cluster on one machine."""

from infra.settings import Engine, Settings
from septet.cluster import programs


def settings(payments: str = "") -> Settings:
    return Settings(_env_file=None, engine=Engine.CLUSTER, payments=payments)


def test_a_payment_gateway_of_its_own_where_none_is_set() -> None:
    gateway, api, payments = programs(settings(), {"api": 1, "payments": 1})
    assert [each.name for each in (gateway, api, payments)] == ["payment-gateway", "api.0", "payments.0"]
    url = payments.environment["SEPTET_PAYMENTS"]
    assert url.rpartition(":")[2] in gateway.command
    secrets = {each.environment["SEPTET_PAYMENTS_SECRET"] for each in (gateway, api, payments)}
    assert len(secrets) == 1  # the API believes what the gateway signs


def test_none_where_one_is_set_or_nobody_pays() -> None:
    for found in (
        programs(settings("http://127.0.0.1:1"), {"payments": 2}),
        programs(settings(), {"commands": 2}),
    ):
        assert "payment-gateway" not in [each.name for each in found]
        assert len(found) == 2
