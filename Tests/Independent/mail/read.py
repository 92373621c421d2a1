"""Reads the mails that server.py was given, with Python's email package, and prints what they say as JSON.

Ends with a failure if one is not as RFC 5322, 2045, 2046, 2047 and 2369 want it.
"""
import base64, email, email.policy, json, sys

found = []
for line in open(sys.argv[1]):
    taken = json.loads(line)
    raw = base64.b64decode(taken["mail"])
    assert all(byte < 128 for byte in raw) and b"\n" not in raw.replace(b"\r\n", b""), raw
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")), raw
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    parts = list(mail.walk())
    assert not any(part.defects for part in parts), [part.defects for part in parts]
    assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"], parts
    assert all(len(mail.get_all(name)) == 1 for name in mail.keys()), mail.keys()
    assert [one.addr_spec for one in mail["To"].addresses] == taken["to"], mail["To"]
    assert [one.addr_spec for one in mail["From"].addresses] == [taken["from"]], mail["From"]
    found.append({
        "id": mail["Message-ID"], "subject": mail["Subject"], "date": mail["Date"].datetime.isoformat(),
        "unsubscribe": mail["List-Unsubscribe"], "post": mail["List-Unsubscribe-Post"] or "", "to": taken["to"],
        "text": parts[1].get_content(), "html": parts[2].get_content(),
    })
print(json.dumps(found))
