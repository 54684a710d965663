#!/usr/bin/env python3
"""ledgerd answers what docs/openapi.json says, and everything it says.

    contract_test.py SOURCE_FOLDER LEDGERD

A scripted client makes ledgerd give every documented answer (operation, status, media type, code or
optional header), and checks each one against the document. One that is documented and was not given
fails the run, but for those that need an outage: for these OUTAGES names the C++ test.
"""
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import more_stories  # noqa: E402
import stories  # noqa: E402
from contract import Contract  # noqa: E402
from ledgerd import Ledgerd  # noqa: E402

STORIES = [
    stories.accounts_are_opened, stories.accounts_are_read, stories.accounts_are_changed,
    stories.statements_are_read, stories.money_is_moved, stories.money_is_held,
    stories.holds_are_captured, stories.holds_are_voided, stories.transfers_are_reversed,
    stories.amounts_reach_their_ends, more_stories.transfers_are_found,
    more_stories.items_are_decided_one_by_one, more_stories.items_may_be_no_json,
    more_stories.items_stand_or_fall_together, more_stories.the_first_fault_is_the_answer,
    more_stories.old_clients_are_served, more_stories.chaos_is_refused_by_name,
    more_stories.the_process_is_looked_after, more_stories.framing_is_judged_before_any_route,
    more_stories.slow_requests_are_given_up, more_stories.what_no_route_has_is_told_so,
]

# (status, code): the sentences of the C++ tests that make ledgerd, or its routes, give the answer. The two of
# every write and every read go over all operations.
EVERY_WRITE = "every write tells what kept the ledger from deciding it, or from knowing its fate"
EVERY_READ = "every read tells that the store cannot be reached, or that it is damaged"
OUTAGES = {
    ("500", "commit_in_doubt"): [EVERY_WRITE],
    ("500", "store_corrupt"): [EVERY_WRITE, EVERY_READ],
    ("500", "internal_error"): ["no text of an exception leaves the server"],
    ("503", "queue_full"): [EVERY_WRITE],
    ("503", "deadline_exceeded"): [EVERY_WRITE],
    ("503", "lock_not_granted"): [EVERY_WRITE],
    ("503", "conflict"): [EVERY_WRITE],
    ("503", "store_unavailable"): [EVERY_WRITE, EVERY_READ],
    ("503", "store_full"): [EVERY_WRITE],
    ("503", "commit_failed"): [EVERY_WRITE],
    ("503", "store_corrupt"): [EVERY_READ],
    ("503", "shutting_down"): [
        EVERY_WRITE,
        "while it drains, what was accepted is answered and what is new is refused with 503"],
    ("503", "overloaded"): ["a full queue answers 503 at once, and what was queued is still answered"],
    ("503", "too_many_connections"): ["a connection too many is told so, and room is found again"],
    ("503", "X-Request-Id"): [EVERY_WRITE, EVERY_READ],
}


def missing_tests(source):
    """Of those that OUTAGES names, the ones that are not there."""
    sentences = set()
    for folder, _, names in os.walk(os.path.join(source, "tests")):
        for name in names:
            if name.endswith(".cpp"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    sentences.update(re.findall(r'TEST_CASE\(\s*"([^"]*)"', file.read()))
    return sorted(set().union(*OUTAGES.values()) - sentences)


def outage_of(answer):
    """The entry of OUTAGES that stands for a documented answer, if there is one."""
    _, status, _, what = answer
    code = what.split()[-1] if what else ""
    status = what.split()[0] if " " in what else str(status)
    return (status, code) if (status, code) in OUTAGES else None


def main(source, binary):
    contract = Contract(source)

    def in_a_ledger_of_its_own(story):
        def run(c):
            arguments = getattr(story, "arguments", [])
            with Ledgerd(binary, *arguments, environment=getattr(story, "environment", {})) as c.server:
                story(c)
        run.__name__ = story.__name__
        return run

    good = contract.run([in_a_ledger_of_its_own(story) for story in STORIES])
    documented = contract.documented()
    by_outage = {answer for answer in documented if outage_of(answer)}
    unreached = sorted(documented - contract.reached - by_outage)
    for answer in unreached:
        print("UNREACHED:", *answer, file=sys.stderr)
    for sentence in missing_tests(source):
        print(f"MISSING: there is no C++ test '{sentence}'", file=sys.stderr)
        good = False
    unused = set(OUTAGES) - {outage_of(answer) for answer in by_outage}
    for status, code in sorted(unused):
        print(f"UNUSED: {status} {code} is documented nowhere", file=sys.stderr)
    print(f"{len(documented)} documented answers: {len(documented & contract.reached)} reached, "
          f"{len(by_outage - contract.reached)} left to the C++ tests of outages, {len(unreached)} unreached")
    return good and not unreached and not unused


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:3]) else 1)
