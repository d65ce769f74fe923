"""A live cluster: kubeconfig → credentials → one GET-only transport → a reflector per resource."""
