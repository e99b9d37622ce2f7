"""What Septet stands on: ports for log, tables and blobs, their adapters, settings, logging and metrics."""
