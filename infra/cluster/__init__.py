"""Many machines: the image, compose.yaml to try it on one, and manifests for Kubernetes."""
