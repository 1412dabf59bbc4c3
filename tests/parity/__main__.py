"""Ask the peer and ourselves the same, and print every difference.

``make parity``. Each difference is on purpose and has a row in
docs/reference/compatibility.md, under the id that is printed; the exit code is 1 when one
has none. Needs the network once, to install the peer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.e2e.serving import wait_until
from tests.parity.cases import Case, all_cases
from tests.parity.differences import Difference, compare
from tests.parity.exchange import Answer, ask
from tests.parity.known import id_of
from tests.parity.servers import install_peer, our_server, peer_server

ENDED = {"succeeded", "failed", "cancelled"}
Found = dict[str, list[tuple[str, Difference]]]


def main() -> int:
    """Compare, print, and say whether everything is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, default=Path(".agentevals/parity/venv"))
    parser.add_argument("--only", default="", help="cases whose name holds this")
    said = parser.parse_args()
    command = install_peer(said.peer)
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        with (
            peer_server(command, logs / "peer.log") as peer,
            our_server(logs / "ours.log") as ours,
        ):
            found, count = differences(peer, ours, said.only)
    return report(found, count)


def differences(peer: str, ours: str, only: str) -> tuple[Found, int]:
    """Ask everything; return the differences by the id of what is known of them."""
    found: Found = defaultdict(list)
    count = 0
    for case in all_cases():
        if only in case.name:
            count += 1
            for difference in compare(answer(peer, case), answer(ours, case)):
                found[id_of(case.name, difference)].append((case.name, difference))
    return found, count


def answer(base: str, case: Case) -> Answer:
    """Ask one server, if need be until the run has ended."""
    if not case.until_ended:
        return ask(base, case.request)

    def ended() -> Answer | None:
        found = ask(base, case.request)
        return found if found.body["data"]["status"] in ENDED else None

    reached: Answer = wait_until(ended)
    return reached


def report(found: Found, count: int) -> int:
    """Print what was found, the unknown last; return the exit code."""
    for name in sorted(found, key=lambda each: (each == "", each)):
        print(f"\n{name or 'NOT KNOWN'}: {len(found[name])}")
        shown = found[name] if not name else found[name][:3]
        for case, difference in shown:
            print(f"  {case} · {difference.path}")
            print(f"      peer  {difference.peer}\n      ours  {difference.ours}")
    unknown = len(found.get("", []))
    total = sum(len(each) for each in found.values())
    print(f"\n{count} requests, {total} differences, {unknown} of them not known")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
