"""A process of its own that holds the servers of a state folder until its standard input ends."""

import json
import sys
from pathlib import Path

from quietus.stack import servers

if __name__ == "__main__":
    with servers(Path(sys.argv[1]), holder=sys.argv[2]) as found:
        sys.stdout.write(json.dumps(found.environment()) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
