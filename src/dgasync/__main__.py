"""`python -m dgasync` is the command `dgasync`."""

from dgasync.cli import main

if __name__ == "__main__":
    main()
