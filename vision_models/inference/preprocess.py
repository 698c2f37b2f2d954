"""From a camera's picture to what a network takes in, and back from its pixels to the camera's."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vision_models.errors import DataMissing, PictureUnusable
from vision_models.inference.arrays import Floats, Picture
from vision_models.inference.picture_file import LARGEST_SIDE_PX, decoded

IMAGENET_MEAN_RGB = (0.485, 0.456, 0.406)
IMAGENET_SD_RGB = (0.229, 0.224, 0.225)
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_SMALLEST_SIDE_PX = 8


@dataclass(frozen=True)
class Letterbox:
    """How a picture was fitted into the network's: network pixel = picture pixel * scale + (left, top)."""

    scale: float
    left: int
    top: int
    width_px: int
    height_px: int

    def to_picture(self, boxes: Floats) -> Floats:
        """Boxes (n, 4) in network pixels as boxes in pixels of the picture, cut at its edges."""
        shift = np.array([self.left, self.top, self.left, self.top], dtype=np.float32)
        limit = np.array([self.width_px, self.height_px, self.width_px, self.height_px], dtype=np.float32)
        return np.asarray(np.clip((boxes - shift) / np.float32(self.scale), 0, limit), dtype=np.float32)


def picture_paths(folder: Path) -> list[Path]:
    """The picture files of a folder in the order of their names. Raises DataMissing when there is none."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataMissing(f"{folder}: no JPEG or PNG in it; correct the path")
    return paths


def read_picture(path: Path) -> Picture:
    """A picture file as (h, w, 3) BGR, upright, by the rule of `picture_file`. Raises PictureUnusable."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PictureUnusable(f"{path}: cannot be read ({error.strerror}); check the path and its rights") from error
    return decoded(content, str(path))


def checked(picture: Picture) -> Picture:
    """The picture itself, if a model can look at it. Raises PictureUnusable naming what is wrong."""
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
        raise PictureUnusable(f"a picture is an array of uint8, not {getattr(picture, 'dtype', type(picture).__name__)}")
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise PictureUnusable(f"a picture has shape (height, width, 3), not {picture.shape}")
    if not _SMALLEST_SIDE_PX <= min(picture.shape[:2]) <= max(picture.shape[:2]) <= LARGEST_SIDE_PX:
        size = f"{picture.shape[1]}x{picture.shape[0]}"
        raise PictureUnusable(f"a picture of {size} pixels: {_SMALLEST_SIDE_PX} to {LARGEST_SIDE_PX} a side wanted")
    return picture


def letterboxed(picture: Picture, height: int, width: int, fill: int) -> tuple[Picture, Letterbox]:
    """The picture scaled to fit (height, width, 3), centred, with grey `fill` around it; and how it was placed."""
    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    fitted_w, fitted_h = max(round(columns * scale), 1), max(round(rows * scale), 1)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (width - fitted_w) // 2, (height - fitted_h) // 2
    canvas = np.full((height, width, 3), fill, dtype=np.uint8)
    canvas[top : top + fitted_h, left : left + fitted_w] = cv2.resize(picture, (fitted_w, fitted_h), interpolation=method)
    return canvas, Letterbox(scale, left, top, columns, rows)


def normalised(picture: Picture) -> Floats:
    """A BGR picture (h, w, 3) as the ImageNet networks take it: (1, 3, h, w) RGB, zero mean, unit variance."""
    rgb = picture[:, :, ::-1].astype(np.float32) / np.float32(255)
    centred = (rgb - np.array(IMAGENET_MEAN_RGB, np.float32)) / np.array(IMAGENET_SD_RGB, np.float32)
    return np.ascontiguousarray(centred.transpose(2, 0, 1)[None])
