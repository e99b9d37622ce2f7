"""Real Kafka and Cassandra as processes of this machine, from Maven artifacts: the cluster without containers."""

from infra.local.cassandra import CassandraNode, local_cassandra
from infra.local.kafka import KafkaBroker, local_brokers, local_kafka
from infra.local.server import NotReady, Server

__all__ = ["CassandraNode", "KafkaBroker", "NotReady", "Server", "local_brokers", "local_cassandra", "local_kafka"]
