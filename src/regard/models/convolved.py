"""A network and a linear model of random convolutions beside it."""

from collections.abc import Collection
from dataclasses import replace

from torch import Tensor, nn

from regard.errors import ConfigError
from regard.models.convolution_graph import ConvolutionGraph
from regard.models.encoder import Encoder
from regard.models.heads import Ensemble, Predicted, SeriesModel, shares, two_sided_logits
from regard.models.random_convolutions import RandomConvolutions

__all__ = ["ConvolvedModel"]


class ConvolvedModel(nn.Module):
    """The mean of the values of a network and of random convolutions, or these alone.

    Parameters:
        network: a model of series, or None.
        convolutions: of the same series.
        two_sided: whether the convolutions' single output z becomes the logits (-z / 2, z / 2).
    """

    def __init__(
        self,
        network: SeriesModel | Ensemble | None,
        convolutions: RandomConvolutions,
        *,
        two_sided: bool,
    ) -> None:
        super().__init__()
        self.network = network
        self.convolutions = convolutions
        self.two_sided = two_sided

    @property
    def encoder(self) -> Encoder:
        """The network's, or one with a position for each step."""
        return Encoder() if self.network is None else self.network.encoder

    def forward(
        self, series: Tensor, convolved: Tensor | None = None, *, mask: Tensor | None = None
    ) -> Predicted:
        """Predict.

        Parameters:
            series: [B, C, T].
            convolved: the same, for the convolutions; None leaves them out, as in training, so that
                the network learns all it can by itself.
            mask: boolean [B, T], True at the true steps, which come first; None when all are.

        Returns:
            What the network returns, its evidence halved as its values are; without a network
            "attention" is even and "evidence" zero. `inner` has the evidence of the convolutions.
        """
        if convolved is None:
            assert self.network is not None
            alone: Predicted = self.network(series, mask)
            return alone
        return self._joined(self.convolutions(convolved, mask), series, mask)

    def _joined(self, found: Tensor, series: Tensor, mask: Tensor | None) -> Predicted:
        """The values [B, scores] of the convolutions with what the network says."""
        if self.two_sided:
            found = two_sided_logits(found)
        if self.network is None:
            nothing = found.new_zeros(*found.shape, series.shape[2])
            return Predicted(found, {"attention": shares(nothing[:, 0], mask), "evidence": nothing})
        predicted: Predicted = self.network(series, mask)
        return Predicted(found + predicted.values, predicted.maps).divided(2)

    def _added(self, added: Tensor) -> Tensor:
        """[B, scores, T] what the convolutions add, as a part of the values."""
        if self.two_sided:
            added = two_sided_logits(added)
        return added if self.network is None else added / 2

    def traced(self, graph: ConvolutionGraph, series: Tensor, mask: Tensor) -> Predicted:
        """As `forward`, in PyTorch's own operators, with the map "convolutions" of `inner`.

        Parameters:
            graph: of the convolutions.
            series, mask: as of `forward`.
        """
        found, added = graph(series, mask)
        predicted = self._joined(found, series, mask)
        return replace(predicted, maps={**predicted.maps, "convolutions": self._added(added)})

    def inner(
        self,
        series: Tensor,
        convolved: Tensor | None = None,
        *,
        mask: Tensor | None,
        wanted: Collection[str],
    ) -> dict[str, Tensor]:
        """Maps inside the model, which a prediction does not need.

        Parameters:
            series, convolved, mask: as of `forward`.
            wanted: "convolutions", [B, N, T] what the convolutions add to the values at each step,
                and those of `SeriesModel.inner`.

        Raises:
            ConfigError: the model has none.
        """
        maps = {}
        if "convolutions" in wanted:
            maps["convolutions"] = self._added(self.convolutions.evidence(series, mask))
        rest = [name for name in wanted if name != "convolutions"]
        if rest and self.network is None:
            raise ConfigError(
                f"{', '.join(rest)}: convolutions alone have no attention",
                fixes=(("model.convolutions", True),),
            )
        if rest and self.network is not None:
            maps |= self.network.inner(series, mask, wanted=rest)
        return maps
