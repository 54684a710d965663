"""One fault in a request that was valid."""
import copy
import json

MAX_ID = 2**63 - 1
STRANGE = [None, True, 0, -1, 1.5, MAX_ID + 1, "", " ", "x", "\u0000", "1e5", "+1", "01", [], {}, [[]], {"a": {}},
           "9" * 400, "2026-01-01", "\ud800"]


def spoil(request, random):
    """A copy with a fault, that the document may or may not find."""
    request = copy.copy(request)
    request.headers, request.query = list(request.headers), list(request.query)
    request.path = dict(request.path)
    faults = [spoil_headers, spoil_query]
    if request.path:
        faults.append(spoil_path)
    if request.body and request.media_type == "application/json":
        faults += [spoil_value] * 5 + [spoil_text] * 2
    elif request.body:
        faults += [spoil_text] * 2
    random.choice(faults)(request, random)
    return request


def spoil_headers(request, random):
    fault = random.randrange(4)
    keys = [i for i, (name, _) in enumerate(request.headers) if name == "Idempotency-Key"]
    if fault == 0 and keys:
        del request.headers[keys[0]]
    elif fault == 1 and keys:
        request.headers.append(request.headers[keys[0]])
    elif fault == 2 and keys:
        request.headers[keys[0]] = ("Idempotency-Key", random.choice(
            ["", "x" * 256, '"', '"a', "\u00e9", '"\\x"']))
    else:
        name = random.choice(["If-Match", "If-None-Match", "X-Request-Id", "Accept", "Range"])
        request.headers.append((name, random.choice(["*", '"x"', 'W/"1"', '"1", "2"', "1", "", "bytes=0-1", '"-1"'])))


def spoil_query(request, random):
    fault = random.randrange(3)
    if fault == 0 and request.query:
        request.query.append(random.choice(request.query))
    elif fault == 1 and request.query:
        index = random.randrange(len(request.query))
        value = random.choice(["", "0", "-1", "x", "1001", "1 ", "\u0000", "%", "\udcff"])
        request.query[index] = (request.query[index][0], value)
    else:
        request.query.append((random.choice(["no_such", "Limit", "", "cursor", "key"]), "1"))


def spoil_path(request, random):
    request.path["id"] = random.choice(["0", "-1", "x", "01", "1.0", "%20", "%00", str(MAX_ID + 1), "9" * 100])


def spoil_value(request, random):
    """One member of the body, at any depth: another value, gone, or one too many."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return
    places = list(containers(body))
    place = random.choice(places) if places else body
    if isinstance(place, dict):
        name = random.choice(list(place)) if place else "no_such_field"
        fault = random.randrange(3)
        if fault == 0:
            place["no_such_field"] = 1
        elif fault == 1 and name in place:
            del place[name]
        else:
            place[name] = random.choice(STRANGE)
    elif isinstance(place, list) and place:
        place[random.randrange(len(place))] = random.choice(STRANGE)
    else:
        body = random.choice(STRANGE)
    request.body = json.dumps(body).encode()


def containers(node):
    if isinstance(node, (dict, list)):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from containers(child)


def spoil_text(request, random):
    """The body's bytes."""
    at = random.randrange(len(request.body))
    fault = random.randrange(5)
    if fault == 0:
        request.body = request.body[:at]
    elif fault == 1:
        request.body = request.body[:at] + bytes([random.randrange(256)]) + request.body[at + 1:]
    elif fault == 2:
        request.body += random.choice([b"x", b"{}", b"\x00", b",", b"\xff", b" "])
    elif fault == 3 and request.body.startswith(b'{"'):
        name = request.body.split(b'"')[1]
        request.body = b'{"' + name + b'":null,' + request.body[1:]
    else:
        request.body = random.choice(
            [b"[" * 2000, b'{"a":' * 2000, b"\xef\xbb\xbf" + request.body, b"null", b"\xff\xfe"])
