"""DER writing by hand, BER reading, and writing what was read again in other forms of BER.

By hand, so that an order, a form or a mistake that a library would correct stays as the recipe asks."""


def length(n, long_form=0):
    """The length octets. `long_form`: at least so many octets after the first, leading zeros included."""
    if n < 128 and not long_form:
        return bytes([n])
    body = n.to_bytes(max(1, (n.bit_length() + 7) // 8, long_form), "big")
    return bytes([0x80 | len(body)]) + body


def tlv(tag, *parts, long_form=0):
    body = b"".join(parts)
    return bytes([tag]) + length(len(body), long_form) + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def set_as_given(*parts):
    return tlv(0x31, *parts)


def octets(data):
    return tlv(0x04, data)


def integer(n):
    return tlv(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def ctx(n, *parts):
    return tlv(0xA0 + n, *parts)


def bmp(text):
    return tlv(0x1E, text.encode("utf-16-be"))


NULL = b"\x05\x00"


def oid(dotted):
    numbers = [int(x) for x in dotted.split(".")]
    body = b""
    for n in [40 * numbers[0] + numbers[1], *numbers[2:]]:
        part = [n & 0x7F]
        while n > 127:
            n >>= 7
            part.append(0x80 | n & 0x7F)
        body += bytes(reversed(part))
    return tlv(0x06, body)


class BerError(Exception):
    """Not BER."""


class Node:
    """One element. `children` if constructed, else `content`."""

    def __init__(self, tag, constructed, children, content, indefinite=False, long=False, at=0, size=0):
        self.tag, self.constructed, self.children, self.content = tag, constructed, children, content
        self.indefinite, self.long, self.at, self.size = indefinite, long, at, size

    def octets(self):
        """Contents of a string, whose parts may be strings again."""
        return b"".join(c.octets() for c in self.children) if self.constructed else self.content

    def number(self):
        return int.from_bytes(self.content, "big", signed=True)

    def oid(self):
        numbers, n = [], 0
        for b in self.content:
            n = n << 7 | b & 0x7F
            if not b & 0x80:
                numbers.append(n)
                n = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(str(x) for x in [first, numbers[0] - 40 * first, *numbers[1:]])

    def forms(self):
        """Words for what is not DER in here."""
        found = set()
        if self.indefinite:
            found.add("indefinite lengths")
        if self.long:
            found.add("long-form lengths")
        # [0] is a string only as third member of EncryptedContentInfo.
        third = self.tag == 0x30 and self.constructed and len(self.children) == 3 and self.children[0].tag == 0x06 and self.children[2].tag == 0x80
        if self.tag == 0x04 and self.constructed or third and self.children[2].constructed:
            found.add("constructed strings")
        for c in self.children or ():
            found |= c.forms()
        return found


def parse(data, at=0, end=None, depth=0):
    """One element at `at`; returns it and where it ends."""
    end = len(data) if end is None else end
    if depth > 60:
        raise BerError("too deep")
    if at + 2 > end:
        raise BerError("ends within a header")
    start, tag, first = at, data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise BerError("long tag")
    at += 2
    long = False
    if first == 0x80:
        if not tag & 0x20:
            raise BerError("indefinite length of a primitive")
        children = []
        while data[at:at + 2] != b"\0\0":
            child, at = parse(data, at, end, depth + 1)
            children.append(child)
        return Node(tag & ~0x20 if tag not in (0x30, 0x31) else tag, True, children, None, True, False, start, at + 2 - start), at + 2
    if first > 0x80:
        count = first & 0x7F
        if at + count > end:
            raise BerError("ends within a length")
        n = int.from_bytes(data[at:at + count], "big")
        long = length(n) != data[at - 1:at + count]
        at += count
    else:
        n = first
    if at + n > end:
        raise BerError("ends within a value")
    stop = at + n
    if not tag & 0x20:
        return Node(tag, False, None, data[at:stop], False, long, start, stop - start), stop
    children = []
    while at < stop:
        child, at = parse(data, at, stop, depth + 1)
        children.append(child)
    return Node(tag & ~0x20 if tag not in (0x30, 0x31) else tag, True, children, None, False, long, start, stop - start), stop


def only(data):
    node, end = parse(data)
    if end != len(data):
        raise BerError("something stands behind it")
    return node


def write(node, *, indefinite=False, chunk=0, nested=False, long_form=0):
    """The element again, in DER or as asked: indefinite lengths, octet strings in chunks (in chunks of chunks), long lengths."""
    how = {"indefinite": indefinite, "chunk": chunk, "nested": nested, "long_form": long_form}
    if (node.tag == 0x04 or node.tag == 0x80 and not node.constructed) and chunk:
        data = node.octets()
        parts = [tlv(0x04, data[i:i + chunk], long_form=long_form) for i in range(0, len(data), chunk)]
        if nested and len(parts) > 1:
            half = len(parts) // 2
            parts = [wrap(0x24, b"".join(parts[:half]), indefinite, long_form), wrap(0x24, b"".join(parts[half:]), indefinite, long_form)]
        return wrap(node.tag | 0x20, b"".join(parts), indefinite, long_form)
    if node.tag == 0x04:
        return tlv(node.tag, node.octets(), long_form=long_form)
    if node.constructed:
        return wrap(node.tag | 0x20, b"".join(write(c, **how) for c in node.children), indefinite, long_form)
    return tlv(node.tag, node.content, long_form=long_form)


def wrap(tag, body, indefinite, long_form=0):
    return bytes([tag, 0x80]) + body + b"\0\0" if indefinite else tlv(tag, body, long_form=long_form)
