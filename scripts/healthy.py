"""Exits with 0 if the Usher on this machine answers at `/healthz`, else with 1: a container's health check."""

import http.client
import os
import sys


def healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if healthy(int(os.environ.get("USHER_PORT", "3978"))) else 1)
