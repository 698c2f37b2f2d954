"""The language: what devices, the centre and integrators say to each other. Imports nothing of ours and does no I/O."""
