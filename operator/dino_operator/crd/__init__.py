"""The CustomResourceDefinition, generated from the spec models."""

from dino_operator.crd.definition import definition, definition_yaml

__all__ = ["definition", "definition_yaml"]
