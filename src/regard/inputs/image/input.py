"""The input `image`: pictures, [rows, columns] of grey or RGB pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regard.errors import ConfigError, DataError
from regard.explain import box_ap, box_chance, lay_over_pixels, pointing_game
from regard.inference import Inference
from regard.inputs.faults import digest_of, refuse_fault, without_answer
from regard.inputs.file_rows import TABLES, open_paths, refuse_table_options
from regard.inputs.folders import files_in
from regard.inputs.image.archives import read_idx, read_npz_pictures
from regard.inputs.image.arrays import as_pictures
from regard.inputs.image.clutter import clutter
from regard.inputs.image.files import read_folder, read_paths, read_pictures
from regard.inputs.image.kept import PicturesKept
from regard.inputs.image.pictures import Pictures
from regard.inputs.image.scenes import scenes
from regard.inputs.image.view import PictureView, as_png
from regard.inputs.input import Input, Maps
from regard.inputs.labels import check_known_labels, refuse_fractions
from regard.inputs.posted_files import file_form, posted_files
from regard.inputs.split_parts import where_parts
from regard.plots import CaseView, Outcome

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.inputs.graph import InputGraph
    from regard.training import Part

__all__ = ["ImageInput"]

_BLUR = 8  # of it in a picture is the standard deviation of the blur that erases
_EMPTY = 1.0  # of 255: the deviation where all pixels are alike


class ImageInput(Input):
    """Pictures.

    Attributes:
        size_: rows and columns of the canvas.
        channels_: 1 for grey, 3 for RGB.
        mean_, deviation_: [C] of the pixels of the training part, from 0 to 255.
    """

    keeps = PicturesKept
    case_types = (Pictures,)
    targets = ("class", "tokens")
    noun = "position"
    plural = "pictures"
    options = ("labelled", "encoding", "folder")
    unusable = "that cannot be read"
    replacements = ("mean", "blur")
    uploads = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".npz")

    size_: int
    channels_: int
    mean_: list[float]
    deviation_: list[float]

    @classmethod
    def for_target(cls, target: str) -> type[Input]:
        from regard.inputs.image.captioned import CaptionedInput

        return CaptionedInput if target == "tokens" else cls

    def take(self, X: Any, y: Any = None, *, fitting: bool = False) -> Pictures:
        own = isinstance(X, Pictures)
        shape: dict[str, Any] = {"size": self.config.data.size} if fitting else self._shape
        if fitting:
            shape["missing"] = self.config.data.missing
        pictures: Pictures = X if own else as_pictures(X, y, texts=self.writes_texts, **shape)
        if fitting and not own:
            self.notes.extend(pictures.notes)
        if fitting and not (own or self.writes_texts) and pictures.labels is not None:
            refuse_fractions(pictures.labels)
        if not fitting and (pictures.size, pictures.values.shape[3]) != tuple(self._shape.values()):
            raise DataError(
                f"X: has pictures of {pictures.size} x {pictures.size} pixels and "
                f"{pictures.values.shape[3]} channels; the model was fitted on {self.size_} x "
                f"{self.size_} and {self.channels_}"
            )
        return pictures

    @property
    def _shape(self) -> dict[str, Any]:
        """Size and channels of the training part."""
        return {"size": self.size_, "channels": self.channels_}

    def load(self) -> tuple[Pictures, Pictures | None, str]:
        data = self.config.data
        if data.kind == "arrays":
            raise ConfigError("data.kind: 'arrays' is for models fitted in Python; name a file")
        if data.kind == "clutter":
            fields = data.model_dump(include={"pictures", "size", "pieces", "piece"})
            return clutter(**fields, seed=self.config.seed), None, "clutter"
        if data.kind == "scenes":
            fields = data.model_dump(include={"pictures", "size", "objects"})
            return scenes(**fields, seed=self.config.seed), None, "scenes"
        cases = self._trained_on(Path(data.path), getattr(data, "labels_path", None), data.size)
        self.notes.extend(cases.notes)
        test = None
        if cases.parts is not None:
            cases, self.held, test = self._by_part(cases)
        if data.test_path is not None:
            labels = getattr(data, "test_labels_path", None)
            if data.kind == "idx" and labels is None:
                raise ConfigError("data.test_labels_path: wanted the labels of test_path")
            test = self._trained_on(Path(data.test_path), labels, cases.size, cases.values.shape[3])
            self.notes += [f"test part: {note}" for note in test.notes]
            if cases.labels is not None and test.labels is not None and not self.writes_texts:
                check_known_labels(cases.labels, test.labels, test.ids, data.path, data.test_path)
        return cases, test, data.path

    def _by_part(self, cases: Pictures) -> tuple[Pictures, Pictures | None, Pictures | None]:
        """Those to train on, for early stopping and for the figures, as the table says."""
        assert cases.parts is not None
        data = self.config.data
        train, *others = where_parts(
            cases.parts,
            path=data.path,
            column=data.split,
            validation=data.validation_share != 0,
        )
        trained = cases.take(train)
        held, test = (None if each is None else cases.take(each) for each in others)
        for part in (held, test):
            if part is not None and not self.writes_texts:
                assert trained.labels is not None
                assert part.labels is not None
                check_known_labels(trained.labels, part.labels, part.ids, data.path, data.path)
        return trained, held, test

    def _trained_on(
        self, path: Path, labels: str | None, size: int | None, channels: int | None = None
    ) -> Pictures:
        """Pictures with labels, from a file of the configuration's kind."""
        data = self.config.data
        shape: dict[str, Any] = {"size": size, "channels": channels}
        if data.kind == "table":
            return read_pictures(
                path,
                **self.columns_named("picture", "id"),
                split=data.split,
                texts=self.writes_texts,
                folder=data.folder,
                encoding=data.encoding,
                missing=data.missing,
                **shape,
            )
        if data.kind == "folder":
            return read_folder(path, missing=data.missing, **shape)
        return (
            read_npz_pictures(path, **shape)
            if data.kind == "npz"
            else read_idx(path, labels, **shape)
        )

    def read(self, path: Path | None, **options: Any) -> Pictures:
        """A picture, a folder, a table, an .npz archive, or idx files."""
        if path is None:
            raise ConfigError("source: name a picture, a folder or a table to predict")
        suffix = path.suffix.lower()
        idx = self.config.data.kind == "idx" and suffix in (".gz", "")
        if suffix in TABLES and not (idx or path.is_dir()):
            return self._read_table(path, **options)
        labelled: bool | None = options.pop("labelled", None)
        refuse_table_options(path, **options)
        if path.is_dir():
            return self._read_folder(path, labelled)
        if suffix == ".npz":
            return read_npz_pictures(path, **self._shape)
        if idx:
            return read_idx(path, **self._shape)
        pictures = read_paths([path], ids=np.array([path.name]), **self._shape)
        refuse_fault(path, pictures.faults[0])
        return pictures

    def _read_folder(self, path: Path, labelled: bool | None) -> Pictures:
        """Its folders are classes if all files are in folders, unless labelled says otherwise.

        Names of folders are no texts.
        """
        if self.writes_texts and labelled:
            raise ConfigError("labelled: a folder has no texts; name a table with them")
        if labelled is None and not self.writes_texts:
            files = files_in(path)
            labelled = bool(files) and all(len(each.parts) > 1 for each in files)
        return read_folder(path, labelled=bool(labelled), missing="keep", **self._shape)

    def _read_table(self, path: Path, *, labelled: bool | None = None, **options: Any) -> Pictures:
        label = "caption" if self.writes_texts else "label"
        names: dict[str, Any] = {"picture": "path", "label": label, "id": None}
        names |= self.columns_named("picture", "id")
        table, given = open_paths(path, self.config.data, **options)
        if labelled is None:
            labelled = names["label"] in table.filled
        names["label"] = names["label"] if labelled else None
        given |= names | self._shape
        return read_pictures(table, **given, texts=self.writes_texts, missing="keep")

    @property
    def posted_form(self) -> dict[str, Any]:
        shape = (self.size_, self.size_, self.channels_)
        grey = np.full(shape, np.round(self.mean_), np.uint8)
        return file_form("A picture, PNG or JPEG", as_png(grey))

    def posted(self, values: list[Any]) -> Pictures:
        with posted_files(values) as paths:
            pictures = self.take(paths)
        return replace(pictures, ids=np.arange(len(paths)))

    def about(self, parts: Sequence[Any]) -> list[str]:
        sides = np.concatenate([part.extents for part in parts])
        kind = "grey" if parts[0].values.shape[3] == 1 else "in colours"
        return [f"pictures: up to {sides[:, 0].max()} x {sides[:, 1].max()} pixels, {kind}"]

    def usable(self, cases: Pictures) -> NDArray[np.bool_]:
        return np.asarray(cases.faults == "")

    def left_out(self, cases: Pictures, usable: NDArray[np.bool_]) -> list[str]:
        return without_answer(cases.faults, cases.ids)

    def contents(self, cases: Pictures) -> list[bytes]:
        """Digests of the pixels."""
        pairs = zip(cases.values, cases.extents, strict=True)
        return [digest_of(pixels, extent) for pixels, extent in pairs]

    def fit(self, cases: Pictures) -> Pictures:
        self.size_, self.channels_ = cases.size, cases.values.shape[3]
        mask = cases.mask
        inside = cases.values.reshape(-1, self.channels_) if mask is None else cases.values[mask]
        mean, square = np.zeros(self.channels_), np.zeros(self.channels_)
        for rows in np.array_split(inside, max(1, len(inside) // 2**20)):
            mean += rows.sum(0, dtype=np.float64) / len(inside)
            square += np.square(rows, dtype=np.float64).sum(0) / len(inside)
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        self.mean_ = mean.tolist()
        self.deviation_ = np.where(deviation > 0, deviation, _EMPTY).tolist()
        if (cases.values == cases.values[0]).all() and (cases.extents == cases.extents[0]).all():
            raise DataError(
                f"all {len(cases)} pictures are the same; there is nothing to learn from"
            )
        return cases

    def kept(self) -> dict[str, Any]:
        return {
            **self._shape,
            "mean": self.mean_,
            "deviation": self.deviation_,
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.size_, self.channels_ = int(kept["size"]), int(kept["channels"])
        self.mean_ = [float(each) for each in kept["mean"]]
        self.deviation_ = [float(each) for each in kept["deviation"]]

    def part(self, encoded: Pictures, *, targets: NDArray[Any] | None, training: bool) -> Part:
        from regard.inputs.image.part import PicturePart

        return PicturePart(encoded, np.array(self.mean_), np.array(self.deviation_), targets)

    def build(self, output: Any) -> nn.Module:
        from regard.models import SeriesModel, make_grid_encoder

        model = self.config.model

        def one() -> nn.Module:
            encoder = make_grid_encoder(
                model.encoder,
                size=self.size_,
                positions=self.writes_texts,
                channels=self.channels_,
                hidden=model.hidden,
                layers=model.layers,
                dropout=model.dropout,
            )
            head = output.head(encoder, steps=self._columns(encoder) ** 2)
            return SeriesModel(encoder, head, dropout=model.dropout)

        built: nn.Module = output.ensemble(one)
        return built

    def _columns(self, encoder: Any) -> int:
        """Positions along a side of the grid."""
        return int(-(-self.size_ // encoder.cell))

    def graph(self, model: nn.Module) -> InputGraph:
        from regard.inputs.image.graph import PictureGraph

        given: Any = model
        return PictureGraph(given, size=self.size_, mean=self.mean_, deviation=self.deviation_)

    def augment(self) -> Callable[[Tensor, Tensor | None], Tensor] | None:
        from regard.training import shift, shift_flip

        chosen = self.config.training.augmentation
        return {"shift": shift, "shift-flip": shift_flip}.get(chosen)

    @property
    def by_evidence(self) -> bool:
        return self.gated

    def lay(
        self, model: nn.Module, maps: Maps, encoded: Pictures, index: NDArray[np.int64]
    ) -> dict[str, list[NDArray[np.float64]]]:
        """Each position's value, spread bilinearly over the pixels inside the picture."""
        encoder: Any = model.encoder
        grid = {"cell": encoder.cell, "columns": self._columns(encoder)}
        extents = encoded.extents[index]
        return {name: lay_over_pixels(each, extents, **grid) for name, each in maps.items()}

    def erased(
        self,
        encoded: Pictures,
        index: NDArray[np.int64],
        where: Sequence[NDArray[np.bool_]],
        *,
        how: str,
        generator: np.random.Generator,
    ) -> Pictures:
        """Pixels replaced by the mean of the training part, or by those of the blurred picture."""
        from scipy.ndimage import gaussian_filter

        taken = encoded.take(index)
        values = taken.values.copy()
        width = max(2, self.size_ // _BLUR)
        for pixels, extent, own in zip(values, taken.extents, where, strict=True):
            inside = pixels[: extent[0], : extent[1]]
            if how == "mean":
                inside[own] = np.round(self.mean_).astype(np.uint8)
            else:
                smooth = gaussian_filter(inside.astype(np.float32), (width, width, 0))
                inside[own] = np.round(smooth[own]).astype(np.uint8)
        return replace(taken, values=values)

    def collect(self, rows: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """[B, ..., size, size] with zeros outside each picture."""
        result = np.zeros((len(rows), *rows[0].shape[:-2], self.size_, self.size_))
        for case, row in zip(result, rows, strict=True):
            case[..., : row.shape[-2], : row.shape[-1]] = row
        return result

    def localisation(self, seen: Inference, outcome: Callable[[int], Outcome]) -> dict[str, Any]:
        """How well what `attend` returns finds the true boxes."""
        cases: Pictures = seen.cases
        if cases.boxes is None or not cases.boxes.any():
            return {}
        weights = seen.maps["weights"]
        return {
            "localisation_ap": box_ap(weights, cases.boxes),
            "localisation_chance": box_chance(cases.extents, cases.boxes),
            "pointing_game": pointing_game(weights, cases.boxes),
        }

    def view(self, seen: Inference, n: int, outcome: Outcome) -> CaseView:
        cases: Pictures = seen.cases
        rows, columns = cases.extents[n]
        box = None if cases.boxes is None else tuple(cases.boxes[n].tolist())
        return PictureView(
            id=str(cases.ids[n]),
            outcome=outcome,
            pixels=cases.values[n, :rows, :columns],
            weights=seen.maps["weights"][n],
            box=box if box and any(box) else None,
        )

    def columns(self, seen: Inference) -> dict[str, Any]:
        """`row` and `column`: the pixel looked at most, as shares of the picture, from 0 to 1."""
        most = [
            (np.array(np.unravel_index(own.argmax(), own.shape)) + 0.5) / own.shape
            for own in seen.maps["weights"]
        ]
        down, along = np.array(most).reshape(-1, 2).T.round(3)
        return {"row": down, "column": along}

    def reading(self, moved: str) -> list[str]:
        if not self.by_evidence:
            return []
        return [
            "With conjunctive pooling, the light in the pictures is not the attention but "
            f"{moved.format('position')}: a gate says how much a position counts, but not for what."
        ]
