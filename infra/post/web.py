"""Calls to addresses that people gave: never into the network that this process is in, unless a setting says so.

The name is looked up here, every address it has must be a public one, and the call goes to the very address that was
looked at, so that a name that changes between the two leads nowhere (DNS rebinding).
"""

import asyncio
import socket
from collections.abc import Mapping
from ipaddress import ip_address

import httpx

from infra.outbound import Away, Refused, Reply

PATIENCE = 10.0  # seconds for all of a call


class Http:
    """`private`: whether addresses that are not public may be called as well."""

    def __init__(self, private: bool, patience: float = PATIENCE) -> None:
        self._private, self._patience = private, patience
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        try:
            async with asyncio.timeout(self._patience):
                return await self._post(httpx.URL(url), headers, body)
        except TimeoutError as error:
            raise Away(f"nothing came back within {self._patience:.0f} s") from error
        except httpx.InvalidURL as error:
            raise Refused("this is no address") from error
        except httpx.HTTPError as error:
            raise Away(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Reply:
        if url.scheme not in ("http", "https"):
            raise Refused("only http and https are called")
        there = await self._looked_up(url.host, url.port or (443 if url.scheme == "https" else 80))
        if self._client is None:  # it belongs to the event loop of its first call
            self._client = httpx.AsyncClient(timeout=self._patience, trust_env=False, follow_redirects=False)
        request = self._client.build_request(
            "POST",
            url.copy_with(host=there),
            headers={**headers, "Host": url.netloc.decode()},
            content=body,
            extensions={"sni_hostname": url.host},
        )
        answer = await self._client.send(request, stream=True)  # what it says beside its status is not read
        await answer.aclose()
        wait = answer.headers.get("Retry-After", "")
        return Reply(answer.status_code, float(wait) if wait.isdecimal() and len(wait) < 6 else 0.0)

    async def _looked_up(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Away(f"{host} is not known: {error}") from error
        addresses = [str(each[4][0]) for each in found]
        if not self._private and not all(_is_public(each) for each in addresses):
            raise Refused("this address is not a public one")
        return addresses[0]


def _is_public(address: str) -> bool:
    """Whether it is out on the internet: not this machine, its network, the cloud's own addresses, or many at once."""
    one = ip_address(address.partition("%")[0])
    inner = getattr(one, "ipv4_mapped", None) or getattr(one, "sixtofour", None)
    if inner is not None and not inner.is_global:
        return False
    nat64 = one.version == 6 and one.packed[:12] == bytes.fromhex("0064ff9b0000000000000000")
    if nat64 and not ip_address(one.packed[12:]).is_global:
        return False
    return one.is_global and not one.is_multicast
