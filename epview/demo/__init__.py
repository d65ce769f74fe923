"""A small API server on loopback, the controllers that write Endpoints, and a company living on it.

Nothing outside this package knows that it is a demo: clients see the protocol of a real API server.
"""
