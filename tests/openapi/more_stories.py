"""The stories of many requests at once, of old clients, and of what no route ever sees."""
import json
import re

from ledgerd import Client, request_bytes
from request import NDJSON
from stories import (LONG, MAX_ID, TOO_MUCH, expired_hold, from_now, hold, money, old, open_accounts,
                     refused_bodies, usd)


def transfers_are_found(c):
    open_accounts(c)
    before = from_now(0)
    for number in range(3):
        c.ask("createTransfer", 201, usd("1.00", 2, 3, reference="r"), key=f"r-{number}")
    held = hold(c, reference="r")
    c.ask("captureHold", 201, {}, id=held)
    first = c.ask("listTransfers", 200, query=[("reference", "r"), ("limit", "3")])
    rest = c.ask("listTransfers", 200, query=[("reference", "r"), ("after", first["next"])])
    assert [t["status"] for t in first["transfers"] + rest["transfers"]] == ["posted"] * 3 + ["captured"]
    assert not c.ask("listTransfers", 200, query=[("reference", "s")])["transfers"]
    assert len(c.ask("listTransfers", 200, query=[("key", "r-1")])["transfers"]) == 1

    found = pages(c, [("limit", "2")])
    assert len(found) == 7, found
    assert found == pages(c, []) and [t["id"] for t in found] == sorted(t["id"] for t in found)
    assert len(pages(c, [("from", before)])) == 5 and len(pages(c, [("to", before)])) == 2
    assert {t["kind"] for t in pages(c, [("kind", "hold"), ("account", 2)])} == {"hold"}
    assert len(pages(c, [("account", 2), ("limit", "1")])) == 6

    c.ask("listTransfers", "404 account_not_found", query=[("account", 77)])
    c.ask("listTransfers", "404 key_not_found", query=[("key", "nobody's")])
    c.ask("createAccount", 201, {"currency": "USD"}, key="an account's")
    c.ask("listTransfers", "422 key_reused", query=[("key", "an account's")])
    for query in ([("key", "a"), ("limit", "1")], [("x", "1")], [("limit", "0")], [("kind", "gift")],
                  [("account", "x")], [("cursor", "x")], [("from", "x")],
                  [("reference", "\udcff")]):
        c.ask("listTransfers", "400 invalid_query", query=query)
    c.ask("listTransfers", "400 invalid_key", query=[("key", " ")])


def pages(c, query):
    found, cursor = [], []
    while True:
        page = c.ask("listTransfers", 200, query=query + cursor)
        found += page["transfers"]
        if page["next"] is None:
            return found
        cursor = [("cursor", page["next"])]


# --- batches -----------------------------------------------------------------------------------------


def items_are_decided_one_by_one(c):
    open_accounts(c)
    held, transfer = hold(c), c.ask("createTransfer", 201, usd("5.00", 2, 3))["id"]
    rows = [
        (None, usd("1.00", 2, 3)),
        (None, {"kind": "hold", **usd("1.00", 2, 3, expires_at="2099-01-01T00:00:00Z")}),
        (None, {"kind": "capture", "hold": held, **money("1.00")}),
        (None, {"kind": "void", "hold": held}),
        (None, {"kind": "reversal", "transfer": transfer, **money("1.00")}),
        *malformed_items(),
        *declined_items(c),
    ]
    items = [{"key": f"item-{index}", **item} if isinstance(item, dict) else item
             for index, (_, item) in enumerate(rows)]
    check_results(rows, c.ask("createBatch", 200, {"transfers": items, "atomic": False}, key="items")["results"])
    check_results(rows, c.ask("createBatch", 200, items, query=[("atomic", "false")], key="again")["results"])
    check_results(rows, c.ask("createBatch", 200, items, key="lines", media_type=NDJSON)["results"])


def items_may_be_no_json(c):
    large = {"kind": "void", "hold": 1, "metadata": {"text": "x" * 1_100_000}}
    items = [b'{"kind":}', b'{"hold":1,"hold":1}', json.dumps(large).encode()]
    rows = [("malformed_json", ""), ("duplicate_field", ""), ("body_too_large", "")]
    check_results(rows, c.ask("createBatch", 200, b"[" + b",".join(items) + b"]", key="array")["results"])
    check_results(rows, c.ask("createBatch", 200, b"\n".join(items), key="lines", media_type=NDJSON)["results"])
    c.ask("createBatch", "413 body_too_large", {"transfers": [large], "atomic": True}, key="atomic")


