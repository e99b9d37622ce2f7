"""What every test may use: real Kafka and Cassandra."""

pytest_plugins = ["tests.services"]
