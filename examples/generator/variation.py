"""A variation of a picture: turned, moved, zoomed and tinted by a seed. No model, and nothing new in the picture."""

from __future__ import annotations

import random

from PIL import Image, ImageEnhance, ImageFilter


def variation(reference: Image.Image, size: tuple[int, int], seed: int, strength: float) -> Image.Image:
    """Return the reference varied and fitted into ``size``.

    Args:
        reference: any mode.
        size: width and height in pixels of the answer.
        seed: the same seed gives the same picture.
        strength: 0 leaves it nearly as it is; 1 leaves a blurred corner in wrong colours.
    """
    chance = random.Random(seed)
    picture = reference.convert("RGB")
    width, height = picture.size
    kept = 1.0 - 0.85 * strength
    left = round(chance.uniform(0, 1 - kept) * width)
    top = round(chance.uniform(0, 1 - kept) * height)
    picture = picture.crop((left, top, left + max(8, round(kept * width)), top + max(8, round(kept * height))))
    picture = picture.rotate(
        strength * chance.choice((-1, 1)) * chance.uniform(20, 90), Image.Resampling.BICUBIC, expand=False
    )
    picture = ImageEnhance.Brightness(picture).enhance(1.0 + strength * chance.uniform(-0.4, 0.4))
    picture = ImageEnhance.Color(picture).enhance(1.0 - strength)
    picture = _fitted(picture, size)
    return picture.filter(ImageFilter.GaussianBlur(16 * strength)) if strength > 0.3 else picture


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Fill ``size`` with the middle of the picture, without stretching it."""
    scale = max(size[0] / picture.width, size[1] / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
    return picture.crop((left, top, left + size[0], top + size[1]))
