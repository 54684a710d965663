"""What the scripted client does. Each story has a ledger of its own."""
import datetime
import time

from ledgerd import PATIENCE
from request import NDJSON

M = "92233720368547758.07"  # the most that 64 bits hold of USD
TOO_MUCH = "92233720368547758.08"
MAX_ID = 2**63 - 1
LONG = {"text": "x" * 4096}


def usd(amount, from_=1, to=2, **more):
    return {"from": from_, "to": to, "amount": amount, "currency": "USD", **more}


def old(amount, from_=1, to=2):
    return {"from_id": from_, "to_id": to, "amount": amount}


def money(amount):
    return {"amount": amount, "currency": "USD"}


def from_now(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def open_accounts(c):
    """1 is the world, 2 and 3 have 100.00 and no ceiling; 4 is in EUR, 5 frozen, 6 has a ceiling."""
    for account in ({"id": 1, "min_balance": None}, {"id": 2}, {"id": 3}, {"id": 4, "currency": "EUR"},
                    {"id": 5}, {"id": 6, "max_balance": "10.00"}):
        c.ask("createAccount", 201, {"currency": "USD", **account})
    for account in (2, 3):
        c.ask("createTransfer", 201, usd("100.00", 1, account))
    c.ask("changeAccount", 200, {"status": "frozen"}, id=5)


def hold(c, amount="10.00", from_=2, to=3, **more):
    return c.ask("createHold", 201, usd(amount, from_, to, **more))["id"]


def refused_bodies(c, operation, good, field, value='"x"', **path):
    """What every body can have wrong with it; `field` may be `value`, and not a truth value."""
    c.ask(operation, "400 malformed_json", b"{", **path)
    c.ask(operation, "400 unknown_field", {**good, "no_such_field": 1}, **path)
    c.ask(operation, "400 duplicate_field", f'{{"{field}":{value},"{field}":{value}}}'.encode(), **path)
    c.ask(operation, "400 wrong_type", {**good, field: True}, **path)
    c.ask(operation, "400 invalid_key", good, key=False, **path)
    if operation != "transfer":
        c.ask(operation, "400 invalid_query", good, query=[("no_such_parameter", "1")], **path)


def refused_details(c, operation, good, **path):
    c.ask(operation, "400 invalid_reference", {**good, "reference": " x"}, **path)
    c.ask(operation, "400 invalid_metadata", {**good, "metadata": LONG}, **path)
    c.ask(operation, "400 invalid_timestamp", {**good, "effective_at": "yesterday"}, **path)


def refused_amounts(c, operation, good, **path):
    c.ask(operation, "400 invalid_amount", {**good, **money("-1")}, **path)
    c.ask(operation, "400 amount_too_precise", {**good, **money("1.001")}, **path)
    c.ask(operation, "400 amount_out_of_range", {**good, **money(TOO_MUCH)}, **path)
    c.ask(operation, "400 unknown_currency", {**good, "amount": "1", "currency": "XXX"}, **path)


# --- accounts ----------------------------------------------------------------------------------------


def accounts_are_opened(c):
    good = {"currency": "USD"}
    c.ask("createAccount", 201, {**good, "id": 7, "min_balance": "-50.00", "max_balance": "200.5",
                                 "reference": "ada", "metadata": {"a": [1, None, "\u00e9"]}})
    c.ask("createAccount", 201, {**good, "min_balance": None, "max_balance": None, "reference": None,
                                 "metadata": None})
    refused_bodies(c, "createAccount", good, "currency")
    c.ask("createAccount", "400 missing_field", {})
    c.ask("createAccount", "400 invalid_account_id", {**good, "id": 0})
    c.ask("createAccount", "400 unknown_currency", {"currency": "XXX"})
    c.ask("createAccount", "400 invalid_amount", {**good, "min_balance": "x"})
    c.ask("createAccount", "400 amount_too_precise", {**good, "min_balance": "-0.001"})
    c.ask("createAccount", "400 amount_out_of_range", {**good, "max_balance": TOO_MUCH})
    c.ask("createAccount", "400 invalid_balance_limit", {**good, "min_balance": "1"})
    c.ask("createAccount", "400 invalid_reference", {**good, "reference": " x"})
    c.ask("createAccount", "400 invalid_metadata", {**good, "metadata": LONG})
    c.ask("createAccount", "409 account_exists", {**good, "id": 7})
    c.ask("createAccount", "409 reference_exists", {**good, "reference": "ada"})
    c.ask("createAccount", 201, {**good, "id": 9}, key="taken")
    c.ask("createAccount", "422 key_reused", {**good, "id": 10}, key="taken")
    c.ask("createAccount", 201, {**good, "id": MAX_ID})
    c.ask("createAccount", "422 account_ids_exhausted", good)


def accounts_are_read(c):
    open_accounts(c)
    account = c.ask("getAccount", 200, id=2)
    c.ask("getAccount", 304, headers=[("If-None-Match", f'"{account["version"]}"')], id=2)
    c.ask("getAccount", 200, headers=[("If-None-Match", '"0"')], id=2)
    c.ask("getAccount", "404 account_not_found", id=77)
    c.ask("getAccount", "400 invalid_account_id", id="x")
    c.ask("getAccount", "400 invalid_query", query=[("x", "1")], id=2)
    first = c.ask("listAccounts", 200, query=[("limit", "4")])
    rest = c.ask("listAccounts", 200, query=[("limit", "4"), ("after", first["next"])])
    assert [a["id"] for a in first["accounts"] + rest["accounts"]] == [1, 2, 3, 4, 5, 6], (first, rest)
    assert rest["next"] is None, rest
    c.ask("createAccount", 201, {"currency": "USD", "reference": "ada"})
    assert len(c.ask("listAccounts", 200, query=[("reference", "ada")])["accounts"]) == 1
    assert not c.ask("listAccounts", 200, query=[("reference", "bob")])["accounts"]
    for query in ([("limit", "0")], [("limit", "1001")], [("limit", "1"), ("limit", "2")], [("x", "")],
                  [("after", "x")], [("reference", "ada"), ("limit", "1")], [("reference", "\u0000")]):
        c.ask("listAccounts", "400 invalid_query", query=query)


def accounts_are_changed(c):
    open_accounts(c)
    changed = c.ask("changeAccount", 200, {"max_balance": "500.00", "metadata": {"vip": True}}, id=2)
    version = f'"{changed["version"]}"'
    c.ask("changeAccount", 200, {"max_balance": None, "metadata": None}, headers=[("If-Match", version)], id=2)
    c.ask("changeAccount", "412 version_mismatch", {"metadata": {}}, headers=[("If-Match", version)], id=2)
    c.ask("changeAccount", "400 invalid_precondition", {"metadata": {}}, headers=[("If-Match", "7")], id=2)
    refused_bodies(c, "changeAccount", {"metadata": None}, "status", id=2)
    c.ask("changeAccount", "400 invalid_account_id", {"metadata": None}, id="0")
    c.ask("changeAccount", "400 nothing_to_change", {}, id=2)
    c.ask("changeAccount", "400 invalid_amount", {"min_balance": "x"}, id=2)
    c.ask("changeAccount", "400 amount_too_precise", {"min_balance": "0.001"}, id=2)
    c.ask("changeAccount", "400 amount_out_of_range", {"max_balance": TOO_MUCH}, id=2)
    c.ask("changeAccount", "400 invalid_balance_limit", {"min_balance": "2", "max_balance": "1"}, id=2)
    c.ask("changeAccount", "400 invalid_metadata", {"metadata": LONG}, id=2)
    c.ask("changeAccount", "404 unknown_account", {"metadata": None}, id=77)
    c.ask("changeAccount", "422 limit_not_met", {"max_balance": "99.99"}, id=2)
    c.ask("changeAccount", "422 account_not_empty", {"status": "closed"}, id=2)
    c.ask("changeAccount", 200, {"status": "open"}, id=5, key="opened")
    c.ask("changeAccount", "422 key_reused", {"status": "frozen"}, id=5, key="opened")
    c.ask("changeAccount", 200, {"status": "closed"}, id=5)
    c.ask("changeAccount", "422 account_closed", {"status": "open"}, id=5)


def statements_are_read(c):
    open_accounts(c)
    before = from_now(0)
    hold_id = hold(c)
    c.ask("captureHold", 201, money("4.00"), id=hold_id)
    c.ask("voidHold", 201, id=hold_id)
    c.ask("changeAccount", 200, {"metadata": {}}, id=2)
    page = c.ask("getStatement", 200, query=[("limit", "3")], id=2)
    rest = c.ask("getStatement", 200, query=[("cursor", page["next"]), ("limit", "3")], id=2)
    versions = [entry["version"] for entry in page["entries"] + rest["entries"]]
    assert versions == [5, 4, 3, 2, 1], versions
    oldest = c.ask("getStatement", 200, query=[("order", "oldest"), ("to", before)], id=2)
    assert [entry["version"] for entry in oldest["entries"]] == [1], oldest
    newer = c.ask("getStatement", 200, query=[("from", before)], id=2)
    assert [entry["kind"] for entry in newer["entries"]] == [
        "account_changed", "void", "capture", "hold"], newer
    c.ask("getStatement", "404 account_not_found", id=77)
    c.ask("getStatement", "400 invalid_account_id", id="01")
    for query in ([("order", "up")], [("limit", "0")], [("cursor", "x")], [("from", "now")], [("x", "1")]):
        c.ask("getStatement", "400 invalid_query", query=query, id=2)

    assert c.ask("getBalance", 200, id=2)["balance"] == "96.00"
    then = c.ask("getBalance", 200, query=[("at", before)], id=2)
    assert (then["balance"], then["version"]) == ("100.00", 1), then
    assert c.ask("getBalance", 200, query=[("at", "0001-01-01T00:00:00Z")], id=2)["version"] == 0
    c.ask("getBalance", "404 account_not_found", id=77)
    c.ask("getBalance", "400 invalid_account_id", id="-1")
    c.ask("getBalance", "400 invalid_query", query=[("at", "x")], id=2)
    totals = c.ask("getTrialBalance", 200)["currencies"]
    assert [total["currency"] for total in totals] == ["EUR", "USD"], totals
    assert totals[1]["positive"] == "200.00" and totals[1]["negative"] == "-200.00", totals
    c.ask("getTrialBalance", "400 invalid_query", query=[("x", "1")])


# --- transfers ---------------------------------------------------------------------------------------


def moves(c, operation):
    """A transfer, or a hold that is much the same."""
    open_accounts(c)
    good = usd("1.00", 2, 3)
    c.ask(operation, 201, good, key="taken")
    c.ask(operation, "422 key_reused", usd("2.00", 2, 3), key="taken")
    c.ask(operation, 201, {"legs": [good, usd("0.50", 3, 2)], "reference": "r", "metadata": {"a": 1},
                           "effective_at": "2026-01-31T13:00:00.5+01:00"})
    refused_bodies(c, operation, good, "currency")
    c.ask(operation, "400 missing_field", {"from": 2, "to": 3, "amount": "1"})
    c.ask(operation, "400 no_legs", {"legs": []})
    c.ask(operation, "400 too_many_legs", {"legs": [good] * 1001})
    c.ask(operation, "400 invalid_account_id", usd("1", 0, 3))
    c.ask(operation, "400 same_account", usd("1", 2, 2))
    refused_amounts(c, operation, good)
    refused_details(c, operation, good)
    c.ask(operation, "422 from_account_not_found", usd("1", 77, 3))
    c.ask(operation, "422 to_account_not_found", usd("1", 2, 77))
    c.ask(operation, "422 from_account_not_open", usd("1", 5, 3))
    c.ask(operation, "422 to_account_not_open", usd("1", 2, 5))
    c.ask(operation, "422 currency_mismatch", usd("1", 2, 4))
    c.ask(operation, "422 insufficient_funds", usd("1000", 2, 3))
    c.ask(operation, "422 balance_limit_exceeded", usd("10.01", 2, 6))


def money_is_moved(c):
    moves(c, "createTransfer")


def money_is_held(c):
    moves(c, "createHold")
    c.ask("createHold", 201, usd("1", 2, 3, expires_at="2099-12-31T23:59:59Z"))
    c.ask("createHold", "400 invalid_timestamp", usd("1", 2, 3, expires_at="x"))
    c.ask("createHold", "422 expiry_passed", usd("1", 2, 3, expires_at="2020-01-01T00:00:00Z"))


def expired_hold(c):
    """A hold that the ledger has released by itself, and its expiry."""
    held = hold(c, expires_at=from_now(1))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        now = c.ask("getTransfer", 200, id=held, twice=False)
        if now["status"] == "expired":
            (expiry,) = now["followed_by"]
            assert c.ask("getTransfer", 200, id=expiry)["kind"] == "expiry"
            return held, expiry
        time.sleep(0.01)
    raise AssertionError(f"it did not expire: {now}")


def settled_holds(c, operation):
    """Holds that nothing can be done with, and what is none."""
    captured, voided = hold(c), hold(c)
    c.ask("captureHold", 201, {}, id=captured)
    c.ask("voidHold", 201, {}, id=voided)
    expired, _ = expired_hold(c)
    transfer = c.ask("createTransfer", 201, usd("1.00", 2, 3))["id"]
    c.ask(operation, "422 hold_captured", {}, id=captured)
    c.ask(operation, "422 hold_voided", {}, id=voided)
    c.ask(operation, "422 hold_expired", {}, id=expired)
    c.ask(operation, "422 not_a_hold", {}, id=transfer)
    c.ask(operation, "404 transfer_not_found", {}, id=MAX_ID)
    c.ask(operation, "400 invalid_transfer_id", {}, id="x")


def holds_are_captured(c):
    open_accounts(c)
    settled_holds(c, "captureHold")
    open_hold = hold(c)
    refused_bodies(c, "captureHold", money("1"), "currency", id=open_hold)
    c.ask("captureHold", "400 missing_field", {"amount": "1"}, id=open_hold)
    refused_amounts(c, "captureHold", {}, id=open_hold)
    refused_details(c, "captureHold", {}, id=open_hold)
    part = c.ask("captureHold", 201, {**money("4.00"), "reference": "r", "metadata": {}}, id=open_hold, key="taken")
    assert part["released"] == "0.00", part
    c.ask("captureHold", "422 key_reused", money("5.00"), id=open_hold, key="taken")
    c.ask("captureHold", "422 amount_exceeds_rest", money("6.01"), id=open_hold)
    c.ask("captureHold", "422 currency_mismatch", {"amount": "1", "currency": "EUR"}, id=open_hold)
    last = c.ask("captureHold", 201, {**money("5.00"), "release_rest": True}, id=open_hold)
    assert last["released"] == "1.00", last
    assert c.ask("getTransfer", 200, id=open_hold)["settled"] == "9.00"
    many = c.ask("createHold", 201, {"legs": [usd("1", 2, 3), usd("1", 2, 1)]})["id"]
    c.ask("captureHold", "422 partial_of_many_legs", money("1"), id=many)
    frozen = hold(c)
    c.ask("changeAccount", 200, {"status": "frozen"}, id=2)
    c.ask("captureHold", "422 from_account_not_open", {}, id=frozen)
    c.ask("changeAccount", 200, {"status": "open"}, id=2)
    c.ask("changeAccount", 200, {"status": "frozen"}, id=3)
    c.ask("captureHold", "422 to_account_not_open", {}, id=frozen)


def holds_are_voided(c):
    open_accounts(c)
    settled_holds(c, "voidHold")
    open_hold = hold(c)
    refused_bodies(c, "voidHold", {}, "reference", id=open_hold)
    refused_details(c, "voidHold", {}, id=open_hold)
    c.ask("voidHold", 201, {"reference": "r", "metadata": {"a": 1}}, id=open_hold, key="taken")
    c.ask("voidHold", "422 key_reused", {"reference": "s"}, id=open_hold, key="taken")


def transfers_are_reversed(c):
    open_accounts(c)
    transfer = c.ask("createTransfer", 201, usd("10.00", 2, 3))["id"]
    refused_bodies(c, "reverseTransfer", money("1"), "currency", id=transfer)
    c.ask("reverseTransfer", "400 missing_field", {"currency": "USD"}, id=transfer)
    refused_amounts(c, "reverseTransfer", {}, id=transfer)
    refused_details(c, "reverseTransfer", {}, id=transfer)
    c.ask("reverseTransfer", 201, money("4.00"), id=transfer, key="taken")
    c.ask("reverseTransfer", "422 key_reused", money("5.00"), id=transfer, key="taken")
    c.ask("reverseTransfer", "422 amount_exceeds_rest", money("6.01"), id=transfer)
    c.ask("reverseTransfer", "422 currency_mismatch", {"amount": "1", "currency": "EUR"}, id=transfer)
    reversal = c.ask("reverseTransfer", 201, {}, id=transfer)["id"]
    assert c.ask("getTransfer", 200, id=transfer)["status"] == "reversed"
    c.ask("reverseTransfer", "422 already_reversed", {}, id=transfer)
    c.ask("reverseTransfer", "422 not_reversible", {}, id=reversal)
    c.ask("reverseTransfer", "404 transfer_not_found", {}, id=MAX_ID)
    c.ask("reverseTransfer", "400 invalid_transfer_id", {}, id="0")
    many = c.ask("createTransfer", 201, {"legs": [usd("1", 2, 3), usd("1", 2, 1)]})["id"]
    c.ask("reverseTransfer", "422 partial_of_many_legs", money("1"), id=many)

    spent = c.ask("createTransfer", 201, usd("5.00", 1, 6))["id"]
    c.ask("createTransfer", 201, usd("5.00", 6, 2))
    c.ask("reverseTransfer", "422 insufficient_funds", {}, id=spent)
    back = c.ask("createTransfer", 201, usd("9.00", 1, 6))["id"]
    given = c.ask("createTransfer", 201, usd("8.00", 6, 3))["id"]
    c.ask("createTransfer", 201, usd("8.00", 2, 6))
    c.ask("reverseTransfer", "422 balance_limit_exceeded", {}, id=given)
    c.ask("changeAccount", 200, {"status": "frozen"}, id=6)
    c.ask("reverseTransfer", "422 from_account_not_open", {}, id=back)
    c.ask("reverseTransfer", "422 to_account_not_open", {}, id=given)
    c.ask("getTransfer", "400 invalid_transfer_id", id="x")
    c.ask("getTransfer", "404 transfer_not_found", id=MAX_ID)
    c.ask("getTransfer", "400 invalid_query", query=[("x", "1")], id=given)


def amounts_reach_their_ends(c):
    for account in (1, 2, 3, 4):
        c.ask("createAccount", 201, {"currency": "USD", "id": account, "min_balance": None})
    given = c.ask("createTransfer", 201, usd("1.00", 2, 3))["id"]
    c.ask("createTransfer", 201, usd(M, 1, 2))
    c.ask("createTransfer", 201, usd("1.00", 4, 2))
    c.ask("reverseTransfer", "422 balance_overflow", {}, id=given)
    c.ask("createTransfer", "422 balance_overflow", usd("0.01", 4, 2))
    c.ask("createHold", "422 balance_overflow", usd("0.01", 4, 2))
    c.ask("transfer", "422 balance_overflow", old("0.01", 4, 2))
    c.ask("createBatch", 200, [usd("0.01", 4, 2)], key="batch")
    c.ask("createBatch", 200, [usd("0.01", 4, 2)], key="lines", media_type=NDJSON)
    c.ask("createAccount", 201, {"currency": "USD", "id": 5, "min_balance": None})
    c.ask("createTransfer", 201, usd("92233720368547757.00", 5, 3))
    c.ask("getTrialBalance", "422 balance_overflow")
