"""Frames of a move: photographs at infinity, in layers of depth, on a ground, or footage behind a moving crop."""

from __future__ import annotations

import cv2
import numpy as np
from benchmarks.video.camera.moves import Course
from benchmarks.video.camera.sources import Grey
from numpy.typing import NDArray

Float = NDArray[np.float64]
WIDTH, HEIGHT = 320, 180
FOCAL = 1.1
"""Focal length in frame widths (49° across)."""
_Y, _X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
_RAYS = np.stack(
    [(_X - (WIDTH - 1) / 2) / WIDTH / FOCAL, (_Y - (HEIGHT - 1) / 2) / WIDTH / FOCAL, np.ones_like(_X)], axis=-1
)


def directions(course: Course, at: int) -> Float:
    """Where each pixel of frame `at` looks: (h, w, 3), x right, y down, z forward."""
    yaw, pitch, roll = course.pan[at] / FOCAL, course.tilt[at] / FOCAL, course.roll[at]
    rays = _RAYS * np.array([np.exp(-course.zoom[at]), np.exp(-course.zoom[at]), 1.0])
    turn = _around_y(yaw) @ _around_x(pitch) @ _around_z(roll)
    return rays @ turn.T


def far(photo: Grey, course: Course, at: int) -> Grey:
    """A photograph at infinity."""
    rays = directions(course, at)
    return _sample(photo, rays[..., 0] / rays[..., 2], rays[..., 1] / rays[..., 2])


def depth_scene(photos: list[Grey], course: Course, seed: int) -> list[Grey]:
    """A wall, a ground in half of the scenes, and cut-outs nearer to the camera."""
    random = np.random.default_rng(seed)
    wall = 7.0
    with_ground = random.random() < 0.5
    cuts = []
    for index in range(int(random.integers(4, 8))):
        depth = float(random.uniform(1.6, 4.0))
        place = random.uniform([-0.55, -0.3], [0.55, 0.3]) * depth / FOCAL
        size = float(random.uniform(0.09, 0.2)) * depth / FOCAL
        cuts.append(
            (depth, place, size, photos[1 + index % (len(photos) - 1)], _blob(random), random.uniform(0, 300, 2))
        )
    cuts.sort(key=lambda cut: -cut[0])
    frames = []
    for at in range(len(course)):
        rays, eye = directions(course, at), course.track[at] * np.array([1.0, -1.0, 1.0])
        frame = _on_plane(photos[0], rays, eye, wall, 1.0 / 7.0)
        if with_ground:
            frame = _ground(frame, photos[1], rays, eye)
        for depth, place, size, photo, mask, offset in cuts:
            frame = _cut_out(frame, rays, eye, depth, place, size, photo, mask, offset)
        frames.append(frame)
    return frames


