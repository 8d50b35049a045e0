"""What a person should do about a picture, from its metrics."""

from __future__ import annotations

from dino_analytics.core.quality.exposure import LOW_KEY, MIDDLE
from dino_analytics.core.quality.grade import QualityGrade, quality_grade
from dino_analytics.core.quality.metrics import TechnicalMetrics

_SUMMARY: dict[QualityGrade, str] = {
    "excellent": "Image quality is excellent for production use",
    "high": "Image quality is high and suits production use",
    "good": "Image quality is good for most uses",
    "fair": "Image quality is fair: improve it before production use",
    "poor": "Image quality is poor: replace this image if you can",
}


def recommendations(metrics: TechnicalMetrics, score: float) -> list[str]:
    """Sentences for people: a summary, then each problem with its remedy, then what is good.

    Never empty. `score` is the overall quality of 0–100.
    """
    problems = [*_detail(metrics), *_tones(metrics), *_file(metrics)]
    return [_SUMMARY[quality_grade(score)], *problems, *_strengths(metrics)]


def _detail(m: TechnicalMetrics) -> list[str]:
    found = []
    if m.sharpness < 0.25:
        found.append("The image is blurred: refocus, steady the camera, or use a larger original")
    elif m.sharpness < 0.5:
        found.append("The image is slightly soft: a sharper original would help")
    if m.noise_level > 0.5:
        found.append("Strong noise: use more light or a lower ISO, or denoise the image")
    elif m.noise_level > 0.25:
        found.append("Visible noise: light denoising would help")
    return found


def _tones(m: TechnicalMetrics) -> list[str]:
    found = []
    if m.brightness < 0.6 * LOW_KEY:
        found.append("The image is very dark: raise the exposure")
    elif m.exposure < 0.6 and m.brightness > MIDDLE:
        found.append("The image is overexposed: lower the exposure to keep its highlights")
    elif m.exposure < 0.6:
        found.append("Few tones are used: adjust exposure or levels")
    if m.contrast < 0.3:
        found.append("Contrast is low: stretch the levels or use directional light")
    return found


def _file(m: TechnicalMetrics) -> list[str]:
    found = []
    if m.compression > 0.75:
        found.append("Strong compression artefacts: save with a higher JPEG quality")
    elif m.compression > 0.5:
        found.append("Compression artefacts may be visible: prefer a less compressed original")
    if m.resolution < 0.4:
        found.append("Resolution is low: use an image of at least 512×512 pixels")
    return found


def _strengths(m: TechnicalMetrics) -> list[str]:
    if m.contrast >= 0.5 and m.sharpness >= 0.6:
        return ["Good contrast and sharpness levels"]
    if m.sharpness >= 0.6:
        return ["Good sharpness level"]
    return ["Good contrast level"] if m.contrast >= 0.5 else []
