"""The same containers in other forms of BER, on the outside and on each level within, with a MAC that is right."""

from build import Dice, Mac, Password, Pbe, Pbes2, Pbmac1, cert_bag, key_bag, pfx
from common import FILES, OUT, USUAL, add
from der import ctx, integer, octets, oid, only, seq, tlv, wrap, write
from names import BAG, DATA, ENCRYPTED

WHO = "written field by field (BER)"
INDEFINITE, CHUNKS, NESTED = {"indefinite": True}, {"chunk": 100}, {"chunk": 64, "nested": True}
BC = {"indefinite": True, "chunk": 1000}


def again(data, how):
    return write(only(data), **how) if how else data


def make(p):
    def one(name, note, *, outer=None, safe=None, bags=None, pkcs8=None, key=Pbes2(), cert="same", mac=Mac(), tag="p256", chain=(), **more):
        dice, secret = Dice(f"ber-{name}"), Password(more.get("password", USUAL))
        plain = again(p.key[tag], pkcs8)
        if key:
            identifier, encrypted = key(plain, secret, dice)
            key_one = seq(oid(BAG + "2"), ctx(0, seq(identifier, octets(encrypted))))
        else:
            key_one = key_bag(plain)
        keys = seq(oid(DATA), ctx(0, octets(again(seq(key_one), bags))))
        certs = again(seq(cert_bag(p.cert[tag], local_id=b"\x01"), *(cert_bag(p.cert[c]) for c in chain)), bags)
        cert = key if cert == "same" else cert
        if cert:
            identifier, encrypted = cert(certs, secret, dice)
            certs = seq(oid(ENCRYPTED), ctx(0, seq(integer(0), seq(oid(DATA), identifier, tlv(0x80, encrypted)))))
        else:
            certs = seq(oid(DATA), ctx(0, octets(certs)))
        data = again(pfx(again(seq(certs, keys), safe), mac, secret, dice), outer)
        if "tail" in more:
            data += more.pop("tail")
        add(f"ber-{name}.p12", data, WHO, note, **more)

    one("outer-indefinite", "Indefinite lengths outside.", outer=INDEFINITE)
    one("outer-chunks", "Octet strings in chunks of 100, definite lengths, outside.", outer=CHUNKS)
    one("outer-chunks-1", "Octet strings in chunks of one octet, outside.", outer={"chunk": 1})
    one("outer-nested", "Chunks within chunks, outside.", outer=NESTED)
    one("outer-indefinite-chunks", "Indefinite lengths and chunks outside.", outer={"indefinite": True, "chunk": 100})
    one("outer-indefinite-nested", "Indefinite lengths and chunks within chunks, outside.", outer={"indefinite": True, "chunk": 64, "nested": True})
    one("outer-long-1", "Lengths in the long form where the short would do.", outer={"long_form": 1})
    one("outer-long-4", "Every length in four octets.", outer={"long_form": 4})
    one("outer-long-8", "Every length in eight octets, leading zeros.", outer={"long_form": 8}, also=["not-pkcs12"])
    one("safe-indefinite", "Indefinite lengths within the authenticated safe.", safe=INDEFINITE)
    one("safe-chunks", "Encrypted content and salts in chunks.", safe=CHUNKS)
    one("safe-indefinite-chunks", "Indefinite lengths and chunks within the authenticated safe.", safe={"indefinite": True, "chunk": 100})
    one("bags-indefinite", "Indefinite lengths within what is encrypted.", bags=INDEFINITE)
    one("bags-chunks", "Certificates and encrypted key in chunks.", bags=CHUNKS)
    one("bags-nested", "Chunks within chunks within what is encrypted.", bags=NESTED)
    one("pkcs8-indefinite", "The decrypted private key has indefinite lengths.", pkcs8=INDEFINITE)
    one("pkcs8-chunks", "The decrypted private key has its octets in chunks.", pkcs8=CHUNKS)
    one("pkcs8-long", "The decrypted private key has long lengths.", pkcs8={"long_form": 3})
    everywhere = {"indefinite": True, "chunk": 100}
    one("everywhere", "Indefinite lengths and chunks on every level.", outer=everywhere, safe=everywhere, bags=everywhere, pkcs8=everywhere, chain=("issuing", "root"))
    one("everywhere-plain", "Indefinite lengths and chunks on every level, nothing encrypted.", outer=everywhere, safe=everywhere, bags=everywhere, pkcs8=everywhere, key=None)
    one("everywhere-rsa-legacy", "Old schemes, RSA, indefinite lengths and chunks on every level.", outer=BC, safe=BC, bags=BC, key=Pbe(), cert=Pbe("rc2-40-cbc"),
        mac=Mac("sha1"), tag="rsa1", chain=("issuing", "root"))
    one("everywhere-pbmac1", "PBMAC1, indefinite lengths on every level.", outer=INDEFINITE, safe=INDEFINITE, bags=INDEFINITE, mac=Pbmac1())
    one("everywhere-long", "Long lengths on every level.", outer={"long_form": 2}, safe={"long_form": 3}, bags={"long_form": 2})
    one("everywhere-nomac", "No MAC, indefinite lengths and chunks on every level.", outer=everywhere, safe=everywhere, bags=everywhere, mac=None, expect="open-on-request")
    one("empty-chunks", "An empty chunk stands first and last in the authenticated safe.", outer=None, tail=b"")
    spoil = OUT / "good/ber-empty-chunks.p12"
    spoil.write_bytes(with_empty_chunks(spoil.read_bytes()))
    FILES[-1]["data"] = spoil.read_bytes()
    one("trailing-zeros", "Three zero octets stand behind the container.", tail=b"\0\0\0", also=["not-pkcs12"])
    one("trailing-zeros-block", "Zeros up to a multiple of 512 octets, as a device that writes blocks leaves them.", tail=b"\0" * 200, also=["not-pkcs12"])


def with_empty_chunks(data):
    version, safe, mac = only(data).children
    content = safe.children[1].children[0].octets()
    chunks = wrap(0x24, octets(b"") + octets(content) + octets(b""), True)
    return seq(write(version), wrap(0x30, write(safe.children[0]) + wrap(0xA0, chunks, True), True), write(mac))
