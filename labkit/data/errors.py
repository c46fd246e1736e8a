"""What can go wrong with data; each message is a sentence that says where, and what to do."""


class DataError(RuntimeError):
    """The data cannot be had or cannot be read; the message says which file or folder, and what to do."""


class DownloadError(DataError):
    """CIFAR-10 could not be downloaded; the message says why, mirror by mirror."""
