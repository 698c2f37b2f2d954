"""What can go wrong between a picture and a verdict.

VisionError
├─ BundleRejected       a shipped model is incomplete, altered, unsigned or computes something else here: fetch it again
├─ PictureUnusable      an array or file is no picture a model can look at: the source must send another
├─ DataMissing          a folder of pictures is not laid out as training or evaluation needs it: correct the path
├─ TeachingRefused      pictures of good parts that nothing can be learnt from: take more, or take out those named
├─ TrainingFailed       the program that trains is absent or ended with an error: install it, or read its last lines
└─ ReleaseImpossible    a bundle cannot be signed or written: make or name the release key
"""


class VisionError(Exception):
    """Anything that keeps a model from being loaded, taught or asked."""


class BundleRejected(VisionError):
    """A model bundle failed one of its checks; it must not be used."""


class PictureUnusable(VisionError):
    """A picture cannot be read or has a form no model accepts."""


class DataMissing(VisionError):
    """Pictures or labels are not where training or evaluation looks for them."""


class TeachingRefused(VisionError):
    """Teaching pictures are too few, or no pictures of one kind of good part."""


class TrainingFailed(VisionError):
    """A trainer outside this program cannot be run, or ended with an error."""


class ReleaseImpossible(VisionError):
    """A release cannot be written or signed."""
