"""What only the operator's command line can do: it acts as the system itself."""

import typer

from api.secrets import Secrets
from domain.identity.person import GrantRole
from domain.kernel import Actor
from producers.gateway import Gateway, Pending
from projections.identity import People
from septet.composition import House

OPERATOR = Actor("system", "operator")


async def grant(house: House, name: str) -> str:
    """Makes a registered person an operator; says what to do next."""
    person = await People(house.tables).holder(Secrets(house.secret).claim("name", name))
    if person is None:
        raise typer.BadParameter(f"nobody is registered as {name!r}")
    gateway = Gateway(house.catalogue, house.codec, house.log, house.settings.gateways - 1)  # the last is kept for us
    await gateway.start()
    try:
        await gateway.submit(GrantRole("operator"), str(person), OPERATOR)
    except Pending:
        return "It is on the log. It takes effect as soon as a command processor runs (`septet run`)."
    finally:
        await gateway.close()
    return f"{name} is an operator from the next sign-in on."
