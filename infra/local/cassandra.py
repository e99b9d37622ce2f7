"""A Cassandra 5 node (a cluster of one) as a process of this machine."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.artifacts import compilation, jars, java
from infra.local.ports import free_port
from infra.local.server import Server

VERSION = "5.0.5"
ARTIFACTS = (f"org.apache.cassandra:cassandra-all:{VERSION}",)

# Batch: the default, periodic, loses the last writes it acknowledged when the process is killed.
CONFIGURATION = """\
cluster_name: septet
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{{seeds: "127.0.0.1:{storage_port}"}}]
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
storage_port: {storage_port}
native_transport_port: {port}
commitlog_sync: batch
commitlog_segment_size: 16MiB
commitlog_total_space: 256MiB
data_file_directories: ["{data}/data"]
commitlog_directory: "{data}/commitlog"
hints_directory: "{data}/hints"
saved_caches_directory: "{data}/saved_caches"
cdc_raw_directory: "{data}/cdc_raw"
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
key_cache_size: 8MiB
file_cache_size: 64MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_compactors: 1
auto_snapshot: false
storage_compatibility_mode: NONE
"""

LOGGING = """\
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level %logger{20} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"""

# What Cassandra reaches into on Java 17.
EXPORTS = {
    "java.base": ["jdk.internal.misc", "jdk.internal.ref", "sun.nio.ch", "java.lang.ref"],
    "java.management.rmi": ["com.sun.jmx.remote.internal.rmi"],
    "java.rmi": ["sun.rmi.registry", "sun.rmi.server"],
    "java.sql": ["java.sql"],
    "jdk.unsupported": ["sun.misc"],
}
OPENS = {
    "java.base": [
        *("java.io", "java.lang", "java.lang.module", "java.lang.reflect", "java.nio", "java.util"),
        *(
            "jdk.internal.loader",
            "jdk.internal.math",
            "jdk.internal.module",
            "jdk.internal.ref",
            "jdk.internal.reflect",
        ),
        *("jdk.internal.util.jar", "sun.nio.ch"),
    ],
    "jdk.management": ["com.sun.management.internal"],
    "java.rmi": ["sun.rmi.transport.tcp"],
}
MEMORY = ["-Xss256k", "-Xms512m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxDirectMemorySize=256m"]

# A v4 OPTIONS request (native protocol, section 4.1.2): the smallest question a node answers, without signing in.
OPTIONS_REQUEST, SUPPORTED = bytes([4, 0, 0, 0, 5, 0, 0, 0, 0]), 6


def answers(host: str, port: int) -> bool:
    """Whether the node answers a native-protocol OPTIONS request within a second."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(OPTIONS_REQUEST)
            reply = connection.recv(9)
    except OSError:
        return False
    return len(reply) == 9 and reply[4] == SUPPORTED


class CassandraNode(Server):
    """One node; `port` is for clients, `storage_port` for other nodes."""

    name = "Cassandra"

    def __init__(self, directory: Path, port: int, storage_port: int, *, detached: bool = False) -> None:
        super().__init__(directory, detached=detached)
        self._port, self._storage_port = port, storage_port

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def answers(self) -> bool:
        return answers("127.0.0.1", self._port)

    def prepare(self) -> list[str]:
        java_, libs = java(), jars(f"cassandra-{VERSION}", ARTIFACTS)
        data, configuration, logging = (self.directory / name for name in ("data", "cassandra.yaml", "logback.xml"))
        configuration.write_text(CONFIGURATION.format(port=self._port, storage_port=self._storage_port, data=data))
        logging.write_text(LOGGING)
        options = [
            *MEMORY,
            *compilation(),
            *(f"--add-exports={module}/{part}=ALL-UNNAMED" for module, parts in EXPORTS.items() for part in parts),
            *(f"--add-opens={module}/{part}=ALL-UNNAMED" for module, parts in OPENS.items() for part in parts),
            "-Djdk.attach.allowAttachSelf=true",
            "-Dio.netty.tryReflectionSetAccessible=true",
            *(f"-javaagent:{agent}" for agent in libs.glob("jamm-*.jar")),
            f"-Dlogback.configurationFile={logging}",
            f"-Dcassandra.config=file://{configuration}",
            f"-Dcassandra.storagedir={data}",
            "-Dcassandra-foreground=yes",
            # One node has nobody to wait for.
            "-Dcassandra.skip_wait_for_gossip_to_settle=0",
            "-Dcassandra.ring_delay_ms=1",
            "-Dcassandra.superuser_setup_delay_ms=0",
            "-Dcassandra.initial_token=0",
        ]
        return [java_, *options, "-cp", f"{libs}/*", "org.apache.cassandra.service.CassandraDaemon"]


@contextmanager
def local_cassandra(directory: Path) -> Iterator[CassandraNode]:
    """A node on free ports while the block lasts; its data stay in `directory`. Raises NotReady, Unavailable."""
    with CassandraNode(directory, free_port(), free_port()) as node:
        yield node
