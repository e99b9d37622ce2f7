"""All roles of the cluster engine as processes of this machine."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from secrets import token_urlsafe

from infra.local.ports import free_port
from infra.settings import Settings
from infra.supervisor import Program, Supervisor
from septet.composition import CONSUMERS

ROLES = ("api", "commands", *CONSUMERS)


def programs(settings: Settings, counts: Mapping[str, int]) -> list[Program]:
    """The programs of the roles in `counts`, that many of each: slots from 0 on, and ports one after the other.

    Where no payment gateway is set, the local one is a program of its own, and the roles are told where it is.
    """
    gateway, shared = _local_gateway(settings) if "payments" in counts and not settings.payments else ([], {})
    found = gateway
    for role, count in counts.items():
        for slot in range(count):
            verb = ["api"] if role == "api" else ["worker", role]
            environment = {
                **os.environ,
                **shared,
                "SEPTET_ENGINE": "cluster",
                "SEPTET_SLOT": str(slot),
                "SEPTET_PORT": str(settings.port + slot),
                "PYTHONUNBUFFERED": "1",
            }
            if settings.metrics_port:
                environment["SEPTET_METRICS_PORT"] = str(settings.metrics_port + len(found))
            found.append(Program(f"{role}.{slot}", [sys.executable, "-m", "septet", *verb], environment))
    return found


def _local_gateway(settings: Settings) -> tuple[list[Program], dict[str, str]]:
    """The local payment gateway, and what the others have to know of it."""
    port, secret = free_port(), token_urlsafe(24)
    news = f"http://{settings.host}:{settings.port}/parking/gateway/news"
    command = [sys.executable, "-m", "infra.payment_gateway", "--port", str(port), "--webhook", news]
    environment = {**os.environ, "SEPTET_PAYMENTS_SECRET": secret, "PYTHONUNBUFFERED": "1"}
    shared = {"SEPTET_PAYMENTS": f"http://127.0.0.1:{port}", "SEPTET_PAYMENTS_SECRET": secret}
    return [Program("payment-gateway", command, environment)], shared


def run(programs: Sequence[Program]) -> None:
    """Keeps them running until SIGTERM or SIGINT; what they say goes to the standard output, with their names."""
    width = max(len(each.name) for each in programs)
    asyncio.run(_run(Supervisor(programs, lambda name, line: print(f"{name:{width}} | {line}", flush=True))))


async def _run(supervisor: Supervisor) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, supervisor.stop)
    await supervisor.run()