def check_results(rows, results):
    assert [result["index"] for result in results] == list(range(len(rows)))
    for (code, item), result in zip(rows, results):
        got = result["error"]["code"] if "error" in result else None
        assert got == code, (code, item, result)


def malformed_items():
    good = usd("1.00", 2, 3)
    return [
        ("unknown_field", {**good, "x": 1}), ("missing_field", {"kind": "void"}), ("wrong_type", True),
        ("invalid_reference", {**good, "reference": " x"}), ("invalid_metadata", {**good, "metadata": LONG}),
        ("invalid_timestamp", {**good, "effective_at": "x"}), ("invalid_amount", {**good, "amount": "0"}),
        ("amount_too_precise", {**good, "amount": "1.001"}), ("invalid_key", {**good, "key": " x"}),
        ("amount_out_of_range", {**good, "amount": TOO_MUCH}), ("unknown_currency", {**good, "currency": "XXX"}),
        ("no_legs", {"legs": []}), ("too_many_legs", {"legs": [good] * 1001}), ("same_account", usd("1", 2, 2)),
        ("invalid_account_id", usd("1", 0, 2)), ("invalid_transfer_id", {"kind": "void", "hold": 0}),
    ]


def declined_items(c):
    captured, voided, whole = hold(c), hold(c), hold(c)
    c.ask("captureHold", 201, {}, id=captured)
    c.ask("voidHold", 201, id=voided)
    expired, _ = expired_hold(c)
    many = c.ask("createTransfer", 201, {"legs": [usd("1", 2, 3), usd("1", 2, 1)]})["id"]
    gone = c.ask("createTransfer", 201, usd("1", 2, 3))["id"]
    c.ask("reverseTransfer", 201, {}, id=gone)
    c.ask("createTransfer", 201, usd("1", 2, 3), key="taken")
    capture = {"kind": "capture"}
    return [
        ("key_reused", {"key": "taken", **usd("2", 2, 3)}),
        ("from_account_not_found", usd("1", 77, 3)), ("to_account_not_found", usd("1", 2, 77)),
        ("from_account_not_open", usd("1", 5, 3)), ("to_account_not_open", usd("1", 2, 5)),
        ("currency_mismatch", usd("1", 2, 4)), ("insufficient_funds", usd("1000", 2, 3)),
        ("balance_limit_exceeded", usd("11", 2, 6)), ("transfer_not_found", {**capture, "hold": MAX_ID}),
        ("not_a_hold", {**capture, "hold": gone}), ("hold_captured", {**capture, "hold": captured}),
        ("hold_voided", {**capture, "hold": voided}), ("hold_expired", {"kind": "void", "hold": expired}),
        ("not_reversible", {"kind": "reversal", "transfer": whole}),
        ("already_reversed", {"kind": "reversal", "transfer": gone}),
        ("partial_of_many_legs", {"kind": "reversal", "transfer": many, **money("1")}),
        ("amount_exceeds_rest", {**capture, "hold": whole, **money("10.01")}),
        ("expiry_passed", {"kind": "hold", **usd("1", 2, 3), "expires_at": "2020-01-01T00:00:00Z"}),
    ]


