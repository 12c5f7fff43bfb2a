"""InceptionTime as aeon has it, in a process of its own: `regression` calls it.

It needs TensorFlow, which regard does not; the Python that runs this needs nothing of regard.

    python inception_time.py PROBLEM.npz EPOCHS SEED
"""

import json
import sys
import tempfile
from time import perf_counter

import numpy as np

__all__: list[str] = []


def _main(path: str, epochs: int, seed: int) -> None:
    """Train aeon's defaults, but for the epochs; print RMSE and seconds as JSON."""
    import tensorflow as tf
    from aeon.regression.deep_learning import InceptionTimeRegressor

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    data = np.load(path)
    with tempfile.TemporaryDirectory() as folder:
        model = InceptionTimeRegressor(
            n_epochs=epochs, random_state=seed, file_path=f"{folder}/", verbose=False
        )
        start = perf_counter()
        model.fit(data["train"], data["train_targets"])
        seconds = perf_counter() - start
        predicted = model.predict(data["test"])
    rmse = float(np.sqrt(np.mean((predicted - data["test_targets"]) ** 2)))
    print(json.dumps({"rmse": rmse, "seconds": seconds}))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
