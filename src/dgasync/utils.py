"""What v3 had here: `from dgasync.utils import verboselogs`, the documented levels of `verbose=`."""

from dgasync import logs as verboselogs

__all__ = ["verboselogs"]
