"""Marks sentences where they are written; they are translated where they are shown."""


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Marks `text` for translation; it is translated where it is shown."""
    return text
