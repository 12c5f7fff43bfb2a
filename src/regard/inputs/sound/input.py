"""The input `sound`: recordings, as series of features of their frames."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError, spoken
from regard.explain import most_attended_spans
from regard.inference import Inference
from regard.inputs.faults import digest_of, without_answer
from regard.inputs.file_rows import TABLES, open_paths, refuse_table_options
from regard.inputs.input import Input
from regard.inputs.labels import check_known_labels
from regard.inputs.posted_files import file_form, posted_files
from regard.inputs.series.cases import Cases, pad
from regard.inputs.series.input import SeriesInput
from regard.inputs.sound.features import Features
from regard.inputs.sound.kept import SoundKept
from regard.inputs.sound.manifest import is_manifest, read_manifest
from regard.inputs.sound.readers import (
    as_recordings,
    read_recordings,
    read_sound_file,
    read_sound_folder,
)
from regard.inputs.sound.recordings import Recordings
from regard.inputs.sound.view import SoundView
from regard.inputs.split_parts import where_parts
from regard.plots import CaseView, Outcome
from regard.tables.jsonl import JsonLines

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.inputs.graph import InputGraph

__all__ = ["SoundInput"]

_DECIMALS = 4  # of seconds


class SoundInput(SeriesInput):
    """Recordings. Their features are a series, which all else is done with as with other series.

    Attributes:
        rate_: samples in a second of the training part, to which new recordings are resampled.
    """

    keeps = SoundKept
    case_types = (Recordings,)
    targets = ("class", "tokens")
    noun = "frame"
    plural = "recordings"
    options = ("labelled", "encoding", "folder")
    unusable = "that cannot be used"
    uploads = (".wav", ".flac", ".ogg", ".mp3")

    rate_: int

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        from regard.inputs.sound.spoken import SpokenInput

        return SpokenInput if target == "tokens" else cls

    @property
    def erased_channels(self) -> int:
        return 0  # its channels are bands of frequencies, and pictures show the sound

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Recordings:
        data = self.config.data
        if isinstance(X, Recordings):
            cases = X
        elif fitting:
            options = data.model_dump(include={"rate", "max_seconds", "missing"})
            cases = as_recordings(X, y, texts=self.writes_texts, **options)
        else:
            with spoken(lambda *_: "leave it out"):  # each case has an answer
                cases = as_recordings(X, rate=self.rate_, max_seconds=data.max_seconds)
        wanted = data.rate if fitting else self.rate_
        return cases if wanted is None else cases.resampled(wanted)

    def load(self) -> tuple[Recordings, Recordings | None, str]:
        data = self.config.data
        if data.kind == "arrays":
            raise DataError("data.kind: arrays come from Python; train on a table or a folder")
        given = data.model_dump(include={"max_seconds", "missing", "split", "folder", "encoding"})
        given |= self.columns_named("recording", "id")
        readers: dict[str, Any] = {
            "recordings": partial(read_recordings, texts=self.writes_texts),
            "folder": read_sound_folder,
            "manifest": read_manifest,
        }
        read = readers[data.kind]
        cases = read(data.path, rate=data.rate, **given)
        test = None  # what is to know of the cases to train on is noted by `fit`
        if data.test_path is not None:
            test = read(data.test_path, rate=cases.rate, **given)
            self.notes += [f"test part: {note}" for note in test.notes]
        elif cases.parts is not None:
            cases, self.held, test = self._by_part(cases)
        for part in (self.held, test):
            if part is not None and not self.writes_texts:
                assert cases.labels is not None
                assert part.labels is not None
                other = data.test_path or data.path
                check_known_labels(cases.labels, part.labels, part.ids, data.path, other)
        return cases, test, data.path

    def _by_part(
        self, cases: Recordings
    ) -> tuple[Recordings, Recordings | None, Recordings | None]:
        """Those to train on, for early stopping and for the figures, as the table says."""
        assert cases.parts is not None
        data = self.config.data
        train, *others = where_parts(
            cases.parts,
            path=data.path,
            column=data.split,
            validation=data.validation_share != 0,
        )
        held, test = (None if each is None else cases.take(each) for each in others)
        return cases.take(train), held, test

    def read(self, path: Path | None, **options: Any) -> Recordings:
        """A sound file, a folder of them, or a table with their paths.

        Unless `labelled` is given, a table has labels if its label column has values, and a folder
        if the run was trained on one and all its recordings are in sub-folders.
        """
        if path is None:
            raise ConfigError("source: name a sound file, a folder or a table, after the run")
        data, labelled = self.config.data, options.pop("labelled", None)
        given: dict[str, Any] = {"rate": self.rate_, "max_seconds": data.max_seconds}
        if path.is_dir() or path.suffix.lower() not in TABLES:
            refuse_table_options(path, **options)
            if path.is_dir():
                return self._read_folder(path, labelled, **given)
            return read_sound_file(path, **given)
        table, based = open_paths(path, data, **options)
        given |= based
        label = "text" if self.writes_texts else "label"
        names: dict[str, Any] = {"recording": "path", "label": label, "id": None}
        names |= self.columns_named("recording", "id")
        if labelled is None:
            labelled = names["label"] in table.filled
        if not labelled:
            names["label"] = None
        manifest = isinstance(table, JsonLines) and is_manifest(table)
        if manifest != (data.kind == "manifest"):  # of another form than the file trained on
            names["id"] = None
        if isinstance(table, JsonLines) and manifest:
            del names["recording"]
            return read_manifest(table, **names, **given, missing="keep")
        return read_recordings(table, **names, texts=self.writes_texts, **given, missing="keep")

    def _read_folder(self, path: Path, labelled: bool | None, **given: Any) -> Recordings:
        if labelled is None:
            from regard.inputs.sound.files import sound_files

            files = sound_files(path)
            labelled = self.config.data.kind == "folder" and all(len(e.parts) > 1 for e in files)
        return read_sound_folder(path, labelled=labelled, **given, missing="keep")

    @property
    def posted_form(self) -> dict[str, Any]:
        from regard.inputs.sound.player import wav_bytes

        tone = np.sin(np.arange(self.rate_ // 4) * 2 * np.pi * 440 / self.rate_) / 4
        example = b64encode(wav_bytes(tone, self.rate_)).decode()
        return file_form("A recording, WAV or another sound file", example)

    def posted(self, values: list[Any]) -> Recordings:
        with posted_files(values) as paths:
            recordings = self.take(paths)
        return replace(recordings, ids=np.arange(len(paths)))

    def about(self, parts: Sequence[Any]) -> list[str]:
        seconds = [len(wave) / part.rate for part in parts for wave in part.waves]
        return [f"recordings: {min(seconds):.2f} to {max(seconds):.2f} s, {parts[0].rate} Hz"]

    def usable(self, cases: Recordings) -> NDArray[np.bool_]:
        return cases.usable

    def left_out(self, cases: Recordings, usable: NDArray[np.bool_]) -> list[str]:
        return without_answer(cases.faults, cases.ids)

    def remarks(self, seen: Inference) -> list[str]:
        return []

    def contents(self, cases: Recordings) -> list[bytes]:
        """Digests of the samples."""
        return [digest_of(wave) for wave in cases.waves]

    # As a series.

    @property
    def features(self) -> Features:
        """What the model hears."""
        data = self.config.data
        deltas = data.deltas
        if deltas is None:
            deltas = 2 if data.features == "mfcc" else 0
        return Features(
            kind=data.features,
            rate=self.rate_,
            window=data.window,
            hop=data.hop,
            mels=data.mels,
            coefficients=data.coefficients,
            deltas=deltas,
        )

    def series(self, cases: Recordings) -> Cases:
        features = self.features
        values, lengths = pad([features(wave) for wave in cases.waves])
        spans = None
        if cases.spans is not None:
            # Rounded first, so that a whole number of frames stays one.
            frames = np.round(cases.spans / features.seconds, 6)
            spans = np.stack([np.floor(frames[:, 0]), np.ceil(frames[:, 1])], 1).astype(np.int64)
            spans = np.minimum(spans, lengths[:, None])
        return Cases(
            values,
            lengths,
            cases.labels,
            spans=spans,
            ids=cases.ids,
            channels=features.names,
            notes=cases.notes,
        )

    def scaling(self, series: Cases) -> Literal["channel"]:
        return "channel"

    def fit(self, cases: Recordings) -> Any:
        self.rate_ = cases.rate
        return super().fit(cases)

    def kept(self) -> dict[str, Any]:
        return {**super().kept(), "rate": self.rate_}

    def restore(self, kept: Mapping[str, Any]) -> None:
        super().restore(kept)
        self.rate_ = int(kept["rate"])

    def augment(self) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        from regard.training import specaugment

        if self.config.training.augmentation == "none":
            return None
        return partial(specaugment, bands=self.features.bands)

    def graph(self, model: nn.Module) -> InputGraph:
        from regard.inputs.sound.graph import SoundGraph

        return SoundGraph(self.features, **self._graph_options(model))

    # What is shown.

    def view(self, seen: Inference, n: int, outcome: Outcome) -> CaseView:
        cases: Recordings = seen.cases
        features = self.features
        start, stop = (0.0, 0.0) if cases.spans is None else map(float, cases.spans[n])
        return SoundView(
            id=str(cases.ids[n]),
            outcome=outcome,
            wave=cases.waves[n],
            rate=cases.rate,
            energies=features.energies(cases.waves[n]).T,
            hop=features.seconds,
            weights=seen.maps["weights"][n],
            span=(start, stop) if start < stop else None,
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`from` and `to`: the shortest stretch, in seconds, with half of the weight."""
        spans = most_attended_spans(self.collect(seen.maps["weights"])) * self.features.seconds
        ends = np.minimum(spans, seen.cases.seconds[:, None]).round(_DECIMALS)
        return {"from": ends[:, 0], "to": ends[:, 1]}
