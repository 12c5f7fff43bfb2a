"""What a file or folder probably is: a task, and the section `data` of its configuration.

The readers of `inputs` open it; here is decided which of them is asked, and for which columns.
"""

from regard.guess.guessed import Guess
from regard.guess.paths import guess
from regard.guess.written import written

__all__ = ["Guess", "guess", "written"]
