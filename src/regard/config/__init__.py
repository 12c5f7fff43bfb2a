"""One typed configuration for each task, in the words of the estimators' parameters.

    {"task": "classify", "seed": 0, "data": {...}, "model": {...}, "training": {...}}

Everything but the data has a default; `config.json` of a run folder holds all of it, resolved.
"""

from regard.config.attention import AttentionConfig
from regard.config.compose import Config, config_of, kinds_of
from regard.config.files import Files, Learned, Split
from regard.config.model import ModelConfig, NetworkConfig
from regard.config.read import (
    DEFAULT_TASK,
    FORMATS,
    parse_config,
    read_config,
    resolve_config,
    with_changes,
)
from regard.config.schema import schema_of
from regard.config.section import FilePath, Range, Section, Share
from regard.config.sections import Sections
from regard.config.training import TrainingConfig

__all__ = [
    "DEFAULT_TASK",
    "FORMATS",
    "AttentionConfig",
    "Config",
    "FilePath",
    "Files",
    "Learned",
    "ModelConfig",
    "NetworkConfig",
    "Range",
    "Section",
    "Sections",
    "Share",
    "Split",
    "TrainingConfig",
    "config_of",
    "kinds_of",
    "parse_config",
    "read_config",
    "resolve_config",
    "schema_of",
    "with_changes",
]
