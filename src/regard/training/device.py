"""Where a model is trained, and in which precision."""

import torch

from regard.config import TrainingConfig
from regard.errors import ConfigError

__all__ = ["check_device", "check_device_name", "multiplies_bf16"]


def check_device_name(device: str) -> None:
    """Refuse a device that is unknown or not there.

    Raises:
        ConfigError: names the parameter.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"device: wanted auto, cpu or cuda, not {device!r}")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "device: cuda needs a GPU, and there is none", fixes=(("training.device", "auto"),)
        )


def check_device(settings: TrainingConfig) -> None:
    """Refuse "cuda" without a GPU, and "bf16" where it would be slower than float32.

    Raises:
        ConfigError: names the parameter.
    """
    check_device_name(settings.device)
    if settings.precision == "bf16" and not _has_bf16(settings):
        name = "GPU" if _on_gpu(settings) else "processor"
        raise ConfigError(
            f"precision: bf16 is slower than float32 on this {name}, which has no bfloat16",
            fixes=(("training.precision", "float32"),),
        )


def multiplies_bf16(settings: TrainingConfig) -> bool:
    """Whether training multiplies matrices of bfloat16."""
    precision = settings.precision
    return precision == "bf16" or (precision == "auto" and _has_bf16(settings))


def _on_gpu(settings: TrainingConfig) -> bool:
    return settings.device != "cpu" and torch.cuda.is_available()


def _has_bf16(settings: TrainingConfig) -> bool:
    """Whether the device multiplies matrices of bfloat16; a processor by AVX-512 or AMX."""
    if _on_gpu(settings):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
