"""The process in which heavy planners think: a question a line comes in, an answer a line goes out, nothing else is done.

Run by `central.background.planning`, which ends it when it takes more time or memory than the card allows. Should that one
have been killed, the process ends itself: at the end of its questions, or a little after the time of the card.
"""

import faulthandler
import os
import sys
from importlib import import_module
from typing import BinaryIO

import msgspec

from central.deciding import outcome_json
from central.deciding.capability import Budget, Capability

MOST_TOLD_CHARACTERS = 200
GRACE_S = 2.0  # after which nobody is left who would have ended it


class Question(msgspec.Struct, frozen=True):
    """What to decide: the module of a card, the way, inputs and params as their models write them."""

    module: str
    way: str
    inputs: msgspec.Raw
    params: msgspec.Raw


class Answer(msgspec.Struct, frozen=True):
    """An outcome, or what went wrong."""

    outcome: msgspec.Raw = msgspec.Raw(b"null")
    error: str | None = None


def answer(question: Question) -> Answer:
    """Decide; whatever a model raises is told."""
    try:
        card: Capability = import_module(question.module).CARD
        faulthandler.dump_traceback_later((card.heavy or Budget()).time_s + GRACE_S, exit=True)
        example_inputs, _params = card.example()
        inputs = type(example_inputs).model_validate_json(bytes(question.inputs))
        outcome = card.way(question.way)(inputs, card.params.model_validate_json(bytes(question.params)))
        return Answer(outcome=msgspec.Raw(outcome_json.written(outcome)))
    except Exception as error:
        return Answer(error=f"{type(error).__name__}: {str(error)[:MOST_TOLD_CHARACTERS]}")
    finally:
        faulthandler.cancel_dump_traceback_later()


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer each question until there are no more."""
    for line in questions:
        answers.write(msgspec.json.encode(answer(msgspec.json.decode(line, type=Question))) + b"\n")
        answers.flush()


def main() -> None:
    """What a model prints goes to stderr: stdout speaks to the parent only."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
