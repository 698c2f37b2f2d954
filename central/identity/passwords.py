"""Passwords as argon2id hashes: slow on purpose, salted, and told apart in constant time."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LEAST_SIGNS = 10


class Passwords:
    """Hashes and checks; a wrong name costs as much time as a wrong password, so that names cannot be probed."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash("the password of nobody")

    def hashed(self, password: str) -> str:
        """`password` as it is stored."""
        return self._hasher.hash(password)

    def is_right(self, stored: str | None, password: str) -> bool:
        """Whether `password` belongs to the stored hash; nothing belongs to none."""
        try:
            return self._hasher.verify(stored or self._nobody, password) and stored is not None
        except (Argon2Error, InvalidHashError):
            return False
