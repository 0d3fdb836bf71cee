"""Follows a stream with one HTTP library. Prints each event as a line of JSON, and resumes with Last-Event-ID."""
import json
import sys
import time

name, url, certificate = sys.argv[1], sys.argv[2], sys.argv[3]
verify = certificate or True


def lines_of_requests(headers):
    import requests

    with requests.get(url, headers=headers, stream=True, verify=verify, timeout=30) as response:
        yield from response.iter_lines(decode_unicode=True)


def lines_of_httpx(headers):
    import httpx

    with httpx.stream("GET", url, headers=headers, verify=verify, timeout=30) as response:
        # Before version 0.24, the lines end with their line ends.
        for line in response.iter_lines():
            yield line.rstrip("\n")


def lines_of_urllib3(headers):
    import urllib3

    pool = urllib3.PoolManager(ca_certs=certificate or None)
    response = pool.request("GET", url, headers=headers, preload_content=False, timeout=30)
    rest = b""
    for chunk in response.stream():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode()


last_id = None
while True:
    event = {}
    headers = {}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    try:
        for line in globals()["lines_of_" + name](headers):
            field, _, value = line.partition(": ")
            if line == "" and "data" in event:
                kind = event.get("event", "message")
                shown = {**json.loads(event["data"]), "type": "gap" if kind == "pharos-gap" else kind}
                print(json.dumps({**shown, "atMs": time.time() * 1000}), flush=True)
            if line == "":
                last_id = event.get("id", last_id)
                event = {}
            elif field:
                event[field] = value
    except Exception as error:
        print(repr(error), file=sys.stderr, flush=True)
    time.sleep(0.3)
