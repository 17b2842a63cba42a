"""A made-up camera: NASA's picture of an astronaut for eight seconds, then an empty grey room for seven, and again."""

from pathlib import Path

import numpy as np
from skimage.color import rgb2ycbcr
from skimage.data import astronaut
from skimage.transform import resize

WIDTH, HEIGHT, RATE = 640, 480, 10
FACE_SECONDS, EMPTY_SECONDS = 8, 7


def flags(film: Path) -> tuple[str, ...]:
    """What Chromium needs to take the film for its camera and to allow it unasked."""
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )


def make_film(film: Path) -> Path:
    """Write the film as .y4m, 4:2:0."""
    face, empty = _planes(_room_with_a_face()), _planes(np.full((HEIGHT, WIDTH, 3), 0.5))
    with film.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for planes, seconds in ((face, FACE_SECONDS), (empty, EMPTY_SECONDS)):
            for _ in range(seconds * RATE):
                file.write(b"FRAME\n" + planes)
    return film


def _room_with_a_face() -> np.ndarray:
    room = np.full((HEIGHT, WIDTH, 3), 0.5)
    room[:, 80:560] = resize(astronaut(), (HEIGHT, HEIGHT), anti_aliasing=True)
    return room


def _planes(picture: np.ndarray) -> bytes:
    """Brightness for every pixel, colour for every second one of every second line."""
    y, blue, red = np.moveaxis(rgb2ycbcr(picture), 2, 0).round().astype(np.uint8)
    return y.tobytes() + blue[::2, ::2].tobytes() + red[::2, ::2].tobytes()
