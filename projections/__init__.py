"""Read models: tables, the pure handlers that fill them, and the queries that read them."""
