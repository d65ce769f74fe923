"""The live cluster: kubeconfig, connection, and a reflector for each resource."""