def items_stand_or_fall_together(c):
    open_accounts(c)
    good, bad = usd("1.00", 2, 3), usd("1000", 2, 3)
    results = c.ask("createBatch", 200, {"transfers": [good, bad], "atomic": True}, key="together")["results"]
    assert [r["error"]["code"] for r in results] == ["atomic_batch_declined", "insufficient_funds"], results
    c.ask("listTransfers", "422 atomic_batch_declined", query=[("key", "together/0")])
    keyed = [{"key": "one", **good}, {"key": "two", **good}]
    results = c.ask("createBatch", 200, keyed, query=[("atomic", "true")])["results"]
    assert [r["status"] for r in results] == [201, 201], results
    c.ask("createBatch", "400 invalid_query", {"transfers": keyed, "atomic": False}, query=[("atomic", "true")])
    c.ask("createBatch", 200, [good, bad], query=[("atomic", "true")], key="lines", media_type=NDJSON)
    refused_bodies(c, "createBatch", {"transfers": [good]}, "transfers", "[]")
    c.ask("createBatch", "400 missing_field", {"atomic": True})
    c.ask("createBatch", "400 invalid_query", [good], query=[("atomic", "perhaps")])
    c.ask("createBatch", "400 batch_too_large", [{"kind": "void", "hold": 1}] * 10_001, key="large")
    for code, item in malformed_items():
        c.ask("createBatch", f"400 {code}", {"transfers": [good, item], "atomic": True}, key="malformed")


def the_first_fault_is_the_answer(c):
    """In the order of docs/reference/errors.md."""
    open_accounts(c)
    broken, strange = b"{", [("no_such_parameter", "1")]
    c.ask("voidHold", "400 invalid_query", broken, query=strange, key=False, id="x")
    c.ask("voidHold", "400 invalid_transfer_id", broken, key=False, id="x")
    c.ask("voidHold", "400 invalid_key", broken, key=False, id=1)
    c.ask("createTransfer", "400 malformed_json", broken)
    c.ask("createTransfer", "400 invalid_amount", usd("x", 2, 2))
    c.ask("createTransfer", "400 invalid_timestamp", usd("1", 2, 2, effective_at="x"))
    c.ask("createTransfer", "400 same_account", usd("1", 2, 2, reference=" "))
    c.ask("createTransfer", "400 invalid_reference", usd("1000", 77, 3, reference=" "))
    c.ask("createTransfer", 201, usd("1", 2, 3), key="taken")
    c.ask("createTransfer", "422 key_reused", usd("1000", 77, 3), key="taken")
    c.ask("createHold", "422 expiry_passed", usd("1000", 77, 3, expires_at="2020-01-01T00:00:00Z"))
    c.ask("createTransfer", "422 from_account_not_found", usd("1", 77, 78))
    c.ask("createTransfer", "422 to_account_not_open", usd("1000", 4, 5))
    c.ask("createTransfer", "422 currency_mismatch", usd("1000", 2, 4))
    c.ask("createTransfer", "422 insufficient_funds", usd("1000", 2, 6))
    legs = {"legs": [usd("1000", 2, 3), usd("1", 77, 3)]}
    c.ask("createTransfer", "422 insufficient_funds", legs)


# --- what is old, and what is not ours ---------------------------------------------------------------


def old_clients_are_served(c):
    open_accounts(c)
    c.ask("transfer", 200, old(1.25, 2, 3))
    c.ask("transfer", 200, old("1.25", 2, 3), key="taken")
    c.ask("transfer", "422 key_reused", old(2, 2, 3), key="taken")
    refused_bodies(c, "transfer", old(1, 2, 3), "amount")
    c.ask("transfer", "400 missing_field", {})
    c.ask("transfer", "400 invalid_account_id", old(1, 0, 3))
    c.ask("transfer", "400 same_account", old(1, 2, 2))
    c.ask("transfer", "400 invalid_amount", old("-1", 2, 3))
    c.ask("transfer", "400 amount_too_precise", old("1.001", 2, 3))
    c.ask("transfer", "400 amount_out_of_range", old(TOO_MUCH, 2, 3))
    c.ask("transfer", "422 from_account_not_found", old(1, 77, 3))
    c.ask("transfer", "422 to_account_not_found", old(1, 2, 77))
    c.ask("transfer", "422 from_account_not_open", old(1, 5, 3))
    c.ask("transfer", "422 to_account_not_open", old(1, 2, 5))
    c.ask("transfer", "422 currency_mismatch", old(1, 2, 4))
    c.ask("transfer", "422 insufficient_funds", old(1000, 2, 3))
    c.ask("transfer", "422 balance_limit_exceeded", old(10.01, 2, 6))


def chaos_is_refused_by_name(c):
    c.ask("transfer", "400 invalid_chaos", old(1), headers=[("X-Simulate-Chaos", "some")])


