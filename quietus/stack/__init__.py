"""The servers of one machine: embedded PostgreSQL and Valkey, and `up`, the whole product in one terminal."""

from __future__ import annotations

from quietus.stack.serving import servers
from quietus.stack.state import Addresses, StackError, addresses

__all__ = ["Addresses", "StackError", "addresses", "servers"]
