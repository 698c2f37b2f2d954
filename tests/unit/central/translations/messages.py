"""Every sentence in the centre that somebody reads, found where it is written."""

from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

import central

FOLDER = Path(central.__file__).parent
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")]
OPTIONS = {"**.html": {"silent": "false"}}
Message = str | tuple[str, ...]


def messages() -> list[Message]:
    """English sentences, singular and plural together, each once."""
    found = extract_from_dir(FOLDER, METHODS, OPTIONS, KEYWORDS)
    return sorted({message for _file, _line, message, _comments, _context in found if message}, key=str)
