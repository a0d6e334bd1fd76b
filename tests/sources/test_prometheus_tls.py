"""A Prometheus endpoint behind TLS: the certificate is held against the name in the address."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from opsconsole.config.model import Prometheus
from opsconsole.domain.reading import Reading
from opsconsole.sources.base import SourceError
from opsconsole.sources.probe_tls import forget_contexts
from opsconsole.sources.prometheus import PrometheusSource
from tests.sources.servers import Authority, answer, serve

PAGE = answer(b"node_memory_SwapTotal_bytes 4\nnode_memory_SwapFree_bytes 1\n")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    forget_contexts()
    yield
    forget_contexts()


async def read(context: ssl.SSLContext, host: str = "localhost", *, verify: bool = True) -> Reading:
    async with serve(PAGE, tls=context) as server:
        url = f"https://{host}:{server.port}/metrics"
        source = PrometheusSource(Prometheus(id="web-1", url=url, verify=verify))
        try:
            return await source.poll()
        finally:
            await source.close()
            assert all(b"Host: " + f"{host}:{server.port}".encode() in request for request in server.requests)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_good_certificate_is_read_by_name_and_by_address(authority: Authority, host: str) -> None:
    reading = await read(authority.server(), host)
    assert [item.value for item in reading.measurements] == [0.75]


async def test_a_certificate_for_another_name_is_refused_although_the_address_is_right(
    authority: Authority,
) -> None:
    with pytest.raises(SourceError, match=r"^TLS: .*mismatch.*certificate of https://localhost"):
        await read(authority.server(["elsewhere.example"]))


async def test_an_expired_certificate_is_refused_and_said_to_be(authority: Authority) -> None:
    with pytest.raises(SourceError, match=r"^TLS: .* expired"):
        await read(authority.server(ends=-1))


async def test_any_certificate_will_do_where_verification_is_off(authority: Authority) -> None:
    reading = await read(authority.server(["elsewhere.example"], ends=-1), verify=False)
    assert not reading.failed
