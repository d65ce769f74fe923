"""An API server on loopback with its controllers and a small living company on it."""
