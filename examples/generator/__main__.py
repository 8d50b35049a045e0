"""Run the example generator: ``python -m examples.generator --port 8400``."""

from __future__ import annotations

import argparse
import os

from examples.generator.server import Choices, serve


def main() -> None:
    """Serve until interrupted. The key, if one is to be asked for, is read from GENERATOR_KEY."""
    parser = argparse.ArgumentParser(description="An example of an image generator: varies the reference, no model.")
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--strength", type=float, default=0.05)
    parser.add_argument("--answer", choices=("bytes", "json", "url"), default="bytes")
    given = parser.parse_args()
    server = serve(given.port, Choices(os.environ.get("GENERATOR_KEY", ""), given.strength, given.answer))
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
