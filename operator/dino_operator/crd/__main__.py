"""Print the CRD: ``python -m dino_operator.crd > crds/dinodeployments.dinov3.io.yaml``."""

import sys

from dino_operator.crd.definition import definition_yaml

if __name__ == "__main__":
    sys.stdout.write(definition_yaml())
