"""The chat's socket: the Centrifuge client protocol in JSON, so that its official clients work unchanged."""
