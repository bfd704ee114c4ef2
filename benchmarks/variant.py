"""One measurement in a process of its own: `variant.py LIBRARY WORK name=value ...`, run by `run.py`.

The measured code is imported, not run as a script, so that its bytecode comes from the cache as it would for a user.
"""

import sys

import measure

if __name__ == "__main__":
    library, work = sys.argv[1:3]
    given = dict(each.split("=", 1) for each in sys.argv[3:])
    core = given.pop("core", None)
    measure.pin(int(core) if core else None)
    code = getattr(__import__(f"variants.{library}"), library)
    getattr(code, work)(**given)
