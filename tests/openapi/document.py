"""docs/openapi.json, read as a machine would: which requests it allows and which answers."""
import datetime
import re

import jsonschema
from jsonschema import validators

from ledgerd import parse_json

METHODS = ("get", "post", "patch", "put", "delete")
BASE = jsonschema.Draft202012Validator


def pattern(_, expression, instance, __):
    """As ECMA-262 has it, and not Python, for which $ also matches before a last line break."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$(?=$|\))", r"\\Z", expression), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {expression!r}")


def is_integer(_, instance):
    """1.0 is no id to ledgerd, although JSON Schema calls it an integer."""
    return isinstance(instance, int) and not isinstance(instance, bool)


def date_format(_, name, instance, __):
    """A time that the calendar has, and whose UTC is in the years 1 to 9999."""
    if name != "date-time" or not isinstance(instance, str):
        return
    try:
        text = re.sub("[zZ]$", "+00:00", instance.upper())
        datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError) as error:
        yield jsonschema.ValidationError(f"{instance!r} is no time: {error}")


Validator = validators.extend(
    BASE, {"pattern": pattern, "format": date_format}, type_checker=BASE.TYPE_CHECKER.redefine("integer", is_integer))


class Operation:
    def __init__(self, document, path, method, raw):
        self.path = path
        self.method = method.upper()
        self.id = raw["operationId"]
        self.raw = raw
        self.parameters = [document.resolve(parameter) for parameter in raw["parameters"]]
        self.body = raw.get("requestBody")
        self.responses = {
            int(status): document.resolve(response)
            for status, response in raw["responses"].items()}

    def parameters_in(self, place):
        return [parameter for parameter in self.parameters if parameter["in"] == place]

    def target(self, **path):
        return re.sub(r"\{(\w+)\}", lambda match: str(path[match[1]]), self.path)

    def __repr__(self):
        return f"{self.method} {self.path}"


class Document:
    def __init__(self, text):
        self.raw = parse_json(text)
        self.validators = {}
        self.resolver = jsonschema.RefResolver("", self.raw)
        self.operations = {}
        for path, methods in self.raw["paths"].items():
            for method, raw in methods.items():
                operation = Operation(self, path, method, raw)
                self.operations[operation.id] = operation
        self.unrouted = {
            int(status): self.resolve(response)
            for status, response in self.raw["x-unrouted"].items()}

    def resolve(self, node):
        """The node, or what it refers to. Members beside a $ref win."""
        while "$ref" in node:
            target = self.raw
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
        return node

    def errors(self, schema, instance):
        """What is wrong with the instance, in words; nothing if it is valid."""
        validator = self.validators.get(id(schema))
        if validator is None:
            validator = Validator(schema, resolver=self.resolver)
            self.validators[id(schema)] = validator
        error = jsonschema.exceptions.best_match(validator.iter_errors(instance))
        return [] if error is None else [f"{error.json_path}: {error.message}"[:500]]

    def is_valid(self, schema, instance):
        return not self.errors(schema, instance)

    # What may be answered, as (operation id, status, media type, what): `what` is a problem's code,
    # an optional header by its name, or the code of a result among others.

    def documented(self, operation_id, responses):
        answers = set()
        for status, response in responses.items():
            for name, header in response.get("headers", {}).items():
                if not self.resolve(header).get("required"):
                    answers.add((operation_id, status, "", name))
            if "content" not in response:
                answers.add((operation_id, status, "", ""))
            for media_type, content in response.get("content", {}).items():
                for what in self._codes(content["schema"]):
                    answers.add((operation_id, status, media_type, what))
        return answers

    def _codes(self, schema):
        resolved = self.resolve(schema)
        code = schema.get("properties", {}).get("code")
        if code is not None:
            return self._values(code)
        return {"", *self._codes_of_results(resolved)}

    def _codes_of_results(self, schema):
        """Of a batch: those of one result or of a list of them."""
        results = schema.get("properties", {}).get("results")
        result = self.resolve(results["items"]) if results else schema
        for form in result.get("oneOf", []):
            if "error" in form.get("properties", {}):
                for problem in form["properties"]["error"]["oneOf"]:
                    for code in problem["properties"]["code"]["enum"]:
                        yield f"{problem['properties']['status']['const']} {code}"

    def _values(self, schema):
        schema = self.resolve(schema)
        if "anyOf" in schema:
            return set().union(*(self._values(part) for part in schema["anyOf"]))
        return set(schema["enum"])

    # What was answered.

    def check_answer(self, operation_id, responses, answer):
        """(which documented answers this one is, what is wrong with it)"""
        response = responses.get(answer.status)
        if response is None:
            return set(), [f"the status {answer.status} is not documented"]
        reached, wrong = self._check_headers(operation_id, response, answer)
        content = response.get("content")
        if content is None:
            if answer.body:
                wrong.append("there is a body")
            return reached | {(operation_id, answer.status, "", "")}, wrong
        if answer.media_type not in content:
            return reached, wrong + [f"the content type {answer.media_type} is not documented"]
        if answer.method == "HEAD":
            return reached, wrong + (["there is a body"] if answer.body else [])
        schema = content[answer.media_type]["schema"]
        try:
            bodies = self._bodies(answer)
        except ValueError as error:
            return reached, wrong + [f"the body is not JSON: {error}"]
        for body in bodies:
            wrong += self.errors(schema, body)
            for what in self._what(body):
                reached.add((operation_id, answer.status, answer.media_type, what))
        return reached, wrong

    def _check_headers(self, operation_id, response, answer):
        reached, wrong = set(), []
        for name, header in response.get("headers", {}).items():
            header = self.resolve(header)
            value = answer.headers.get(name.lower())
            if value is not None:
                wrong += [f"{name}: {error}" for error in self.errors(header["schema"], value)]
                if not header.get("required"):
                    reached.add((operation_id, answer.status, "", name))
            elif header.get("required"):
                wrong.append(f"the header {name} is missing")
        known = {name.lower() for name in response.get("headers", {})}
        for name in OUR_HEADERS - known:
            if name in answer.headers:
                wrong.append(f"the header {name} is not documented")
        return reached, wrong

    @staticmethod
    def _bodies(answer):
        if answer.media_type == "application/x-ndjson":
            return [parse_json(line) for line in answer.body.splitlines()]
        return [answer.json()]

    @staticmethod
    def _what(body):
        if not isinstance(body, dict):
            return [""]
        if isinstance(body.get("code"), str):
            return [body["code"]]
        results = body.get("results", [body])
        codes = [f"{result['status']} {result['error']['code']}" for result in results
                 if isinstance(result, dict) and isinstance(result.get("error"), dict)]
        return ["", *codes]


# Those that mean something; Content-Length, Date and the like are the HTTP library's.
OUR_HEADERS = {"x-request-id", "idempotent-replayed", "x-db-hit", "retry-after", "location", "etag",
               "allow"}


def read_document(path):
    with open(path, encoding="utf-8") as file:
        return Document(file.read())
