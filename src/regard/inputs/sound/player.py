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
_LONGEST_LOSSY = 300.0


def player(samples: NDArray[np.float32], rate: int, *, label: str, lossy: bool = False) -> Markup:
    """An audio element that holds a recording, without a script.

    It is kept small: 16 bits, at most 16,000 Hz, or 8,000 beyond five seconds, and cut to half a
    minute, which it says. Lossy sound keeps its rate and is cut to five minutes.

    Parameters:
        samples: [samples] between -1 and 1.
        rate: samples in a second.
        label: for screen readers.
        lossy: whether it becomes an mp3, a sixth of the size at the same rate. A wav where the
            sound library cannot write one.
    """
    seconds = len(samples) / rate
    lossy = lossy and _writes_mp3()
    longest = _LONGEST_LOSSY if lossy else _LONGEST
    heard = samples[: int(longest * rate)]
    if lossy:
        content = _mp3_bytes(heard, rate)
    else:
        wanted = min(rate, RATE if seconds <= _FINE else _COARSE)
        content = wav_bytes(resample(heard, rate, wanted), wanted)
    note = Markup("")
    if seconds > longest:
        note = Markup('<small class="soft">The first {:g} of {:.0f} seconds.</small>').format(
            longest, seconds
        )
    return Markup(
        '<audio controls preload="metadata" aria-label="{}" '
        'src="data:audio/{};base64,{}"></audio>{}'
    ).format(label, "mpeg" if lossy else "wav", b64encode(content).decode(), note)


def wav_bytes(samples: NDArray[np.floating], rate: int) -> bytes:
    """A wav file of 16 bits; what is beyond -1 and 1 is cut."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return content.getvalue()


def _writes_mp3() -> bool:
    import soundfile

    return "MP3" in soundfile.available_formats()


def _mp3_bytes(samples: NDArray[np.floating], rate: int) -> bytes:
    import soundfile

    content = io.BytesIO()
    soundfile.write(content, samples, rate, format="MP3", subtype="MPEG_LAYER_III")
    return content.getvalue()
