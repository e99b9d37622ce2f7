"""Cassandra: tables for any number of processes and machines."""
