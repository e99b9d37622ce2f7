"""The faces: HTTP and sockets. They parse, submit or query, and render; nothing is decided here."""
