"""Partitioning agrees with Kafka's own clients."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.partitioning import murmur2, partition_of


# From Kafka's org.apache.kafka.common.utils.UtilsTest.testMurmur2, as signed 32-bit numbers.
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_kafkas(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected % 2**32


@given(st.binary(max_size=40), st.integers(1, 100))
def test_a_key_has_one_partition_in_range(key: bytes, partitions: int) -> None:
    chosen = partition_of(key, partitions)

    assert 0 <= chosen < partitions
    assert chosen == partition_of(bytes(bytearray(key)), partitions)


def test_keys_spread_over_all_partitions() -> None:
    chosen = [partition_of(b"conversation/%d" % n, 12) for n in range(12_000)]

    assert all(800 < chosen.count(partition) < 1200 for partition in range(12))
