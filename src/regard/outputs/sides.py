"""The input and the output of a configuration."""

from regard.config import Config
from regard.errors import ConfigError
from regard.inputs import Input
from regard.outputs.output import Output
from regard.registry import load
from regard.tasks import INPUTS, OUTPUTS, TASKS

__all__ = ["sides_of"]


def sides_of(config: Config) -> tuple[Input, Output]:
    """The input and the output of a configuration, not yet fitted."""
    task = TASKS[config.task]
    sections = load(OUTPUTS[task.output].sections)()
    code: type[Input] = load(INPUTS[task.input].code)
    if code.targets and sections.target not in code.targets:
        raise ConfigError(
            f"task {config.task}: the input {task.input} has no targets for {task.output}"
        )
    output: Output = load(OUTPUTS[task.output].code)(config)
    output.input = code.for_target(sections.target)(config, target=sections.target)
    return output.input, output
