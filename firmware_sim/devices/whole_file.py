"""Files that are replaced in one step: who reads one never sees half of it, whenever the power goes."""

from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` where `path` is. Raises OSError; then the old file stands."""
    draft = path.with_name(f"{path.name}.part")
    draft.write_bytes(content)
    draft.replace(path)
