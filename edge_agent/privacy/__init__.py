"""What of a picture may leave the device: the task's region only, and no moving thing larger than a facing."""
