#!/usr/bin/env python3
"""docs/openapi.json is a valid OpenAPI 3.1 document, and ledgerd serves it.

    document_test.py SOURCE_FOLDER LEDGERD

The official schema is in no package of the system, so what it says of the objects that are used here
is written down below; schemas are checked against JSON Schema 2020-12 itself.
"""
import os
import re
import subprocess
import sys
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from document import METHODS, Validator, read_document  # noqa: E402
from ledgerd import Ledgerd, parse_json  # noqa: E402

SOURCE, LEDGERD = sys.argv[1:3]

# Of each kind of object: the members it must have, those it may have, and the kinds of objects in it.
# A kind in brackets is that of each member of a map; one with a star that of each item of a list.
KINDS = {
    "document": ("openapi info paths", "servers security tags components x-unrouted", {
        "info": "info", "paths": "[path]", "servers": "*server", "tags": "*tag", "components": "components"}),
    "info": ("title version", "summary description license", {"license": "license"}),
    "license": ("name", "identifier url", {}),
    "server": ("url", "description", {}),
    "tag": ("name", "description", {}),
    "components": ("", "schemas responses parameters headers", {
        "schemas": "[schema]", "responses": "[response]", "parameters": "[parameter]", "headers": "[header]"}),
    "path": ("", " ".join(METHODS), dict.fromkeys(METHODS, "operation")),
    "operation": ("operationId tags summary parameters responses", "description requestBody", {
        "parameters": "*parameter", "requestBody": "body", "responses": "[response]"}),
    "parameter": ("name in description schema", "required example", {"schema": "schema"}),
    "body": ("required content", "description", {"content": "[media type]"}),
    "response": ("description", "headers content", {"headers": "[header]", "content": "[media type]"}),
    "header": ("description schema", "required", {"schema": "schema"}),
    "media type": ("schema", "", {"schema": "schema"}),
}

# Whose examples the ```json blocks of docs/http.md are, in order; None: one that is shortened.
EXAMPLES_OF_THE_PROSE = ["OldTransfer", "NewAccount", "Account", "AccountChange", "NewTransfer", "Receipt", "Batch",
                         None, "Statement", "Balance", "Problem"]


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


class WholeDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = os.path.join(SOURCE, "docs", "openapi.json")
        cls.document = read_document(cls.path)
        cls.schemas = []
        cls.objects = []
        cls.collect(cls, "document", cls.document.raw, "#")

    def collect(self, kind, node, place):
        """All objects of the document, by kind. Where there is a reference it is not followed."""
        if "$ref" in node and kind != "schema":
            return
        (self.schemas if kind == "schema" else self.objects).append((kind, node, place))
        for name, inner in KINDS.get(kind, ("", "", {}))[2].items():
            for step, child in self.children(self, inner, node.get(name)):
                self.collect(self, inner.strip("[]*"), child, f"{place}/{name}{step}")

    def children(self, kind, node):
        if node is None:
            return []
        if kind.startswith("["):
            return [(f"/{name}", child) for name, child in node.items()]
        if kind.startswith("*"):
            return [(f"/{index}", child) for index, child in enumerate(node)]
        return [("", node)]

    def walk(self, node):
        if isinstance(node, dict):
            yield node
            for child in node.values():
                yield from self.walk(child)
        elif isinstance(node, list):
            for child in node:
                yield from self.walk(child)

    def test_every_object_has_the_members_that_openapi_gives_it(self):
        self.assertRegex(self.document.raw["openapi"], r"^3\.1\.\d+$")
        for kind, node, place in self.objects:
            needed, optional, _ = KINDS[kind]
            with self.subTest(place):
                self.assertLessEqual(set(needed.split()), set(node))
                self.assertLessEqual(set(node), set(needed.split()) | set(optional.split()))

    def test_every_schema_is_one_of_json_schema_2020_12(self):
        self.assertGreater(len(self.schemas), 100)
        for _, schema, place in self.schemas:
            with self.subTest(place):
                Validator.check_schema(schema)

    def test_every_reference_leads_somewhere_and_every_component_is_referred_to(self):
        used = set()
        for node in self.walk(self.document.raw):
            if "$ref" in node:
                self.document.resolve(node)
                used.add(node["$ref"])
        for kind, components in self.document.raw["components"].items():
            for name in components:
                self.assertIn(f"#/components/{kind}/{name}", used)

    def test_operations_have_names_of_their_own_and_known_tags(self):
        operations = [node for kind, node, _ in self.objects if kind == "operation"]
        self.assertEqual(len(operations), len(self.document.operations))
        tags = {tag["name"] for tag in self.document.raw["tags"]}
        for operation in operations:
            self.assertLessEqual(set(operation["tags"]), tags)

    def test_path_parameters_are_those_of_the_path(self):
        for operation in self.document.operations.values():
            with self.subTest(operation.id):
                parameters = operation.parameters_in("path")
                self.assertEqual(
                    [p["name"] for p in parameters], re.findall(r"\{(\w+)\}", operation.path))
                self.assertTrue(all(p["required"] for p in parameters))
                names = [(p["in"], p["name"].lower()) for p in operation.parameters]
                self.assertEqual(len(names), len(set(names)))

    def test_every_operation_has_an_answer_for_success_and_for_each_failure_of_http(self):
        for operation in self.document.operations.values():
            with self.subTest(operation.id):
                self.assertTrue(any(status < 300 for status in operation.responses))
                self.assertLessEqual({400, 408, 413, 414, 415, 417, 431, 500, 503}, set(operation.responses))

    def test_every_write_but_a_batch_needs_a_key(self):
        for operation in self.document.operations.values():
            keys = [p for p in operation.parameters if p["name"] == "Idempotency-Key"]
            with self.subTest(operation.id):
                self.assertEqual(len(keys), 0 if operation.method == "GET" else 1)
                if keys and operation.id != "createBatch":
                    self.assertTrue(keys[0]["required"])

    def test_every_example_is_valid(self):
        examples = 0
        for _, schema, place in self.schemas:
            for example in schema.get("examples", []):
                examples += 1
                with self.subTest(place):
                    self.assertEqual(self.document.errors(schema, example), [])
        for kind, node, place in self.objects:
            if kind == "parameter" and "example" in node:
                examples += 1
                with self.subTest(place):
                    self.assertEqual(self.document.errors(node["schema"], node["example"]), [])
        self.assertGreater(examples, 40)

    def test_every_component_for_bodies_has_an_example(self):
        for name, schema in self.document.raw["components"]["schemas"].items():
            with self.subTest(name):
                self.assertTrue("examples" in schema or "enum" in schema or name == "Version")

    def test_objects_are_closed_and_texts_have_a_form(self):
        for _, schema, place in self.schemas:
            for node in self.walk(schema):
                with self.subTest(place):
                    if node.get("type") == "object" and "properties" in node:
                        self.assertIs(node.get("additionalProperties"), False)
                    if node.get("type") == "integer":
                        self.assertLessEqual({"minimum", "maximum"}, set(node))

    def test_the_codes_are_those_of_the_reference_with_the_same_status(self):
        explained = set(re.findall(r"^\|(?: \d+ \|)? `(\w+)` \|(?: \w+ \|)? (\d+) \|",
                                   read("docs", "reference", "errors.md"), re.MULTILINE))
        self.assertEqual(len(explained), len(dict(explained)))
        answered = self.codes_and_statuses()
        # Readiness says 503 whatever it is; the rest is for those who open a ledger or ask it in C++.
        self.assertEqual(answered - explained, {("store_corrupt", "503")})
        self.assertEqual({code for code, _ in explained - answered},
                         {"invalid_option", "store_in_use", "store_too_new", "invalid_page"})

    def test_the_prose_has_the_same_codes_with_the_same_statuses(self):
        prose = read("docs", "http.md").split("## Errors", 1)[1].split("\n## ", 1)[0]
        written = set()
        for statuses, codes in re.findall(r"^\| ([\d, ]+\d)[^|]*\| (.*) \|$", prose, re.MULTILINE):
            for code in re.findall(r"`([a-z_0-9]+)`", codes):
                written.update((code, status) for status in statuses.split(", "))
        answered = self.codes_and_statuses() - {("store_corrupt", "503")}
        self.assertLessEqual(answered, written)
        self.assertEqual({code for code, _ in written}, {code for code, _ in answered})

    def test_the_examples_of_the_prose_are_valid(self):
        blocks = re.findall(r"^```json\n(.*?)^```$", read("docs", "http.md"), re.MULTILINE | re.DOTALL)
        self.assertEqual(len(blocks), len(EXAMPLES_OF_THE_PROSE))
        for name, block in zip(EXAMPLES_OF_THE_PROSE, blocks):
            if name:
                with self.subTest(name):
                    schema = self.document.raw["components"]["schemas"][name]
                    self.assertEqual(self.document.errors(schema, parse_json(block)), [])

    def codes_and_statuses(self):
        codes = set()
        for _, status, media_type, what in self.all_answers():
            if what and media_type:
                *of_a_result, code = what.split()
                codes.add((code, *(of_a_result or [str(status)])))
        return codes

    def all_answers(self):
        answers = self.document.documented("unrouted", self.document.unrouted)
        return answers.union(*(self.document.documented(operation.id, operation.responses)
                               for operation in self.document.operations.values()))


class ServedDocument(unittest.TestCase):
    def test_it_is_the_one_in_docs_with_the_version_of_ledgerd(self):
        said = subprocess.run([LEDGERD, "--version"], check=True, capture_output=True, text=True).stdout
        written = parse_json(read("docs", "openapi.json"))
        with Ledgerd(LEDGERD, "--db", "memory:") as server:
            answer = server.client.ask("GET", "/openapi.json")
        self.assertEqual((answer.status, answer.media_type), (200, "application/json"))
        served = answer.json()
        self.assertEqual(f"ledgerd {served['info']['version']}", said.strip())
        self.assertEqual(written["info"].pop("version"), "@PROJECT_VERSION@")
        del served["info"]["version"]
        self.assertEqual(served, written)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
