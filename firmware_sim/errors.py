"""SimulatorError
├─ SceneError    the scene file is wrong: fix the named key
├─ ClockError    a time was asked for that the simulated clock cannot give
├─ PortTaken     a port another program holds: free it or ask for port 0
├─ CameraUnknown no camera of that name in the scene
└─ BadOption     a value on the command line that cannot be used
"""


class SimulatorError(Exception):
    """Anything that stops the fake hardware; the text names the thing and the remedy."""


class SceneError(SimulatorError):
    """A scene file cannot be read or contradicts itself."""


class ClockError(SimulatorError):
    """A speed or jump that simulated time cannot follow."""


class PortTaken(SimulatorError):
    """The host and port are held by another program."""

    def __init__(self, what: str, host: str, port: int, option: str) -> None:
        """Word the refusal: `what` wanted `host:port`, `option` is the flag that moves it."""
        super().__init__(f"{what}: {host}:{port} is taken; stop the other program or give {option} 0 for a free port")


class CameraUnknown(SimulatorError):
    """A camera was named that the scene does not have."""


class BadOption(SimulatorError):
    """A value on the command line cannot be used; the text names the option."""
