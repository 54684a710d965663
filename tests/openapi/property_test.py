#!/usr/bin/env python3
"""Random requests against every operation: no 5xx, and no answer that the document does not have.

    property_test.py SOURCE_FOLDER LEDGERD

Requests are made from the document's schemas, and a third of them gets a fault. What the document
allows must not be refused as malformed, and what it forbids must be refused. A write sent again must
have the same answer. In the end the books must balance. LEDGER_TEST_SEED runs the same requests again;
LEDGER_TEST_REQUESTS is how many (3,000).
"""
import collections
import os
import random
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from contract import NOT_RECORDED, Contract, without_story  # noqa: E402
from faults import spoil  # noqa: E402
from generator import Generator  # noqa: E402
from ledgerd import Ledgerd  # noqa: E402
from stories import open_accounts  # noqa: E402


class Run:
    def __init__(self, contract, seed):
        self.contract = contract
        self.random = random.Random(seed)
        self.generator = Generator(contract.document, self.random)
        self.recent = collections.deque(maxlen=200)
        self.statuses = collections.Counter()

    def step(self):
        if self.recent and self.random.random() < 0.1:
            self.repeat(*self.random.choice(self.recent))
            return
        request = self.generator.request()
        if self.random.random() < 0.33:
            request = spoil(request, self.random)
        answer = self.ask(request)
        if answer.status < 300 and answer.media_type == "application/json" and request.operation.id != "getOpenapi":
            self.generator.learn(answer.json())
        if request.operation.method != "GET" and self.is_recorded(answer):
            self.recent.append((request, answer))

    def ask(self, request):
        answer = self.contract.send(request)
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.contract.complain(request, answer, "a fault of the server's")
        return answer

    @staticmethod
    def is_recorded(answer):
        return answer.status not in NOT_RECORDED and b'"key_reused"' not in answer.body and (
            b'"results":' not in answer.body and answer.media_type != "application/x-ndjson")

    def repeat(self, request, first):
        again = self.ask(request)
        if (again.status, without_story(again)) != (first.status, without_story(first)):
            self.contract.complain(request, again, f"the first answer was {first!r:.500}")
        if again.headers.get("idempotent-replayed") != "true":
            self.contract.complain(request, again, "a replay must say so")

    def check_books(self):
        """The sums may be too large to be added up: then there is no more to be said."""
        answer = self.contract.server.client.ask("GET", "/v1/trial-balance")
        for total in answer.json().get("currencies", []):
            assert total["positive"] == total["negative"].lstrip("-"), total
            assert total["held"] == total["incoming"], total


def main(source, binary):
    seed = int(os.environ.get("LEDGER_TEST_SEED") or random.SystemRandom().randrange(2**32))
    count = int(os.environ.get("LEDGER_TEST_REQUESTS") or 3000)
    print(f"seed {seed} (LEDGER_TEST_SEED), {count} requests (LEDGER_TEST_REQUESTS)", flush=True)
    contract = Contract(source)
    run = Run(contract, seed)
    with Ledgerd(binary) as contract.server:
        open_accounts(contract)
        for _ in range(count):
            run.step()
            if len(contract.wrong) >= 10:
                break
        run.check_books()
    for problem in contract.wrong[:10]:
        print(f"WRONG: {problem}", file=sys.stderr)
    operations = {answer[0] for answer in contract.reached if answer[1] < 300}
    missing = set(contract.document.operations) - operations
    print(f"answers by status: {dict(sorted(run.statuses.items()))}; "
          f"{len(contract.reached)} of the documented answers, successes of all but {len(missing)} operations")
    if missing and count >= 1000:
        print(f"no success of {sorted(missing)}", file=sys.stderr)
        return False
    return not contract.wrong


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:3]) else 1)
