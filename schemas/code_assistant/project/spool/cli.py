"""spool/cli.py: put jobs and look at a queue from the shell."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from .queue import Queue
from .store import Store


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="spool", description=__doc__)
    parser.add_argument("file", help="the SQLite file; created if it is missing")
    commands = parser.add_subparsers(dest="command", required=True)
    put = commands.add_parser("put", help="add a job and print its id")
    put.add_argument("kind")
    put.add_argument("payload", help="a JSON object")
    put.add_argument("--run-in", type=float, default=0.0, metavar="SECONDS")
    commands.add_parser("stats", help="print the number of jobs in each state")
    commands.add_parser("retry-dead", help="make all dead jobs ready again")
    args = parser.parse_args(argv)

    payload = None
    if args.command == "put":
        try:
            payload = json.loads(args.payload)
        except json.JSONDecodeError as error:
            parser.error(f"payload is not JSON: {error}")
        if not isinstance(payload, dict):
            parser.error("payload must be a JSON object")

    store = Store(args.file)
    try:
        queue = Queue(store)
        if args.command == "put":
            print(queue.put(args.kind, payload, run_in=args.run_in))
        elif args.command == "stats":
            for state, count in queue.stats().items():
                print(f"{state:8} {count}")
        else:
            print(queue.retry_dead())
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
