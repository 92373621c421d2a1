"""A mail server for tests, by aiosmtpd: with TLS from its own authority, a password, and what goes wrong.

Prints 'listening on PORT'. Every mail that it was given whole is a line of JSON in --log, before it is answered.
"""
import argparse, asyncio, base64, datetime, ipaddress, json, os, ssl

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

words = argparse.ArgumentParser()
words.add_argument("folder", help="where authority, certificate and log lie")
words.add_argument("--protection", choices=["tls", "starttls", "none"], default="tls")
words.add_argument("--port", type=int, default=0)
words.add_argument("--user", default="marquee")
words.add_argument("--password", default="right-password")
words.add_argument("--expired", action="store_true")
words.add_argument("--silent", action="store_true", help="takes connections and says nothing")
words.add_argument(
    "--replies", default="", help="""answers to the first mails, separated by |; 250 afterwards. 'mute': none comes;
    'cut': the mail is taken and the connection broken; 'drop': broken without taking it; 'slow': 250 after some seconds.
    A receiver such as 550@example.org is refused by that number; at hangup@example.org the connection is broken.""")
words = words.parse_args()


def certify(folder):
    """Writes ca.pem, server.pem and server.key, unless they are there."""
    paths = [os.path.join(folder, name) for name in ("ca.pem", "server.pem", "server.key")]
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)

    def build(subject, issuer, key, signer, is_authority):
        end = now - day if words.expired and not is_authority else now + 30 * day
        name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - 3 * day).not_valid_after(end)
        builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        if not is_authority:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer, hashes.SHA256())

    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    text = serialization.Encoding.PEM
    with open(paths[0], "wb") as file:
        file.write(build("Test authority", "Test authority", authority, authority, True).public_bytes(text))
    with open(paths[1], "wb") as file:
        file.write(build("localhost", "Test authority", key, authority, False).public_bytes(text))
    with open(paths[2], "wb") as file:
        form = serialization.PrivateFormat.PKCS8
        file.write(key.private_bytes(text, form, serialization.NoEncryption()))
    return paths[1:]


class Handler:
    def __init__(self):
        self.count = 0
        self.replies = [reply for reply in words.replies.split("|") if reply]

    async def handle_DATA(self, server, session, envelope):
        number = self.count
        self.count += 1
        reply = self.replies[number] if number < len(self.replies) else "250 taken"
        if reply == "drop":
            server.transport.abort()
            return "451 dropped"
        line = {
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "reply": reply, "tls": session.ssl is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
            "mail": base64.b64encode(envelope.original_content).decode(),
        }
        with open(os.path.join(words.folder, "mails.jsonl"), "a") as file:
            file.write(json.dumps(line) + "\n")
        if reply == "cut":
            server.transport.abort()
        if reply == "mute":
            await asyncio.sleep(3600)
        if reply == "slow":
            await asyncio.sleep(4)
            return "250 taken"
        return reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        number = address.partition("@")[0]
        if number == "hangup":
            server.transport.abort()
            return "421 gone"
        if number.isdigit():
            return f"{number} not this one"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, login):
    right = login.login == words.user.encode() and login.password == words.password.encode()
    return AuthResult(success=right, handled=False, auth_data=login.login if right else None)


async def main():
    os.makedirs(words.folder, exist_ok=True)
    context = None
    if words.protection != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certify(words.folder))
    handler = Handler()
    starts = words.protection == "starttls"

    def factory():
        if words.silent:
            return asyncio.Protocol()
        return SMTP(
            handler, hostname="localhost", tls_context=context if starts else None, require_starttls=starts,
            auth_required=words.protection != "none", auth_require_tls=starts, authenticator=authenticate)

    loop = asyncio.get_running_loop()
    implicit = context if words.protection == "tls" else None
    server = await loop.create_server(factory, "127.0.0.1", words.port, ssl=None if words.silent else implicit)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