chaos_is_refused_by_name.environment = {"CHAOS_MODE": "true"}


def the_process_is_looked_after(c):
    for operation in ("getHealth", "getReadiness", "getOpenapi"):
        c.ask(operation, 200)
    answer = c.server.client.ask("GET", "/healthz", [("X-Request-Id", "of-mine")])
    assert answer.headers["x-request-id"] == "of-mine", answer


def framing_is_judged_before_any_route(c):
    for operation in c.document.operations.values():
        target = operation.target(id=1)
        for message, expect in framing_rows(operation.method, target):
            answer = c.server.client.send(message, operation.method)
            c.check(operation.id, operation.responses, answer, f"{expect}: {message[:200]!r}")
            if f"{answer.status} {answer.json()['code']}" != expect:
                c.complain(message[:200], answer, f"expected {expect}")


def framing_rows(method, target):
    def head(*lines, host="Host: test", version="HTTP/1.1", to=target):
        lines = [f"{method} {to} {version}", *([host] if host else []), *lines]
        return "\r\n".join(lines + ["", ""]).encode("latin-1")

    chunked = head("Transfer-Encoding: chunked")
    return [
        (head("X: a\x01b"), "400 malformed_request"), (head(version="HTTP/x"), "400 malformed_request_line"),
        (head("no colon"), "400 malformed_header"), (head(version="HTTP/2.0"), "400 unsupported_http_version"),
        (head(host=None), "400 missing_host"), (head("Host: two"), "400 duplicate_host"),
        (head(host="Host: a/b"), "400 invalid_host"), (head("Content-Length: x"), "400 invalid_content_length"),
        (head("Content-Length: 1", "Content-Length: 1"), "400 duplicate_content_length"),
        (head("Content-Length: 1", "Transfer-Encoding: chunked"), "400 conflicting_body_length"),
        (head("Transfer-Encoding: gzip"), "400 unsupported_transfer_encoding"),
        (chunked + b"x\r\n", "400 malformed_chunk"), (chunked + b"0\r\nX: y\r\n\r\n", "400 trailers_not_supported"),
        (head(f"Content-Length: {2**40}"), "413 body_too_large"),
        (head(to=f"{target}?{'x' * 3000}"), "414 target_too_long"),
        (head("Content-Encoding: gzip"), "415 unsupported_content_encoding"),
        (head("Expect: more"), "417 expectation_failed"), (head(f"X: {'x' * 20_000}"), "431 headers_too_large"),
        (head(*["X: y"] * 101), "431 too_many_headers"),
    ]


def slow_requests_are_given_up(c):
    """All of them wait at the same time."""
    waiting = []
    for operation in c.document.operations.values():
        client = Client(c.server.port)
        client.ask("GET", "/healthz")
        client.socket.sendall(f"{operation.method} {operation.target(id=1)} HTTP/1.1\r\n".encode())
        waiting.append((operation, client))
    for operation, client in waiting:
        answer = client.send(b"", operation.method)
        c.check(operation.id, operation.responses, answer, f"a slow {operation}")
        assert answer.status == 408, answer
        client.close()


slow_requests_are_given_up.arguments = ["--request-timeout", "0.5"]


def what_no_route_has_is_told_so(c):
    def refused(method, target, expect):
        answer = c.server.client.send(request_bytes(method, target), method)
        c.check("unrouted", c.document.unrouted, answer, f"{method} {target}")
        assert f"{answer.status} {answer.json()['code']}" == expect, answer
        return answer

    refused("GET", "/nothing", "404 not_found")
    refused("GET", "/v1/accounts/1/", "404 not_found")
    refused("STEAL", "/nothing", "501 method_not_implemented")
    for operation in c.document.operations.values():
        answer = refused("STEAL", operation.target(id=1), "405 method_not_allowed")
        allowed = set(answer.headers["allow"].split(", ")) - {"HEAD"}
        assert allowed == methods_of(c.document, operation.target(id=1)), (operation, answer)


def methods_of(document, path):
    """As the document has it. A parameter may stand for the name of another path."""
    return {operation.method for operation in document.operations.values()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.path), path)}
