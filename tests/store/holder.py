"""A process that holds the embedded server: `python -m tests.store.holder <data dir> [server program]`.

It prints the server's process id, releases its hold when a line arrives on standard input, and says so.
"""

import signal
import sys
from pathlib import Path

from store.embedded import start_embedded


def main() -> None:
    # What a shell runs in the background ignores Ctrl-C, and so do its children, unless they say otherwise.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    data_dir, *binary = sys.argv[1:]
    server = start_embedded(Path(data_dir), binary=Path(binary[0]) if binary else None)
    print(server.pid, flush=True)
    sys.stdin.readline()
    server.release()
    print("released", flush=True)


if __name__ == "__main__":
    main()
