"""From a DinoDeployment and what is known of the cluster to the objects that run it. Pure: no I/O."""

from dino_operator.render.facts import Facts, ModelVersion, Role, model_key
from dino_operator.render.notices import Notice, notices
from dino_operator.render.objects import render

__all__ = ["Facts", "ModelVersion", "Notice", "Role", "model_key", "notices", "render"]
