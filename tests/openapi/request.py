"""Requests to ledgerd, and whether the document allows them."""
import json
import re
import urllib.parse
from dataclasses import dataclass, field

from ledgerd import parse_json

NDJSON = "application/x-ndjson"

# What ledgerd finds wrong with a request that a schema can find as well.
STRUCTURAL = frozenset(
    "malformed_json unknown_field duplicate_field missing_field wrong_type invalid_query invalid_key"
    " invalid_timestamp invalid_account_id invalid_transfer_id invalid_reference invalid_amount invalid_precondition"
    " nothing_to_change no_legs too_many_legs invalid_page".split())

# What only prose says: what excludes what, and when a batch needs a key.
UNEXPRESSED = {
    "createBatch": {"invalid_key", "invalid_query"},
    "listAccounts": {"invalid_query"},
    "listTransfers": {"invalid_query"},
}


@dataclass
class Request:
    operation: object
    path: dict = field(default_factory=dict)
    query: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    body: bytes = b""
    media_type: str = ""

    @property
    def target(self):
        """Path parameters are written as they are, so that a test may say anything; in the query "\\udcff"
        is the byte 0xff."""
        query = urllib.parse.urlencode(self.query, quote_via=urllib.parse.quote, errors="surrogateescape")
        return self.operation.target(**self.path) + (f"?{query}" if query else "")

    def all_headers(self):
        return self.headers + ([("Content-Type", self.media_type)] if self.media_type else [])

    def send(self, client):
        return client.ask(self.operation.method, self.target, self.all_headers(), self.body)

    def __repr__(self):
        body = self.body if len(self.body) < 2000 else self.body[:2000] + b"..."
        return f"{self.operation.method} {self.target} {self.all_headers()} {body!r}"


def errors_of_request(document, request):
    """Why the document does not allow the request; nothing if it does."""
    wrong = []
    for place, pairs in (("path", list(request.path.items())), ("query", request.query),
                         ("header", request.headers)):
        wrong += _errors_of_parameters(document, request.operation, place, pairs)
    return wrong + _errors_of_body(document, request)


def _errors_of_parameters(document, operation, place, pairs):
    wrong = []
    known = {_fold(place, p["name"]): p for p in operation.parameters_in(place)}
    given = [_fold(place, name) for name, _ in pairs]
    for name, parameter in known.items():
        if given.count(name) > 1 and name not in REPEATABLE:
            wrong.append(f"{name}: more than once")
        if parameter.get("required") and name not in given:
            wrong.append(f"{name}: missing")
    for name, value in pairs:
        parameter = known.get(_fold(place, name))
        if parameter is None:
            # What is no part of /v1 is asked by probes and browsers that add what they like.
            strict = place == "query" and operation.path.startswith("/v1/")
            wrong += [f"{name}: unknown"] if strict else []
        else:
            wrong += _errors_of_value(document, parameter, value)
    return wrong


# Bad ones are replaced, or stand for no match: no value is refused.
REPEATABLE = {"x-request-id", "if-none-match"}


def _fold(place, name):
    return name.lower() if place == "header" else name


def _errors_of_value(document, parameter, text):
    """A parameter is text: what it stands for depends on its type."""
    schema = document.resolve(parameter["schema"])
    value = str(text)
    if schema.get("type") == "integer" and re.fullmatch("-?(0|[1-9][0-9]*)", value):
        value = int(value)
    elif schema.get("type") == "boolean" and value in ("true", "false"):
        value = value == "true"
    return [f"{parameter['name']}: {error}" for error in document.errors(schema, value)]


def _errors_of_body(document, request):
    body = request.operation.body
    if body is None:
        return []
    if not request.body:
        return ["body: missing"] if body["required"] else []
    content = body["content"]
    lines = NDJSON in content and request.media_type.split(";")[0].strip().lower() == NDJSON
    schema = content[NDJSON if lines else "application/json"]["schema"]
    parts = [line for line in request.body.split(b"\n") if line.strip()] if lines else [request.body]
    wrong = []
    for part in parts:
        try:
            wrong += document.errors(schema, parse_body(part))
        except (ValueError, RecursionError) as error:
            wrong.append(f"body: {error}")
    return wrong


def parse_body(text):
    """JSON as ledgerd reads it: UTF-8, no member twice, no half of a surrogate pair, no NaN."""
    value = parse_json(text.decode("utf-8"))
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return value


def disagreement(document, request, answer):
    """Where document and ledgerd judge a request differently, in words; None if they agree."""
    wrong = errors_of_request(document, request)
    codes = _codes(answer)
    malformed = {code for status, code in codes if status == 400}
    refused = (malformed & STRUCTURAL) - UNEXPRESSED.get(request.operation.id, set())
    if not wrong and refused:
        return f"the document allows what is refused as {sorted(refused)}"
    if wrong and answer.status < 400 and not malformed:
        return f"accepted, although the document says: {wrong[:3]}"
    return None


def _codes(answer):
    """The (status, code) of an answer, and of a batch's results."""
    if not answer.body or "json" not in answer.media_type:
        return set()
    codes = set()
    for part in answer.body.splitlines() if answer.media_type == NDJSON else [answer.body]:
        part = parse_json(part)
        if "code" in part:
            codes.add((answer.status, part["code"]))
        for result in part.get("results", [part]):
            if "error" in result:
                codes.add((result["status"], result["error"]["code"]))
    return codes
