"""A client that checks every answer against the document, and keeps account of what was reached."""
import itertools
import json
import os
import sys
import traceback

from document import read_document
from ledgerd import parse_json
from request import NDJSON, Request, disagreement

RECORDS_A_TRANSFER = ("createTransfer", "createHold", "captureHold", "voidHold", "reverseTransfer")
# Not recorded under the key, so that the same request again is judged anew.
NOT_RECORDED = {400, 408, 413, 414, 415, 417, 431, 500, 503}


class Contract:
    def __init__(self, source):
        self.source = source
        self.document = read_document(os.path.join(source, "docs", "openapi.json"))
        self.reached = set()
        self.wrong = []
        self.numbers = itertools.count(1)
        self.server = None

    def documented(self):
        answers = self.document.documented("unrouted", self.document.unrouted)
        for operation in self.document.operations.values():
            answers |= self.document.documented(operation.id, operation.responses)
        return answers

    def key(self):
        return f"key-{next(self.numbers)}"

    # One request, whose answer must be as the document has it.

    def ask(self, operation_id, expect, body=None, query=(), headers=(), key=None, media_type="", twice=True, **path):
        """Sends a request; `expect` is the status, or "status code". Writes get a key of their own
        and are sent twice; reads are sent as HEAD, too."""
        operation = self.document.operations[operation_id]
        headers = list(headers)
        if key is None and self._takes_key(operation):
            key = self.key()
        if key:
            headers.append(("Idempotency-Key", key))
        request = Request(operation, path, list(query), headers, *encode(body, media_type))
        answer = self.send(request, expect)
        if twice and operation.method == "GET":
            self._check_head(request, answer)
        elif twice and key:
            self._check_replay(request, key, answer)
        if answer.media_type == NDJSON:
            return {"results": [parse_json(line) for line in answer.body.splitlines()]}
        return answer.json() if answer.body else answer

    @staticmethod
    def _takes_key(operation):
        return any(p["name"] == "Idempotency-Key" and p.get("required") for p in operation.parameters)

    def send(self, request, expect=None):
        answer = request.send(self.server.client)
        self.check(request.operation.id, request.operation.responses, answer, request)
        problem = disagreement(self.document, request, answer)
        if problem:
            self.complain(request, answer, problem)
        if expect is not None and status_and_code(answer, expect) != str(expect):
            self.complain(request, answer, f"expected {expect}")
        return answer

    def check(self, operation_id, responses, answer, what):
        reached, wrong = self.document.check_answer(operation_id, responses, answer)
        self.reached |= reached
        for problem in wrong:
            self.complain(what, answer, problem)

    def complain(self, what, answer, problem):
        self.wrong.append(f"{problem}\n  {what}\n  {answer!r:.2000}")

    def _check_head(self, request, answer):
        head = self.server.client.ask("HEAD", request.target, request.all_headers())
        self.check(request.operation.id, request.operation.responses, head, f"HEAD {request}")
        vary = ("x-request-id",)
        if {k: v for k, v in head.headers.items() if k not in vary} != {
                k: v for k, v in answer.headers.items() if k not in vary} or head.status != answer.status:
            self.complain(f"HEAD {request}", head, f"differs from GET: {answer!r:.500}")

    def _check_replay(self, request, key, answer):
        """The same again has the same answer; only a recorded one says that it is a replay."""
        again = self.send(request)
        recorded = answer.status not in NOT_RECORDED and b'"key_reused"' not in answer.body
        if answer.media_type == NDJSON or b'"results":' in answer.body:
            return  # of a batch each result tells for itself
        replayed = again.headers.get("idempotent-replayed") == "true"
        if (again.status, without_story(again)) != (answer.status, without_story(answer)):
            self.complain(request, again, f"the first answer was {answer!r:.500}")
        if replayed != recorded:
            self.complain(request, again, "a replay must say so, and nothing else may")
        if request.operation.id in RECORDS_A_TRANSFER and recorded:
            self._check_resolved(key, answer)

    def _check_resolved(self, key, answer):
        """What became of the key: the receipt, or the decline once more."""
        operation = self.document.operations["listTransfers"]
        request = Request(operation, query=[("key", key)])
        resolved = self.send(request)
        found = resolved.json()
        expected = answer.json()
        same = found == {"transfers": [expected]} if answer.status == 201 else found == expected
        if not same or ("idempotent-replayed" in resolved.headers) != (answer.status != 201):
            self.complain(request, resolved, f"resolves to another answer than {answer!r:.500}")

    # The run.

    def run(self, stories):
        failed = []
        for story in stories:
            seen = len(self.wrong)
            try:
                story(self)
            except Exception:  # noqa: BLE001: the others shall run, too
                failed.append(story.__name__)
                traceback.print_exc()
            state = "ok" if len(self.wrong) == seen and story.__name__ not in failed else "FAILED"
            print(f"{state}: {story.__name__.replace('_', ' ')}")
        for problem in self.wrong[:40]:
            print(f"WRONG: {problem}", file=sys.stderr)
        return not failed and not self.wrong


def without_story(answer):
    """The body without what tells a replay of POST /transfer from its first answer."""
    return answer.body.replace(b" (Recovered)", b"")


def status_and_code(answer, expect):
    if " " not in str(expect):
        return str(answer.status)
    code = answer.json().get("code") if answer.body else ""
    return f"{answer.status} {code}"


def encode(body, media_type):
    """(bytes, media type) of a body: bytes are sent as they are, a list as NDJSON if that is asked for."""
    if body is None or isinstance(body, bytes):
        return body or b"", media_type
    if media_type == NDJSON:
        return b"".join(json.dumps(item).encode() + b"\n" for item in body), media_type
    return json.dumps(body).encode(), "application/json"
