"""Recordings as elements of a page that play them."""

import io
import wave
from base64 import b64encode

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from regard.inputs.sound.files import RATE, resample

__all__ = ["player", "wav_bytes"]

_FINE = 5.0  # seconds, up to which a recording keeps up to `RATE`
_COARSE = 8000
_LONGEST = 30.0  # seconds


def player(samples: NDArray[np.float32], rate: int, *, label: str) -> Markup:
    """An audio element that holds a recording, without a script.

    It is kept small: 16 bits, at most 16,000 Hz, or 8,000 beyond five seconds, and cut to half a
    minute, which it says.

    Parameters:
        samples: [samples] between -1 and 1.
        rate: samples in a second.
        label: for screen readers.
    """
    seconds = len(samples) / rate
    heard = samples[: int(_LONGEST * rate)]
    wanted = min(rate, RATE if seconds <= _FINE else _COARSE)
    data = b64encode(wav_bytes(resample(heard, rate, wanted), wanted)).decode()
    note = Markup("")
    if seconds > _LONGEST:
        note = Markup('<small class="soft">The first {:g} of {:.0f} seconds.</small>').format(
            _LONGEST, seconds
        )
    return Markup(
        '<audio controls preload="metadata" aria-label="{}" '
        'src="data:audio/wav;base64,{}"></audio>{}'
    ).format(label, data, note)


def wav_bytes(samples: NDArray[np.floating], rate: int) -> bytes:
    """A wav file of 16 bits; what is beyond -1 and 1 is cut."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return content.getvalue()