def crop(frame: Grey, course: Course, at: int) -> Grey:
    """A frame of footage as the moving, turning, zooming crop sees it; the crop spans 0.55 of its width."""
    height, width = frame.shape
    span = 0.55 * width * np.exp(-course.zoom[at])
    cos, sin = np.cos(course.roll[at]), np.sin(course.roll[at])
    x, y = (_X - (WIDTH - 1) / 2) / WIDTH, (_Y - (HEIGHT - 1) / 2) / WIDTH
    u = cos * x - sin * y
    v = sin * x + cos * y
    centre = width / 2 + course.pan[at] * 0.55 * width, height / 2 - course.tilt[at] * 0.55 * width
    maps = (centre[0] + span * u).astype(np.float32), (centre[1] + span * v).astype(np.float32)
    return np.asarray(cv2.remap(frame, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def subject(frame: Grey, photo: Grey, mask: Float, centre: tuple[float, float], size: float, offset: Float) -> Grey:
    """A cut-out of a photograph over a frame; `centre` and `size` in frame widths."""
    u = ((_X - (WIDTH - 1) / 2) / WIDTH - centre[0]) / size
    v = ((_Y - (HEIGHT - 1) / 2) / WIDTH - centre[1]) / size
    return _blend(frame, photo, mask, u, v, offset, size * WIDTH)


def degrade(frame: Grey, noise: float, flicker: float, quality: int | None, random: np.random.Generator) -> Grey:
    """Grain, a change of exposure, and compression."""
    rough = frame * (1.0 + flicker * random.standard_normal()) + random.normal(0.0, noise, frame.shape)
    out = np.clip(rough, 0, 255).astype(np.uint8)
    if quality is not None:
        _, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
        out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    return out


def _on_plane(photo: Grey, rays: Float, eye: Float, depth: float, scale: float) -> Grey:
    reach = (depth - eye[2]) / rays[..., 2]
    return _sample(photo, (eye[0] + rays[..., 0] * reach) * scale, (eye[1] + rays[..., 1] * reach) * scale)


def _ground(frame: Grey, photo: Grey, rays: Float, eye: Float) -> Grey:
    low = 0.55 - eye[1]
    reach = np.where(rays[..., 1] > 0.02, low / np.maximum(rays[..., 1], 1e-6), np.inf)
    deep = eye[2] + rays[..., 2] * np.minimum(reach, 1e3)
    seen = (reach < np.inf) & (deep < 7.0)
    # About 90 texels a metre: fine enough for texture near, coarse enough not to shimmer far off.
    texels = 0.35 * photo.shape[1]
    u, v = (eye[0] + rays[..., 0] * np.minimum(reach, 1e3)) * texels, deep * texels
    floor = cv2.remap(
        photo, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.where(seen, np.asarray(floor), frame).astype(np.uint8)


def _cut_out(
    frame: Grey,
    rays: Float,
    eye: Float,
    depth: float,
    place: Float,
    size: float,
    photo: Grey,
    mask: Float,
    offset: Float,
) -> Grey:
    reach = (depth - eye[2]) / rays[..., 2]
    u = (eye[0] + rays[..., 0] * reach - place[0]) / size
    v = (eye[1] + rays[..., 1] * reach - place[1]) / size
    return _blend(frame, photo, mask, u, v, offset, size * FOCAL / depth * WIDTH)


def _blend(frame: Grey, photo: Grey, mask: Float, u: Float, v: Float, offset: Float, pixels: float) -> Grey:
    """`u`, `v` in −1…1 over the cut-out; `pixels` half its width on the screen."""
    half = mask.shape[0] / 2
    cover = cv2.remap(mask, (half * (u + 1)).astype(np.float32), (half * (v + 1)).astype(np.float32), cv2.INTER_LINEAR)
    x, y = (offset[0] + pixels * (u + 1)), (offset[1] + pixels * (v + 1))
    skin = cv2.remap(
        photo, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    cover = np.asarray(cover, dtype=np.float64)
    return np.asarray(frame * (1 - cover) + np.asarray(skin) * cover).astype(np.uint8)


def _blob(random: np.random.Generator) -> Float:
    """A ragged disc, 64×64, 0–1."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    angle = np.arctan2(y, x)
    rim = 0.75 + sum(random.uniform(-0.1, 0.1) * np.cos(k * angle + random.uniform(0, 6.3)) for k in range(2, 6))
    return np.asarray(cv2.GaussianBlur((np.hypot(x, y) < rim).astype(np.float64), (0, 0), 0.8))


blob = _blob


def _sample(photo: Grey, x: Float, y: Float) -> Grey:
    """Photograph at tangents of angles: its width spans 2.4 times the frame's view."""
    height, width = photo.shape
    pixels = width / 2.4 * FOCAL
    maps = (width / 2 + x * pixels).astype(np.float32), (height / 2 + y * pixels).astype(np.float32)
    return np.asarray(cv2.remap(photo, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), dtype=np.uint8)


def _around_y(angle: float) -> Float:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _around_x(angle: float) -> Float:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _around_z(angle: float) -> Float:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
