"""What scikit-learn asks of an estimator, without importing it: that takes longer than torch.

Source: scikit-learn's developer guide, "Developing scikit-learn estimators".
"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Self

from regard.errors import did_you_mean

if TYPE_CHECKING:
    from sklearn.utils import Tags

__all__ = ["Estimator", "check_is_fitted"]


class Estimator:
    """Parameters by name, which `clone`, pipelines and searches use, and tags.

    The parameters are those of `__init__`, each an attribute of its name. It is no
    `sklearn.base.BaseEstimator`.
    """

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        every = signature(cls.__init__).parameters.values()
        return {each.name: each.default for each in every if each.kind is Parameter.KEYWORD_ONLY}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, in alphabetical order.

        Parameters:
            deep: changes nothing, since no parameter is an estimator.
        """
        return {name: getattr(self, name) for name in sorted(self._defaults())}

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name; an unknown one sets none.

        Raises:
            ValueError: there is no such parameter.
        """
        known = self._defaults()
        for name in parameters:
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}{did_you_mean(name, known)}"
                )
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """The parameters that are not as by default."""
        given = {name: getattr(self, name, each) for name, each in self._defaults().items()}
        changed = [
            f"{name}={given[name]!r}"
            for name, default in sorted(self._defaults().items())
            if repr(given[name]) != repr(default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Tags:
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def __sklearn_is_fitted__(self) -> bool:
        return "model_" in self.__dict__


def check_is_fitted(estimator: Estimator) -> None:
    """Raise scikit-learn's `NotFittedError` before `fit`."""
    if not estimator.__sklearn_is_fitted__():
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(
            f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with "
            "appropriate arguments before using this estimator."
        )
