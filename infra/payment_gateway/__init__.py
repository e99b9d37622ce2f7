"""Payment gateways: a local one for development and tests, as a process of its own, and the way to it over HTTP."""
