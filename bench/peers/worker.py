"""The engines' side of the pipe: a process that holds a model and sleeps until it is asked for something.

One JSON command a line comes in, {"do": NAME, ...arguments}; one JSON object a line goes out, {"error": TEXT} if the
command failed. `engine.py` is the other side.
"""
from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

Command = Callable[..., dict[str, Any]]


def serve(commands: dict[str, Command]) -> None:
    """Answers until standard input ends. What libraries print to standard output goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = commands[command.pop("do")](**command)
        except Exception as error:  # the next command may still be answered
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
