"""The devices of the house: who may speak, with which key, and the broker they speak through."""
