"""Kafka and Cassandra as somebody runs them who trusts nobody: TLS both ways, and a name and password on top."""

import socket
import ssl
from pathlib import Path
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.local import CassandraNode, KafkaBroker
from infra.local.cassandra import OPTIONS_REQUEST
from infra.local.ports import free_port
from tests.certificates import Certificates

KAFKA = """
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="broker" password="{password}-broker" user_broker="{password}-broker" user_{user}="{password}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={server}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
"""

# The first account that a node makes; an operator would replace it.
CASSANDRA_USER = CASSANDRA_PASSWORD = "cassandra"
CASSANDRA = """
authenticator: PasswordAuthenticator
role_manager: CassandraRoleManager
client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: true
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: {server}
  truststore: {ca}
"""


class SecuredBroker(KafkaBroker):
    """SASL_SSL with certificates of both sides, PLAIN or SCRAM-SHA-512, each with its own password; no other way in."""

    user, password = "septet", "only for this test"
    scram: ClassVar = {user: "for SCRAM only"}

    def __init__(self, directory: Path, made: Certificates) -> None:
        self._port, self._controller_port, self._made = free_port(), free_port(), made
        super().__init__(directory, self._port, self._controller_port)

    def security(self, mechanism: str = "PLAIN") -> dict[str, str]:
        """What a client is given, in librdkafka's words."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": self.user,
            "sasl.password": self.password if mechanism == "PLAIN" else self.scram[self.user],
            "ssl.ca.location": str(self._made.ca),
            "ssl.certificate.location": str(self._made.client),
            "ssl.key.location": str(self._made.client),
        }

    def answers(self) -> bool:
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0, **self.security()})
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def prepare(self) -> list[str]:
        command, properties = super().prepare(), self.directory / "server.properties"
        own = KAFKA.format(
            port=self._port,
            controller=self._controller_port,
            user=self.user,
            password=self.password,
            server=self._made.server,
            ca=self._made.ca,
        )
        properties.write_text(properties.read_text() + own)  # what comes later counts
        return command


class SecuredNode(CassandraNode):
    """TLS with certificates of both sides, and a user name and password."""

    def __init__(self, directory: Path, made: Certificates) -> None:
        self.port, self._made = free_port(), made
        super().__init__(directory, self.port, free_port())

    def answers(self) -> bool:
        context = ssl.create_default_context(cafile=self._made.ca)
        context.load_cert_chain(self._made.client)
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=2) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
            ):
                connection.sendall(OPTIONS_REQUEST)
                return len(connection.recv(9)) == 9
        except OSError:
            return False

    def prepare(self) -> list[str]:
        command, configuration = super().prepare(), self.directory / "cassandra.yaml"
        own = CASSANDRA.format(server=self._made.server, ca=self._made.ca)
        configuration.write_text(configuration.read_text() + own)
        return command
