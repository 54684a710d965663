"""Random requests, made from the document's schemas: valid ones, and ones with a single fault."""
import json
import string

from request import NDJSON, Request

MAX_ID = 2**63 - 1
POOL = 400  # remembered of a kind; the oldest are forgotten

# How often an operation is asked for, where that is not once: what is captured must be held before.
WEIGHTS = {"createTransfer": 4, "createHold": 6, "captureHold": 2, "createBatch": 3}
# What the path's id should be one of, most of the time.
KINDS = {"captureHold": "hold", "voidHold": "hold", "reverseTransfer": "transfer"}
# Parameters that go together; others exclude each other, which only prose says.
TOGETHER = {
    "listAccounts": [{"reference"}, {"after", "limit"}],
    "listTransfers": [{"key"}, {"reference", "after", "limit"},
                      {"account", "kind", "from", "to", "limit", "cursor"}],
}


class Generator:
    def __init__(self, document, random):
        self.document = document
        self.random = random
        self.operations = list(document.operations.values())
        self.weights = [WEIGHTS.get(operation.id, 1) for operation in self.operations]
        self.pools = {}
        self.makers = {
            "AccountId": self.account_id, "TransferId": self.transfer_id, "Key": self.key,
            "Reference": self.reference, "Metadata": self.metadata, "Currency": self.currency,
            "AmountInput": self.amount, "LimitInput": self.limit, "TimeInput": self.time,
            "Cursor": self.cursor,
        }

    # What was seen in answers is used again, so that requests meet what is there.

    def remember(self, kind, value):
        pool = self.pools.setdefault(kind, [])
        if value not in pool[-20:]:
            pool.append(value)
        del pool[:-POOL]

    def known(self, kind):
        pool = self.pools.get(kind)
        return self.random.choice(pool) if pool else None

    def learn(self, node):
        if isinstance(node, list):
            for child in node:
                self.learn(child)
        if not isinstance(node, dict):
            return
        if "created_at" in node:
            self.remember("AccountId", node["id"])
        if "legs" in node and "id" in node:
            self.remember(f"TransferId {node['kind']}", node["id"])
            self.remember("Key", node["key"])
            self.remember("Time", node["recorded_at"])
        if isinstance(node.get("next"), str):
            self.remember("Cursor", node["next"])
        if isinstance(node.get("reference"), str):
            self.remember("Reference", node["reference"])
        if isinstance(node.get("version"), int):
            self.remember("Version", node["version"])
        for name, child in node.items():
            if name != "metadata":
                self.learn(child)

    # Values of schemas.

    def value(self, schema):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name in self.makers:
                return self.makers[name]()
        schema = self.document.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.value(self.random.choice(schema[choice]))
        return getattr(self, f"value_of_{schema['type']}")(schema)

    def value_of_null(self, _):
        return None

    def value_of_boolean(self, _):
        return self.random.random() < 0.5

    def value_of_integer(self, schema):
        low, high = schema["minimum"], schema["maximum"]
        return self.random.choice([low, high, self.random.randint(low, min(high, low + 100))])

    def value_of_number(self, _):
        return self.random.choice([0.01, 1, 1.5, 100.25])

    def value_of_string(self, schema):
        if schema.get("pattern") == "^[ -~]+$":
            return self.reference()
        if "pattern" in schema:
            raise LookupError(f"nobody makes strings like {schema['pattern']}")
        return "".join(self.random.choices(string.ascii_letters + string.digits + ' ",*', k=12)).strip()

    def value_of_array(self, schema):
        low = schema.get("minItems", 0)
        size = self.random.choice([low, low + 1, low + 1, low + 2, low + 5])
        return [self.value(schema["items"]) for _ in range(min(size, schema["maxItems"]))]

    def value_of_object(self, schema):
        required = schema.get("required", [])
        names = [name for name in schema["properties"] if name in required or self.random.random() < 0.25]
        for name, others in schema.get("dependentRequired", {}).items():
            if name in names:
                names += [other for other in others if other not in names]
        if len(names) < schema.get("minProperties", 0):
            names = [self.random.choice(list(schema["properties"]))]
        made = {name: self.value(schema["properties"][name]) for name in names}
        if "from" in made and made["from"] == made["to"] and self.random.random() < 0.9:
            made["to"] = made["from"] % 3 + 1
        return made

    # Values of named schemas.

    def account_id(self):
        if self.random.random() < 0.9:
            return self.random.choice([1, 2, 3] * 8 + [4, 5, 6])
        known = self.known("AccountId") if self.random.random() < 0.8 else None
        return known or self.random.choice([1, 77, MAX_ID - 1, self.random.randint(1, 10**6)])

    def account_to_change(self):
        """None of the first: they would soon be frozen, and nothing would move any more."""
        later = [known for known in self.pools.get("AccountId", []) if known > 6]
        return self.random.choice(later if later and self.random.random() < 0.9 else [4, 5, 6, 77])

    def transfer_id(self, kind=None):
        """Most of the time a recent one of the kind: there may be something left of it."""
        if kind is None or self.random.random() < 0.1:
            kind = self.random.choice(["hold", "hold", "transfer", "capture", "reversal"])
        kind = f"TransferId {kind}"
        recent = self.pools.get(kind, [])[-10:]
        if recent and self.random.random() < 0.8:
            return self.random.choice(recent)
        return self.known(kind) or self.random.choice([1, MAX_ID, self.random.randint(1, 10**6)])

    def key(self):
        known = self.known("Key") if self.random.random() < 0.05 else None
        # An expiry's is the ledger's own, and starts with a space.
        return (known or "").strip() or self.name()

    def reference(self):
        known = self.known("Reference") if self.random.random() < 0.3 else None
        return known or self.name()

    def name(self):
        length = self.random.choice([1, 8, 8, 36, 255])
        return "".join(self.random.choices("abcxyz019-_/:%~!", k=length))

    def metadata(self):
        return self.random.choice([
            {}, {"a": 1}, {"nested": {"list": [1, 2.5, None, True, "\u00e9\u20ac\U0001f4b0"]}},
            {"": ""}, {"text": "x" * self.random.choice([10, 4000])}, {'quote"\\': "\n\t\u0001"}])

    def currency(self):
        return self.random.choice(["USD"] * 30 + ["EUR", "EUR", "JPY", "KWD", "XXX", "ABCDEFG"])

    def amount(self):
        if self.random.random() < 0.85:
            return self.random.choice(["0.01", "0.10", "0.25", "1", "1.5", "2.00"])
        return self.random.choice([
            "7", "100.00", "0.001", "1.000", "92233720368547758.07", "92233720368547758.08",
            f"{self.random.randint(1, 500)}.25"])

    def limit(self):
        return self.random.choice(["0", "0.00", "-100", "1000.00", "-0", "-0.05", "0.001"])

    def time(self):
        known = self.known("Time") if self.random.random() < 0.3 else None
        return known or self.random.choice([
            "2020-01-01T00:00:00Z", "2026-02-28T23:59:59.999999Z", "2099-12-31T23:59:59+14:00",
            "2024-02-29t12:00:00.5z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.123456789Z",
            "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "0001-01-01T00:00:00+01:00"])

    def cursor(self):
        return self.known("Cursor") or str(self.random.choice([1, 50, MAX_ID]))

    # Requests.

    def request(self):
        (operation,) = self.random.choices(self.operations, self.weights)
        request = Request(operation, *self.parameters(operation))
        if operation.body and (operation.body["required"] or self.random.random() < 0.7):
            self.add_body(request)
        return request

    def parameters(self, operation):
        path = {p["name"]: self.text(p) for p in operation.parameters_in("path")}
        if operation.id == "changeAccount":
            path["id"] = self.account_to_change()
        if operation.id in KINDS:
            path["id"] = self.transfer_id(KINDS[operation.id])
        wanted = self.random.choice(TOGETHER.get(operation.id, [None]))
        query = [(p["name"], self.text(p)) for p in operation.parameters_in("query")
                 if (wanted is None or p["name"] in wanted) and self.random.random() < 0.4]
        headers = [(p["name"], self.header(p)) for p in operation.parameters_in("header")
                   if p.get("required") or self.random.random() < 0.3]
        return path, query, headers

    def text(self, parameter):
        value = self.value(parameter["schema"])
        return json.dumps(value) if isinstance(value, (bool, int)) else value

    def header(self, parameter):
        if parameter["name"] == "Idempotency-Key":
            key = self.key()
            return json.dumps(key) if self.random.random() < 0.2 or key.startswith('"') else key
        if parameter["name"] in ("If-Match", "If-None-Match"):
            version = self.known("Version") if self.random.random() < 0.8 else None
            return f'"{self.random.choice([0, 1, 2]) if version is None else version}"'
        return self.value(parameter["schema"])

    def add_body(self, request):
        content = request.operation.body["content"]
        if NDJSON in content and self.random.random() < 0.3:
            lines = [self.value(content[NDJSON]["schema"]) for _ in range(self.random.randint(1, 4))]
            request.body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            request.media_type = NDJSON
        else:
            value = self.value(content["application/json"]["schema"])
            request.body = json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode()
            request.media_type = "application/json"
