"""Train the default detector: ``python -m benchmarks.video.train``; writes its weights beside the network.

It learns from films of the training sources alone (seeds 1000 to 1000 + films): no clip or photograph of the tuning
or held-out ones.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np
import torch
from benchmarks.video.film import Recipe
from benchmarks.video.thumbnails import CACHE, Labelled, labelled
from numpy.typing import NDArray
from torch import nn

import dino_video.core.shots.features as features_module
import dino_video.core.shots.network as network_module
import dino_video.core.shots.signature as signature_module
from dino_video.core.shots.features import COUNT, REACH, features
from dino_video.core.shots.network import DILATIONS, KINDS, MARGIN, WEIGHTS

FIRST_SEED = 1000
FILMS = 48
WINDOW = 192
CHANNELS = 40


class Trained(nn.Module):
    """The same network as ``dino_video.core.shots.network``, in PyTorch, for training."""

    def __init__(self, mean: NDArray, scale: NDArray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("scale", torch.tensor(scale))
        self.entry = nn.Linear(COUNT, CHANNELS)
        self.wide = nn.ModuleList(nn.Linear(3 * CHANNELS, CHANNELS) for _ in DILATIONS)
        self.mix = nn.ModuleList(nn.Linear(CHANNELS, CHANNELS) for _ in DILATIONS)
        self.drop = nn.Dropout(0.15)
        self.head = nn.Linear(CHANNELS, 2 + len(KINDS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = ((x - self.mean) * self.scale).clamp(-6, 6)  # type: ignore[operator]
        x = self.drop(self.entry(x).relu())
        for dilation, wide, mix in zip(DILATIONS, self.wide, self.mix, strict=True):
            inner = x[:, dilation:-dilation]
            around = torch.cat([x[:, : -2 * dilation], inner, x[:, 2 * dilation :]], dim=2)
            x = inner + mix(self.drop(wide(around).relu()))
        return self.head(x.relu())


def targets(film: Labelled) -> NDArray[np.float32]:
    """Return cut, gradual, kind (−1 outside) and weight of each frame, [n, 4]."""
    n = len(film.thumbnails)
    found = np.zeros((n, 4), np.float32)
    found[:, 2], found[:, 3] = -1, 1
    # A film's own fade in and out are no boundaries, nor worth learning either way.
    found[: film.opening + 1, 3] = 0
    found[n - film.closing - 1 :, 3] = 0
    for item in film.boundaries:
        if item.kind == "cut":
            found[item.first, 0] = 1
        else:
            found[item.first : item.last + 1, 1] = 1
            found[item.first : item.last + 1, 2] = KINDS.index(item.kind)
            # The first and last mixed frame hardly differ from the shots beside them.
            found[[item.first, item.last], 3] *= 0.3
    return found


def prepared(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return features [n + 2·MARGIN, COUNT] and targets [n, 4] of one training film."""
    film = labelled(Recipe("training", seed, boundaries=40, size=(240, 136), cuts=0.4))
    # Named by the code that computes them, so that another version never trains on these.
    code = b"".join(Path(str(module.__file__)).read_bytes() for module in (features_module, signature_module))
    kept = CACHE / f"features-{hashlib.sha256(code).hexdigest()[:12]}-{seed}.npy"
    if not kept.exists():
        context = REACH + MARGIN
        padded = np.pad(film.thumbnails, ((context, context), (0, 0), (0, 0), (0, 0)), mode="edge")
        blocks = [features(padded[at : at + 512 + 2 * REACH]) for at in range(0, len(padded) - 2 * REACH, 512)]
        np.save(kept, np.concatenate(blocks).astype(np.float16))
    return np.load(kept).astype(np.float32), targets(film)


def train(films: int, epochs: int) -> Trained:
    """Train on all films and return the network."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    data = [prepared(FIRST_SEED + n) for n in range(films)]
    everything = np.concatenate([x for x, _ in data])
    scale = (1 / np.maximum(everything.std(axis=0), 1e-3)).astype(np.float32)
    model = Trained(everything.mean(axis=0).astype(np.float32), scale)
    del everything
    windows = [(f, at) for f, (_, y) in enumerate(data) for at in range(0, len(y) - WINDOW, WINDOW // 2)]
    steps = epochs * (len(windows) // 32)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps + 1)
    began = time.monotonic()
    for epoch in range(epochs):
        model.train()
        total, order = 0.0, random.permutation(len(windows))
        for start in range(0, len(windows) - 31, 32):
            chosen = [windows[n] for n in order[start : start + 32]]
            shifted = [(f, min(at + int(random.integers(WINDOW // 2)), len(data[f][1]) - WINDOW)) for f, at in chosen]
            x = np.stack([data[f][0][at : at + WINDOW + 2 * MARGIN] for f, at in shifted])
            y = np.stack([data[f][1][at : at + WINDOW] for f, at in shifted])
            loss = _loss(model(torch.from_numpy(x)), torch.from_numpy(y))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        if epoch % 5 == 4:
            print(
                f"epoch {epoch + 1}: loss {32 * total / len(windows):.4f}, {time.monotonic() - began:.0f} s", flush=True
            )
    return model.eval()


def _loss(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    weight = y[..., 3]
    cut = nn.functional.binary_cross_entropy_with_logits(
        out[..., 0], y[..., 0], weight, pos_weight=torch.tensor(8.0), reduction="mean"
    )
    gradual = nn.functional.binary_cross_entropy_with_logits(out[..., 1], y[..., 1], weight, reduction="mean")
    inside = y[..., 2] >= 0
    kinds = nn.functional.cross_entropy(out[inside][:, 2:], y[inside][:, 2].long()) if inside.any() else out.sum() * 0
    return 4 * cut + gradual + 0.05 * kinds


def arrays(model: Trained) -> dict[str, NDArray[np.float16]]:
    """Return the weights as the NumPy network wants them."""
    found = {"mean": model.mean, "scale": model.scale}
    found |= {"entry": model.entry.weight.T, "entry_bias": model.entry.bias}
    for n in range(len(DILATIONS)):
        found |= {f"kernel{n}": model.wide[n].weight.T, f"bias{n}": model.wide[n].bias}  # type: ignore[union-attr]
        found |= {f"mix{n}": model.mix[n].weight.T, f"offset{n}": model.mix[n].bias}  # type: ignore[union-attr]
    found |= {"head": model.head.weight.T, "head_bias": model.head.bias}
    return {name: tensor.detach().numpy().astype(np.float16) for name, tensor in found.items()}  # type: ignore[union-attr]


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video.train", description=main.__doc__)
    parser.add_argument("--films", type=int, default=FILMS, help="training films of 40 boundaries")
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()
    model = train(options.films, options.epochs)
    target = Path(network_module.__file__).with_name(WEIGHTS)
    np.savez_compressed(target, **arrays(model))  # type: ignore[arg-type]
    print(f"wrote {target.name}, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
