"""The log on Kafka 4: one module per kind of client, one for the topics, one for the local store."""
