#!/usr/bin/env python3
"""Makes the Personal Mobile / Personal Desktop fixtures of this directory: method settings, certificates, attribute and mapping cases.

    python make_personal.py          # needs the package `cryptography`; keys come from fixed seeds
    python make_personal.py --check  # has the alternative names read by `cryptography`
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "making"))
from common import *  # noqa: E402,F403

ROWS = []
SEED = "Set up Smart ID (Personal) authentication"
FORM = " [settings documented; the form of the document is ours]"


def add(file, kind, tag, source, about, data=None, **k):
    if data is not None:
        write(HERE, file, data)
    ROWS.append(dict(file=file, kind=kind, tag=tag, source=source, about=about, **k))


# ---------------------------------------------------------------- documents
def to_toml(d):
    simple = [(k, v) for k, v in d.items() if not isinstance(v, dict) and not (isinstance(v, list) and v and isinstance(v[0], dict))]
    out = "".join("%s = %s\n" % (k, toml_value(v)) for k, v in simple)
    for k, v in d.items():
        if isinstance(v, dict):
            out += "\n[%s]\n" % k + "".join("%s = %s\n" % (a if a.replace("_", "").isalnum() and a.isascii() else toml_value(a), toml_value(b)) for a, b in v.items())
        elif isinstance(v, list) and v and isinstance(v[0], dict):
            for m in v:
                out += "\n[[%s]]\n" % k + "".join("%s = %s\n" % (a, toml_value(b)) for a, b in m.items() if not isinstance(b, dict))
                for a, b in m.items():
                    if isinstance(b, dict):
                        out += "\n[%s.%s]\n" % (k, a) + "".join("%s = %s\n" % (x if x.replace("_", "").isalnum() and x.isascii() else toml_value(x), toml_value(y)) for x, y in b.items())
    return out


DEL = object()
PAIR = {"user_attribute": "mail", "certificate_attribute": "subjectaltname-emailaddress"}
CA = {"enable_personal_certificate_authentication": True, "certificate_authority": "Example Issuing CA"}
SAME = {"enable_authentication_on_same_device": True, "wait_for_seconds": 5, "redirect_text": "You will be taken to the app."}


def method(kind="personal-mobile", *parts, props=None, **over):
    d = {"method_type": kind, "enable_authentication_method": True, "visible_in_authentication_menu": True,
         "display_name": "Personal Mobile" if kind == "personal-mobile" else "Personal Desktop", "authentication_method_servers": ["Authentication Service 1"]}
    for p in parts:
        d.update(p)
    for k, v in over.items():
        if v is DEL:
            d.pop(k, None)
        else:
            d[k] = v
    if props is not None:
        d["extended_properties"] = props
    return d


def E(code, member=None, method_=None, level="error"):
    f = {"level": level, "code": code}
    if member:
        f["member"] = member
    if method_ is not None:
        f["method"] = method_
    return f


def W(code, member=None, method_=None):
    return E(code, member, method_, "warning")


def doc(file, about, d, findings=(), tag="documented", kind="method", source=SEED, json_too=False, notes=None, raw=None, read="ok", **k):
    folder = "methods" if kind == "method" else "lists"
    name = "%s/%s%s" % (folder, "bad_" if any(f["level"] == "error" for f in findings) or read == "refuse" else "", file)
    rows = dict(findings=list(findings) if read == "ok" else None, notes=notes, read=read, **k)
    if raw is not None:
        add(name + "." + raw[0], kind, tag, source + FORM, about, raw[1], **rows)
        return
    add(name + ".toml", kind, tag, source + FORM, about, to_toml(d), **rows)
    if json_too:
        add(name + ".json", kind, tag, source + FORM, about + " The same as JSON.", json.dumps(d, indent=2, ensure_ascii=False) + "\n", same_as=name + ".toml", **rows)


MOBILE, DESKTOP = "personal-mobile", "personal-desktop"
PAIR_RULE = "mandatory-pair"


def make_methods():
    doc("mobile", "Personal Mobile on another device, without certificate: the profile key names the user.", method(), json_too=True)
    doc("mobile_certificate", "With certificate authentication on another device: the pair is not mandatory.", method(MOBILE, CA))
    doc("mobile_certificate_pair", "The same with the pair.", method(MOBILE, CA, props=PAIR))
    doc("mobile_same_device", "On the same device, without certificate.", method(MOBILE, SAME), json_too=True)
    doc("mobile_same_device_certificate", "On the same device with certificate, and with the pair, which is mandatory then.", method(MOBILE, SAME, CA, props=PAIR), json_too=True)
    doc("desktop", "Personal Desktop without certificate.", method(DESKTOP), json_too=True)
    doc("desktop_certificate", "Personal Desktop with certificate, and with the pair: the CA validates, but does not choose what the user is shown.", method(DESKTOP, CA, props=PAIR),
        [W("certificate-authority-does-not-filter", "certificate_authority")], json_too=True)
    doc("desktop_certificate_cn", "With the subject's common name and sAMAccountName.", method(DESKTOP, CA, props={"user_attribute": "samAccountName", "certificate_attribute": "cn"}),
        [W("certificate-authority-does-not-filter", "certificate_authority")], tag="inferred")
    doc("minimal", "Nothing but type, name and server: the switches have their defaults.",
        {"method_type": MOBILE, "display_name": "Personal Mobile", "authentication_method_servers": ["Authentication Service 1"]}, tag="inferred",
        defaults={"enable_authentication_method": True, "visible_in_authentication_menu": True, "enable_personal_certificate_authentication": False, "enable_authentication_on_same_device": False})
    doc("servers", "Two servers.", method(authentication_method_servers=["Authentication Service 1", "Authentication Service 2"]))
    doc("not_enabled", "Not enabled and not in the menu.", method(enable_authentication_method=False, visible_in_authentication_menu=False), notes=["not-enabled"])
    doc("static", "With the members that Digital Access assigns; they are kept, and nothing is concluded from them.",
        method(authentication_method_id="a1b2c3d4e5f6", authentication_method_type=27), tag="inferred")
    doc("lists", "With RADIUS replies and notification mappings.", method(radius_replies=["Reply-Message=Welcome"], notification_mappings=["By E-mail"]), tag="inferred")
    doc("display_name_unicode", "A display name beyond ASCII, with signs that an address has to encode.", method(display_name="Åländsk inloggning & Co 100% +"), authmech="%C3%85l%C3%A4ndsk%20inloggning%20%26%20Co%20100%25%20%2B")
    doc("wait_zero", "Redirected at once.", method(MOBILE, SAME, wait_for_seconds=0), tag="unknown", notes=["wait"])
    doc("wait_missing", "Without a time: the default is not public.", method(MOBILE, SAME, wait_for_seconds=DEL), tag="unknown")
    doc("redirect_text_empty", "An empty text.", method(MOBILE, SAME, redirect_text=""), tag="unknown")
    doc("redirect_text_markup", "Markup in the text is text.", method(MOBILE, SAME, redirect_text="<b>Please</b> wait &amp; see"), tag="unknown")
    doc("same_device_off", "Said to be off.", method(enable_authentication_on_same_device=False))
    doc("desktop_same_device_off", "Desktop, said to be off: that is so anyway.", method(DESKTOP, enable_authentication_on_same_device=False), tag="inferred")
    doc("siblings", "Extended properties that are documented for sibling methods.",
        method(props={"allow_user_not_listed_in_any_user_storage": True, "user_name_may_not_change_during_session": True, "force_create_user": False, "create_user_on_failed_logon": False,
                      "only_authenticate_user_id_associated_with_user_account": True, "locale": "sv", "save_credentials_for_sso_domain": "example"}), tag="inferred",
        source="Digital Access help: extended properties of Active Directory and User Certificate", notes=["sibling-property"], roundtrip=True)
    doc("siblings_ocsp", "OCSP properties, seen at the user certificate method only.", method(DESKTOP, CA, props={**PAIR, "ocsp_aia": True, "ocsp_responder_url": "http://ocsp.example.test", "ocsp_certificate_name": "Example OCSP"}),
        [W("certificate-authority-does-not-filter", "certificate_authority")], tag="inferred", source="Digital Access help: extended properties of User Certificate", notes=["sibling-property"], roundtrip=True)
    doc("unknown_properties", "Extended properties that nobody knows are kept, with their types.", method(props={"golden_property": "x", "Golden Property 2": 17, "golden_list": ["a", "b"], "golden_flag": False}), tag="unknown",
        notes=["unknown-property"], roundtrip=True)
    doc("unknown_members", "Members that nobody knows are kept.", method(golden_member="x", golden_number=1.5), tag="unknown", notes=["unknown-member"], roundtrip=True)
    doc("pair_unused", "The pair without certificate authentication: it has no effect.", method(props=PAIR), [W("mapping-unused", "extended_properties")], tag="inferred")
    doc("pair_half", "Half the pair where it is not mandatory: it has no effect.", method(MOBILE, CA, props={"user_attribute": "mail"}), [W("pair-incomplete", "certificate_attribute")], tag="inferred")
    doc("ca_unused", "A CA without certificate authentication: it has no effect.", method(certificate_authority="Example Issuing CA"), [W("certificate-authority-unused", "certificate_authority")], tag="inferred")
    doc("same_device_settings_unused", "Time and text though same device is off.", method(MOBILE, SAME, enable_authentication_on_same_device=False),
        [W("same-device-setting-unused", "wait_for_seconds"), W("same-device-setting-unused", "redirect_text")], tag="inferred")
    doc("wait_long", "An image shown for an hour.", method(MOBILE, SAME, wait_for_seconds=3600), [W("wait-long", "wait_for_seconds")], tag="unknown")
    doc("certificate_attribute_unknown", "A certificate attribute that we cannot read: kept, and said.", method(DESKTOP, CA, props={"user_attribute": "mail", "certificate_attribute": "golden-attribute"}),
        [W("certificate-authority-does-not-filter", "certificate_authority"), W("certificate-attribute-unknown", "certificate_attribute")], tag="unknown", roundtrip=True)
    doc("certificate_attribute_case", "The documented attribute in other letter case.", method(MOBILE, SAME, CA, props={"user_attribute": "mail", "certificate_attribute": "SubjectAltName-EmailAddress"}), tag="unknown", roundtrip=True)
    doc("user_attribute_open", "A user attribute of the directory's own.", method(MOBILE, SAME, CA, props={"user_attribute": "extensionAttribute7", "certificate_attribute": "subjectaltname-upn"}), tag="inferred")
    # the mandatory pair
    both = [E(PAIR_RULE, "user_attribute"), E(PAIR_RULE, "certificate_attribute")]
    nofilter = W("certificate-authority-does-not-filter", "certificate_authority")
    doc("desktop_pair_missing", "Desktop with certificate, without the pair.", method(DESKTOP, CA), [*both, nofilter], json_too=True)
    doc("desktop_user_attribute_missing", "Desktop with certificate, without User Attribute.", method(DESKTOP, CA, props={"certificate_attribute": PAIR["certificate_attribute"]}), [both[0], nofilter])
    doc("desktop_certificate_attribute_missing", "Desktop with certificate, without Certificate Attribute.", method(DESKTOP, CA, props={"user_attribute": "mail"}), [both[1], nofilter])
    doc("mobile_same_device_pair_missing", "Mobile on the same device with certificate, without the pair.", method(MOBILE, SAME, CA), both, json_too=True)
    doc("mobile_same_device_user_attribute_missing", "The same without User Attribute.", method(MOBILE, SAME, CA, props={"certificate_attribute": "subjectaltname-emailaddress"}), [both[0]])
    doc("mobile_same_device_certificate_attribute_missing", "The same without Certificate Attribute.", method(MOBILE, SAME, CA, props={"user_attribute": "mail"}), [both[1]])
    doc("pair_empty", "Both are there and empty.", method(DESKTOP, CA, props={"user_attribute": "", "certificate_attribute": ""}), [*both, nofilter], tag="inferred")
    doc("pair_space", "Both are nothing but spaces.", method(DESKTOP, CA, props={"user_attribute": " ", "certificate_attribute": "  "}), [*both, nofilter], tag="inferred")
    doc("pair_misspelt", "The names are misspelt: they are other properties.", method(DESKTOP, CA, props={"userattribute": "mail", "certificate_atribute": "subjectaltname-emailaddress"}), [*both, nofilter], tag="inferred",
        notes=["unknown-property"], roundtrip=True)
    doc("pair_disabled", "The method is not enabled: the rule holds all the same, it would fail as soon as it is.", method(DESKTOP, CA, enable_authentication_method=False), [*both, nofilter], tag="inferred", notes=["not-enabled"])
    # others
    doc("desktop_same_device", "Same device at Desktop: that setting is Mobile's.", method(DESKTOP, enable_authentication_on_same_device=True), [E("same-device-mobile-only", "enable_authentication_on_same_device")])
    doc("desktop_wait", "A time to wait at Desktop.", method(DESKTOP, wait_for_seconds=5), [E("same-device-mobile-only", "wait_for_seconds")])
    doc("desktop_redirect_text", "A redirect text at Desktop.", method(DESKTOP, redirect_text="x"), [E("same-device-mobile-only", "redirect_text")])
    doc("ca_missing", "Certificate authentication without a CA.", method(MOBILE, enable_personal_certificate_authentication=True), [E("certificate-authority-missing", "certificate_authority")])
    doc("ca_empty", "The CA is empty.", method(MOBILE, CA, certificate_authority=""), [E("certificate-authority-missing", "certificate_authority")])
    doc("desktop_ca_missing", "Desktop with certificate authentication and pair, without a CA.", method(DESKTOP, enable_personal_certificate_authentication=True, props=PAIR),
        [E("certificate-authority-missing", "certificate_authority")])
    doc("display_name_empty", "An empty display name.", method(display_name=""), [E("display-name", "display_name")])
    doc("display_name_missing", "No display name.", method(display_name=DEL), [E("display-name", "display_name")], read_also=["refuse"])
    doc("display_name_space", "A display name of spaces.", method(display_name="   "), [E("display-name", "display_name")], tag="inferred")
    doc("display_name_control", "A line feed in the display name.", method(display_name="Personal\nMobile"), [E("display-name", "display_name")], tag="inferred")
    doc("server_missing", "No server.", method(authentication_method_servers=[]), [E("server-missing", "authentication_method_servers")])
    doc("server_absent", "The member is missing.", method(authentication_method_servers=DEL), [E("server-missing", "authentication_method_servers")])
    doc("server_empty", "A server without a name.", method(authentication_method_servers=[""]), [E("server-missing", "authentication_method_servers")], tag="inferred")
    doc("wait_negative", "A negative time.", method(MOBILE, SAME, wait_for_seconds=-1), [E("wait", "wait_for_seconds")], read_also=["refuse"])
    doc("several", "Several things at once: all of them are named.", method(DESKTOP, SAME, display_name="", authentication_method_servers=[], enable_personal_certificate_authentication=True),
        [*both, E("same-device-mobile-only", "enable_authentication_on_same_device"), E("same-device-mobile-only", "wait_for_seconds"), E("same-device-mobile-only", "redirect_text"),
         E("certificate-authority-missing", "certificate_authority"), E("display-name", "display_name"), E("server-missing", "authentication_method_servers")])
    # filters
    CF = "Certificate filtering for Smart ID authentication"

    def filt(file, about, text, findings=(), tag="documented", **k):
        doc("filter_" + file, about, method(props={"certificate_filter": text}), findings, tag, source=CF, roundtrip=True, **k)

    leaf = '{"op":"eq","param":"key.type","value":"RSA"}'
    filt("leaf", "One comparison.", leaf)
    filt("and", "Two with and.", '{"op":"and","value":[%s,{"op":"co","param":"cert.issuer","value":"Example"}]}' % leaf)
    filt("implied_and", "Two without op, which is and.", '{"value":[%s,{"op":"sw","param":"cert.issuer","value":"CN="}]}' % leaf)
    filt("not", "not with a list of one.", '{"op":"not","value":[%s]}' % leaf)
    filt("nested", "Three deep.", '{"op":"or","value":[{"op":"not","value":[%s]},{"op":"and","value":[%s]}]}' % (leaf, leaf))
    for op in ("nq", "co", "sw", "ew", "lt", "gt", "lte"):
        filt(op, "The comparison %s." % op, '{"op":"%s","param":"key.size","value":"2048"}' % op)
    filt("gte", "gte, which is not named in public.", '{"op":"gte","param":"key.size","value":"2048"}', tag="inferred")
    filt("pretty", "With white space and line feeds; the text is kept as it is.", '{\n  "op": "eq",\n  "param": "key.type",\n  "value": "RSA"\n}')
    filt("desktop_unknown_param", "A param that nobody knows: the names are not public.", '{"op":"eq","param":"golden","value":"x"}', tag="unknown")
    filt("unknown_op", "An operation that nobody knows.", '{"op":"golden","param":"key.type","value":"x"}', [W("filter", "certificate_filter")], tag="unknown")
    filt("op_capitals", "An operation in capitals.", '{"op":"EQ","param":"key.type","value":"x"}', [W("filter", "certificate_filter")], tag="unknown")
    F = [E("filter", "certificate_filter")]
    for file, about, text in (
        ("empty", "An empty filter text.", ""), ("not_json", "Not JSON.", "key.type=RSA"), ("truncated", "The JSON ends early.", leaf[:-1]), ("trailing", "Something follows.", leaf + "x"),
        ("array", "An array at the top.", "[%s]" % leaf), ("null", "The text null.", "null"), ("text", "A JSON text.", '"eq"'), ("number", "A number.", "1"),
        ("op_number", "op is a number.", '{"op":1,"value":[]}'), ("param_number", "param is a number.", '{"op":"eq","param":1,"value":"x"}'),
        ("single_quotes", "Single quotes.", leaf.replace('"', "'")), ("comment", "A comment.", leaf + " // RSA only"), ("deep", "Five thousand levels.", '{"op":"not","value":[' * 5000 + leaf + "]}" * 5000),
    ):
        filt(file, about, text, F, tag="inferred")
    filt("leaf_without_param", "A comparison without param.", '{"op":"eq","value":"RSA"}', F, tag="inferred", findings_also="none")
    filt("leaf_without_value", "A comparison without value.", '{"op":"eq","param":"key.type"}', F, tag="inferred", findings_also="none")
    filt("and_of_text", "and over texts.", '{"op":"and","value":["a","b"]}', F, tag="inferred", findings_also="none")
    filt("and_without_list", "and with a filter in place of a list.", '{"op":"and","value":%s}' % leaf, F, tag="inferred", findings_also="none")
    filt("op_twice", "Two op members.", '{"op":"eq","op":"nq","param":"key.type","value":"RSA"}', F, tag="unknown", findings_also="none")
    # documents that cannot be read
    R = dict(read="refuse", tag="inferred")
    doc("type_missing", "No method type.", method(method_type=DEL), reason="method_type", **R)
    doc("type_unknown", "Another method type.", method(method_type="password"), reason="method_type", **R)
    doc("type_capital", "The type as the product prints it.", method(method_type="Personal Mobile"), reason="method_type", read_also=["ok"], **R)
    doc("flag_text", "A switch is a text.", method(enable_personal_certificate_authentication="yes"), reason="enable_personal_certificate_authentication", **R)
    doc("wait_text", "The time is a text.", method(MOBILE, SAME, wait_for_seconds="5"), reason="wait_for_seconds", **R)
    doc("wait_fraction", "The time has a fraction.", method(MOBILE, SAME, wait_for_seconds=2.5), reason="wait_for_seconds", **R)
    doc("servers_text", "The servers are a text.", method(authentication_method_servers="Authentication Service 1"), reason="authentication_method_servers", **R)
    doc("user_attribute_number", "User Attribute is a number.", method(DESKTOP, CA, props={"user_attribute": 1, "certificate_attribute": "cn"}), reason="user_attribute", **R)
    doc("not_toml", "Not TOML.", None, raw=("toml", "method_type: personal-mobile\n"), reason="syntax", **R)
    doc("key_twice", "A member twice.", None, raw=("toml", 'method_type = "personal-mobile"\nmethod_type = "personal-desktop"\n'), reason="syntax", **R)
    doc("not_json", "Not JSON.", None, raw=("json", "{'method_type': 'personal-mobile'}\n"), reason="syntax", **R)
    doc("json_key_twice", "A member twice, with different values.", None, raw=("json", '{"method_type":"personal-mobile","method_type":"personal-desktop","display_name":"x","authentication_method_servers":["a"]}\n'),
        reason="syntax", read_also=["ok"], **R)
    doc("json_deep", "An unknown member nests ten thousand arrays.", None, raw=("json", '{"x":%s%s}\n' % ("[" * 10000, "]" * 10000)), reason="syntax", **R)
    doc("empty", "Nothing.", None, raw=("toml", ""), reason="method_type", **R)
    doc("not_utf8", "Not UTF-8.", None, raw=("toml", b'method_type = "personal-mobile"\ndisplay_name = "\xff"\n'), reason="syntax", **R)


def make_lists():
    G = {"external_dns_name": "login.example.test", "external_port": 443}

    def lst(file, about, methods, findings=(), g=G, tag="documented", **k):
        d = {}
        if g is not None:
            d["distribution_service"] = g
        d["methods"] = methods
        doc(file, about, d, findings, tag, kind="methods", **k)

    other, same, desk = method(display_name="Personal Mobile, another device"), method(MOBILE, SAME, display_name="Personal Mobile, this device"), method(DESKTOP)
    lst("both_devices", "Two Mobile methods, one for each way: as the vendor wants it.", [other, same], json_too=True)
    lst("all_three", "Both Mobile methods and Desktop.", [other, same, desk])
    lst("desktop_only", "Desktop alone.", [desk])
    lst("other_only", "Another device only: users on the phone itself have no way.", [other], notes=["same-device-not-offered"])
    lst("same_only", "The same device only: users at a computer have no way.", [same], [W("other-device-not-offered")], tag="inferred")
    lst("two_others", "Two methods for another device, with different names.", [other, {**other, "display_name": "Personal Mobile 2"}], notes=["same-device-not-offered"], tag="inferred")
    lst("same_disabled", "The method for the same device is not enabled.", [other, {**same, "enable_authentication_method": False}], notes=["same-device-not-offered", "not-enabled"], tag="inferred")
    lst("other_disabled", "The method for another device is not enabled.", [{**other, "enable_authentication_method": False}, same], [W("other-device-not-offered")], notes=["not-enabled"], tag="inferred")
    lst("port_8443", "Another port.", [desk], g={"external_dns_name": "login.example.test", "external_port": 8443})
    lst("none", "No method at all.", [], notes=["empty"], tag="inferred")
    lst("names_case", "Two names that differ in letter case only.", [other, {**same, "display_name": other["display_name"].upper()}], [W("display-name-similar", "display_name", 1)], tag="unknown")
    lst("same_name", "Two methods with one name.", [other, {**same, "display_name": other["display_name"]}], [E("display-name-not-unique", "display_name", 1)], method_also=0)
    lst("same_name_disabled", "One of the two is not enabled: the name must be unique all the same.", [other, {**other, "enable_authentication_method": False}],
        [E("display-name-not-unique", "display_name", 1)], tag="inferred", method_also=0, notes=["same-device-not-offered", "not-enabled"])
    lst("same_name_space", "The second name has a space at its end.", [other, {**same, "display_name": other["display_name"] + " "}], [W("display-name-similar", "display_name", 1)], tag="unknown")
    lst("dns_missing", "No external DNS name.", [desk], [E("external-dns-name-missing", "external_dns_name")], g={"external_port": 443})
    lst("port_missing", "No external port.", [desk], [E("external-port-missing", "external_port")], g={"external_dns_name": "login.example.test"})
    lst("both_missing", "Neither: nothing about the distribution service.", [desk], [E("external-dns-name-missing", "external_dns_name"), E("external-port-missing", "external_port")], g=None)
    lst("dns_empty", "The DNS name is empty, as the vendor page prints its example.", [desk], [E("external-dns-name-missing", "external_dns_name")], g={"external_dns_name": "", "external_port": 443})
    for file, v, about in (("scheme", "https://login.example.test", "An address in place of a name."), ("port", "login.example.test:443", "Name and port in one."), ("path", "login.example.test/wa", "A path behind the name."),
                           ("space", "login example.test", "A space in the name."), ("star", "*.example.test", "A star.")):
        lst("dns_" + file, about, [desk], [E("external-dns-name", "external_dns_name")], g={"external_dns_name": v, "external_port": 443}, tag="inferred")
    lst("dns_ip", "An address: clients check a certificate's name.", [desk], [W("external-dns-name", "external_dns_name")], g={"external_dns_name": "192.0.2.1", "external_port": 443}, tag="inferred")
    lst("dns_localhost", "localhost: no phone gets there.", [desk], [W("external-dns-name", "external_dns_name")], g={"external_dns_name": "localhost", "external_port": 443}, tag="inferred")
    lst("port_zero", "Port 0.", [desk], [E("external-port", "external_port")], g={"external_dns_name": "login.example.test", "external_port": 0}, tag="inferred", read_also=["refuse"])
    lst("port_65536", "A port that is none.", [desk], [E("external-port", "external_port")], g={"external_dns_name": "login.example.test", "external_port": 65536}, tag="inferred", read_also=["refuse"])
    lst("pair_in_second", "The second method lacks the pair: the finding says which.", [other, method(MOBILE, SAME, CA, display_name="This device")],
        [E(PAIR_RULE, "user_attribute", 1), E(PAIR_RULE, "certificate_attribute", 1)])
    lst("two_broken", "Two methods lack something each.", [method(DESKTOP, display_name="D", wait_for_seconds=1), method(DESKTOP, CA, display_name="D2")],
        [E("same-device-mobile-only", "wait_for_seconds", 0), E(PAIR_RULE, "user_attribute", 1), E(PAIR_RULE, "certificate_attribute", 1), W("certificate-authority-does-not-filter", "certificate_authority", 1)])


# ---------------------------------------------------------------- certificates
CA_KEY, KEY = EcKey("personal ca"), EcKey("personal user")
CA_NAME = [("C", "SE"), ("O", "Example"), ("CN", "Example Issuing CA")]
BASE = [("C", "SE"), ("O", "Example"), ("OU", "Users"), ("CN", "Alice Example"), ("SERIALNUMBER", "198001019999"), ("UID", "alice")]


def user_cert(file, subject=BASE, names=None, about="", exts=None, **kw):
    e = [basic_constraints(False), key_usage("digitalSignature")]
    if names is not None:
        e.append(san(*names, critical=not subject))
    der = certificate("personal " + file, subject, CA_NAME, CA_KEY, KEY, e if exts is None else e + exts, **kw)
    add("certificates/%s.test.pem" % file, "certificate", "inferred", "RFC 5280, 4.2.1.6", about, pem(der))


MAIL, UPN = ("email", "alice@example.test"), ("upn", "alice@ad.example.test")
NOTE = "protocol notes digital-access 4.3"


def make_certificates():
    add("certificates/ca.test.pem", "certificate", "inferred", "RFC 5280", "The CA above the users' certificates.",
        pem(certificate("personal ca", CA_NAME, CA_NAME, CA_KEY, CA_KEY, [basic_constraints(True), key_usage("keyCertSign", "cRLSign")])))
    user_cert("plain", names=[MAIL], about="One e-mail address.")
    user_cert("all", names=[MAIL, UPN, ("dns", "alice.example.test"), ("uri", "urn:golden:alice"), ("dir", [("CN", "Alice Elsewhere")]), ("ip", bytes([192, 0, 2, 1])), ("rid", "1.2.3.4")], about="Every kind of name.")
    user_cert("two_mails", names=[MAIL, ("email", "a.example@example.test")], about="Two e-mail addresses.")
    user_cert("same_mail_twice", names=[MAIL, MAIL], about="One address twice.")
    user_cert("mail_case", names=[("email", "Alice@Example.TEST")], about="Capital letters in the address.")
    user_cert("mails_case", names=[MAIL, ("email", "ALICE@EXAMPLE.TEST")], about="One address in two letter cases.")
    user_cert("mail_empty", names=[("email", ""), ("dns", "alice.example.test")], about="An empty address.")
    user_cert("mail_empty_and_good", names=[("email", ""), MAIL], about="An empty address and a good one.")
    user_cert("mail_space", names=[("email", " alice@example.test ")], about="Spaces around the address.")
    user_cert("mail_nul", names=[("email", b"alice@example.test\0.evil.example.org")], about="A zero octet within the address.")
    user_cert("mail_not_ascii", names=[("email", "älice@example.test".encode())], about="UTF-8 in a place that takes ASCII.")
    user_cert("mail_newline", names=[("email", "alice@example.test\n")], about="A line feed behind the address.")
    user_cert("mail_in_subject", subject=BASE + [("E", "alice@example.test")], about="The address in the subject, no alternative names.")
    user_cert("mail_in_both", subject=BASE + [("E", "alice.subject@example.test")], names=[MAIL], about="Another address in the subject.")
    user_cert("other_mail", names=[("email", "bob@example.test")], about="Another user's address.")
    user_cert("no_names", about="No alternative names.")
    user_cert("upn_only", names=[UPN], about="A user principal name.")
    user_cert("upn_two", names=[UPN, ("upn", "alice@other.example.test")], about="Two user principal names.")
    user_cert("upn_ia5", names=[("upn", ia5("alice@ad.example.test"))], about="The principal name as IA5String; it should be UTF8String.")
    user_cert("upn_unicode", names=[("upn", "älice@ad.example.test")], about="A principal name beyond ASCII.")
    user_cert("upn_number", names=[("upn", integer(17))], about="The principal name is a number.")
    user_cert("upn_empty", names=[("upn", "")], about="An empty principal name.")
    user_cert("other_name", names=[("other", ("1.3.6.1.5.2.2", utf8("alice@EXAMPLE")))], about="An otherName that is no principal name.")
    user_cert("dns_two", names=[("dns", "alice.example.test"), ("dns", "*.example.test")], about="Two DNS names, one with a star.")
    user_cert("uri_two", names=[("uri", "urn:golden:alice"), ("uri", "https://id.example.test/alice?x=1#y")], about="Two URIs.")
    user_cert("subject_repeated", subject=[("C", "SE"), ("O", "Example"), ("OU", "Users"), ("OU", "Helsinki"), ("CN", "Alice"), ("CN", "Alice Example")], about="OU and CN twice.")
    user_cert("subject_multi_valued", subject=[("C", "SE"), [("CN", "Alice Example"), ("SERIALNUMBER", "0001")]], about="One RDN with two attributes.")
    user_cert("subject_types", subject=[("C", "SE"), ("O", bmp("Exämple")), ("OU", t61("Users")), ("CN", printable("Alice Example")), ("L", utf8("Zürich")), ("ST", ia5("Example State"))], about="Five kinds of string.")
    user_cert("subject_empty_value", subject=[("C", "SE"), ("CN", "")], about="An empty CN.")
    user_cert("subject_empty", subject=[], names=[MAIL], about="An empty subject.")
    user_cert("subject_many", subject=[("C", "SE"), ("ST", "Uusimaa"), ("L", "Example Town"), ("O", "Example"), ("ORGID", "16556000-0000"), ("OU", "Users"), ("T", "Engineer"), ("GN", "Alice"), ("SN", "Example"),
                                       ("CN", "Alice Example"), ("SERIALNUMBER", "198001019999"), ("UID", "alice"), ("DC", "example"), ("DC", "test"), ("E", "alice@example.test")], about="Every subject attribute.")
    user_cert("subject_unknown", subject=[("C", "SE"), ("CN", "Alice Example"), ("1.3.6.1.4.1.32473.1", "golden")], about="An attribute of an unknown type.")
    user_cert("subject_hostile", subject=[("C", "SE"), ("CN", "alice,OU=Admins\\+\"<>;= \u202e")], about="Signs that a written name has to escape.")
    user_cert("names_twice", exts=[san(MAIL), san(("email", "bob@example.test"))], about="The extension of alternative names stands twice, which is not allowed.")
    user_cert("names_broken", exts=[ext("2.5.29.17", b"\x30\x20abc")], about="The extension cannot be read.")

    def at(cert, attribute_, values, about, tag="inferred", source=NOTE, **k):
        add("certificates/%s.test.pem" % cert, "certificate-attribute", tag, source, about, attribute=attribute_, values=values, **k)

    S = "subjectaltname-"
    at("plain", S + "emailaddress", ["alice@example.test"], "The documented attribute.", "documented", SEED)
    at("all", S + "emailaddress", ["alice@example.test"], "Among all kinds of names.", "documented", SEED)
    at("all", S + "upn", ["alice@ad.example.test"], "The principal name.")
    at("all", S + "dnsname", ["alice.example.test"], "The DNS name.")
    at("all", S + "uri", ["urn:golden:alice"], "The URI.")
    at("all", S + "golden", [], "A kind of name that nobody knows: no value, and said to be unknown.", "unknown", known=False)
    at("all", S, [], "Nothing behind the hyphen.", "unknown", known=False)
    at("all", "emailaddress", [], "Without the front part: that would be the subject's, which has none.", "unknown", known_also=False)
    for spelling in ("SubjectAltName-EmailAddress", "SUBJECTALTNAME-EMAILADDRESS", "subjectAltName-emailAddress"):
        at("plain", spelling, ["alice@example.test"], "Other letter case: names of attributes are compared without it.", "unknown")
    at("plain", " subjectaltname-emailaddress", ["alice@example.test"], "A space before the name.", "unknown", known_also=False, values_also=[])
    at("two_mails", S + "emailaddress", ["alice@example.test", "a.example@example.test"], "Both, in the certificate's order.")
    at("same_mail_twice", S + "emailaddress", ["alice@example.test"], "A value that comes twice counts once.", values_also=["alice@example.test", "alice@example.test"])
    at("mail_case", S + "emailaddress", ["Alice@Example.TEST"], "The value as it stands; comparing is another matter.")
    at("mails_case", S + "emailaddress", ["alice@example.test", "ALICE@EXAMPLE.TEST"], "Two values.")
    at("mail_empty", S + "emailaddress", [], "An empty value is none.")
    at("mail_empty_and_good", S + "emailaddress", ["alice@example.test"], "The empty one is passed over.")
    at("mail_space", S + "emailaddress", [" alice@example.test "], "Spaces are kept.")
    at("mail_nul", S + "emailaddress", ["alice@example.test\u0000.evil.example.org"], "The value is never cut at the zero octet.", values_also=[])
    at("mail_not_ascii", S + "emailaddress", [], "No usable value; the certificate stays readable.", "unknown", values_also=["älice@example.test"])
    at("mail_newline", S + "emailaddress", ["alice@example.test\n"], "The line feed is not trimmed.", values_also=[])
    at("mail_in_subject", S + "emailaddress", [], "The subject's address is another attribute.")
    at("mail_in_subject", "e", ["alice@example.test"], "The subject's address.")
    at("mail_in_both", S + "emailaddress", ["alice@example.test"], "Never mixed with the subject's.")
    at("mail_in_both", "e", ["alice.subject@example.test"], "Never mixed with the alternative name.")
    at("no_names", S + "emailaddress", [], "There is none.")
    at("no_names", S + "upn", [], "There is none.")
    at("upn_only", S + "upn", ["alice@ad.example.test"], "The principal name.")
    at("upn_only", S + "emailaddress", [], "A principal name is no address, though it looks like one.")
    at("upn_two", S + "upn", ["alice@ad.example.test", "alice@other.example.test"], "Both.")
    at("upn_ia5", S + "upn", ["alice@ad.example.test"], "Another kind of string.", "unknown", values_also=[])
    at("upn_unicode", S + "upn", ["älice@ad.example.test"], "Beyond ASCII.")
    at("upn_number", S + "upn", [], "No usable value.")
    at("upn_empty", S + "upn", [], "An empty value is none.")
    at("other_name", S + "upn", [], "Another otherName.")
    at("dns_two", S + "dnsname", ["alice.example.test", "*.example.test"], "The star is a character here.")
    at("uri_two", S + "uri", ["urn:golden:alice", "https://id.example.test/alice?x=1#y"], "Both, unchanged.")
    at("plain", "cn", ["Alice Example"], "The documented example of the user certificate method.", "documented", "Digital Access help: User Certificate")
    at("plain", "CN", ["Alice Example"], "In capitals.", "unknown")
    at("plain", "serialnumber", ["198001019999"], "The subject's attribute, not the certificate's number.")
    at("plain", "uid", ["alice"], "The user id.")
    at("plain", "o", ["Example"], "The organisation.")
    at("plain", "ou", ["Users"], "The unit.")
    at("plain", "c", ["SE"], "The country.")
    at("plain", "l", [], "Not there.")
    at("plain", "golden", [], "A name that nobody knows.", "unknown", known=False)
    at("plain", "", [], "No name.", "unknown", known=False)
    at("subject_repeated", "cn", ["Alice", "Alice Example"], "Both, in the order of the encoding.")
    at("subject_repeated", "ou", ["Users", "Helsinki"], "Both.")
    at("subject_multi_valued", "cn", ["Alice Example"], "From an RDN with two attributes.")
    at("subject_multi_valued", "serialnumber", ["0001"], "The other of the two.")
    at("subject_types", "o", ["Exämple"], "BMPString.")
    at("subject_types", "ou", ["Users"], "T61String.", "unknown", values_also=[])
    at("subject_types", "cn", ["Alice Example"], "PrintableString.")
    at("subject_types", "l", ["Zürich"], "UTF8String.")
    at("subject_types", "st", ["Example State"], "IA5String, which is not foreseen here.", "unknown", values_also=[])
    at("subject_empty_value", "cn", [], "An empty value is none.")
    at("subject_empty", "cn", [], "There is no subject.")
    at("subject_empty", S + "emailaddress", ["alice@example.test"], "The extension is critical then.")
    for a, v in (("st", "Uusimaa"), ("l", "Example Town"), ("organizationidentifier", "16556000-0000"), ("title", "Engineer"), ("givenname", "Alice"), ("surname", "Example"), ("sn", "Example"), ("e", "alice@example.test")):
        at("subject_many", a, [v], "The subject's %s." % a, "inferred" if a in ("e", "l", "st") else "unknown", known_also=False if a not in ("e", "l", "st") else None)
    at("subject_many", "dc", ["example", "test"], "Both parts.", "unknown", known_also=False)
    at("subject_unknown", "cn", ["Alice Example"], "Beside an attribute of an unknown type.")
    at("subject_hostile", "cn", ["alice,OU=Admins\\+\"<>;= \u202e"], "The value itself, not its escaped form.")
    at("subject_hostile", "ou", [], "What looks like another attribute is none.")
    at("names_twice", S + "emailaddress", [], "Neither counts, or the certificate is refused.", "unknown", certificate="refuse-too")
    at("names_broken", S + "emailaddress", [], "No value, or the certificate is refused.", "unknown", certificate="refuse-too")


# ---------------------------------------------------------------- mapping
def make_mapping():
    U = lambda i, **a: {"id": i, "attributes": {k: v if isinstance(v, list) else [v] for k, v in a.items()}}
    alice, bob = U("alice", mail="alice@example.test", uid="alice"), U("bob", mail="bob@example.test", uid="bob")

    def m(file, about, cert, users, outcome, reason=None, typed=None, user_attribute="mail", certificate_attribute="subjectaltname-emailaddress", ignore_case=False, tag="inferred", **k):
        d = {"certificate": "../certificates/%s.test.pem" % cert, "certificate_attribute": certificate_attribute, "user_attribute": user_attribute, "users": users}
        if typed is not None:
            d["typed_user"] = typed
        if ignore_case:
            d["ignore_case"] = True
        add("mapping/%s%s.json" % ("bad_" if outcome == "refuse" else "", file), "mapping", tag, "protocol notes digital-access 4.5, row 6", about, json.dumps(d, indent=2, ensure_ascii=False) + "\n", outcome=outcome,
            reason=reason, **k)

    R = "refuse"
    m("one", "Exactly one user has the value.", "plain", [alice, bob], "alice", tag="documented")
    m("several_addresses", "The user has several addresses, one of them fits.", "plain", [U("alice", mail=["a@example.test", "alice@example.test"]), bob], "alice")
    m("two_values_one_user", "Two values in the certificate, both of one user.", "two_mails", [U("alice", mail=["alice@example.test", "a.example@example.test"]), bob], "alice")
    m("two_values_one_known", "Two values, one of them nobody's.", "two_mails", [alice, bob], "alice")
    m("same_value_twice", "One value twice.", "same_mail_twice", [alice, bob], "alice")
    m("same_user_twice", "The storage lists one user twice, by the same id.", "plain", [alice, alice], "alice", tag="unknown", outcome_also=["refuse"])
    m("typed_same", "The typed user is the one.", "plain", [alice, bob], "alice", typed="alice", tag="documented")
    m("upn", "By principal name.", "upn_only", [U("alice", userPrincipalName="alice@ad.example.test")], "alice", user_attribute="userPrincipalName", certificate_attribute="subjectaltname-upn")
    m("cn", "By common name.", "plain", [U("alice", cn="Alice Example"), bob], "alice", user_attribute="cn", certificate_attribute="cn")
    m("serial", "By the subject's serial number, into an attribute of the directory's own.", "plain", [U("alice", employeeNumber="198001019999")], "alice", user_attribute="employeeNumber", certificate_attribute="serialnumber")
    m("user_attribute_case", "The storage writes the attribute's name in other letter case.", "plain", [U("alice", Mail="alice@example.test")], "alice", tag="unknown", outcome_also=["refuse"])
    m("case_ignored", "Letter case differs, and a setting says that it does not matter.", "mail_case", [alice, bob], "alice", ignore_case=True, tag="unknown")
    m("cases_ignored_one_user", "Two letter cases of one address, one user.", "mails_case", [alice, bob], "alice", ignore_case=True, tag="unknown")
    m("typed_case_ignored", "The typed user in other letter case, and a setting says that it does not matter.", "plain", [alice, bob], "alice", typed="ALICE", ignore_case=True, tag="unknown")
    m("none", "No user has the value.", "plain", [bob], R, "no-user", tag="documented")
    m("no_users", "There are no users.", "plain", [], R, "no-user")
    m("two", "Two users have the value.", "plain", [alice, U("alice2", mail="alice@example.test")], R, "several-users")
    m("two_one_typed", "Two users have the value, one of them was typed: the value must name exactly one.", "plain", [alice, U("alice2", mail="alice@example.test")], R, "several-users", typed="alice",
      outcome_also=["alice"], tag="unknown")
    m("two_values_two_users", "Two values, each of another user.", "two_mails", [alice, U("other", mail="a.example@example.test")], R, "several-users")
    m("two_values_two_users_typed", "The same, and one of the two was typed.", "two_mails", [alice, U("other", mail="a.example@example.test")], R, "several-users", typed="alice", tag="unknown", outcome_also=["alice"])
    m("typed_differs", "Another user was typed.", "plain", [alice, bob], R, "typed-user-differs", typed="bob", tag="documented")
    m("typed_unknown", "A user was typed whom nobody knows.", "plain", [alice, bob], R, "typed-user-differs", typed="carol")
    m("typed_case", "The typed user in other letter case.", "plain", [alice, bob], R, "typed-user-differs", typed="ALICE", outcome_also=["alice"], tag="unknown")
    m("typed_mail", "The typed name is the address, not the id.", "plain", [alice, bob], R, "typed-user-differs", typed="alice@example.test", tag="unknown")
    m("typed_space", "The typed user with a space behind.", "plain", [alice, bob], R, "typed-user-differs", typed="alice ", outcome_also=["alice"], tag="unknown")
    m("case", "Letter case differs: octets are compared.", "mail_case", [alice, bob], R, "no-user", tag="unknown")
    m("case_ignored_two_users", "Two users whose addresses differ in letter case only, and letter case does not matter.", "mail_case", [alice, U("alice2", mail="ALICE@example.test")], R, "several-users", ignore_case=True, tag="unknown")
    m("no_value", "The certificate has no such value.", "no_names", [alice, bob], R, "no-value")
    m("empty_value", "The certificate's value is empty, and a user's is empty too.", "mail_empty", [U("eve", mail=""), alice], R, "no-value")
    m("empty_user_value", "A user without a value is nobody's match.", "no_names", [U("eve", mail=[]), U("mallory")], R, "no-value")
    m("attribute_unknown", "The certificate attribute is unknown.", "plain", [alice], R, "no-value", certificate_attribute="golden", tag="unknown")
    m("prefix", "The user's value is the beginning of the certificate's.", "plain", [U("eve", mail="alice@example")], R, "no-user")
    m("longer", "The user's value is longer.", "plain", [U("eve", mail="alice@example.test.evil.example.org")], R, "no-user")
    m("nul", "A zero octet in the certificate's value: not cut there.", "mail_nul", [alice], R, "no-user", reason_also="no-value")
    m("space", "Spaces around the certificate's value: not trimmed.", "mail_space", [alice], R, "no-user")
    m("newline", "A line feed behind the certificate's value.", "mail_newline", [alice], R, "no-user", reason_also="no-value")
    m("star", "The certificate's value has a star, which is not a pattern.", "dns_two", [U("eve", host="bob.example.test")], R, "no-user", user_attribute="host", certificate_attribute="subjectaltname-dnsname")
    m("user_star", "The user's value is a star.", "plain", [U("eve", mail="*")], R, "no-user")
    m("injection", "The certificate's value has signs of a directory query: they are text.", "subject_hostile", [U("alice", cn="alice"), U("eve", cn="*")], R, "no-user", user_attribute="cn", certificate_attribute="cn")
    m("unicode_form", "The same letters in composed and decomposed form are different octets.", "upn_unicode", [U("alice", userPrincipalName="a\u0308lice@ad.example.test")], R, "no-user", user_attribute="userPrincipalName",
      certificate_attribute="subjectaltname-upn", tag="unknown")
    m("other_attribute", "The value stands in another attribute of the user.", "plain", [U("alice", proxyAddresses="alice@example.test")], R, "no-user")
    m("subject_mail", "The address stands in the subject, the alternative name was asked for.", "mail_in_subject", [alice], R, "no-value")
    m("other_user", "The certificate is another user's, and nobody typed a name: it is that user.", "other_mail", [alice, bob], "bob", tag="documented")


def make():
    for root, _, files in os.walk(HERE):
        for f in files:
            if f.endswith((".toml", ".json", ".test.pem")):
                os.remove(os.path.join(root, f))
    make_methods()
    make_lists()
    make_certificates()
    make_mapping()
    names = [r["file"] for r in ROWS if r["kind"] != "certificate-attribute"]
    assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
    write_index(HERE, """# Personal Mobile and Personal Desktop as authentication methods: settings, certificate attributes, mapping to a user.
# Written by make_personal.py; do not edit by hand. The fields are explained in ../README.md.
# The settings and their rules are documented; the form of the documents (TOML and JSON, names of the members) is ours.
""", ROWS)
    from collections import Counter
    print(len(ROWS), Counter(r["kind"] for r in ROWS))


def check():
    import tomllib

    from cryptography import x509
    for r in ROWS:
        path = os.path.join(HERE, r["file"])
        if r["kind"] in ("method", "methods") and r["file"].endswith(".toml") and r["read"] == "ok":
            with open(path, "rb") as fh:
                d = tomllib.load(fh)
            if r["file"].replace(".toml", ".json") in [x["file"] for x in ROWS]:
                with open(path.replace(".toml", ".json"), "rb") as fh:
                    assert json.load(fh) == d, r["file"]
        if r["kind"] == "certificate-attribute":
            try:
                c = x509.load_pem_x509_certificate(open(path, "rb").read())
                got = None
                a = r["attribute"].lower().strip()
                if a.startswith("subjectaltname-"):
                    try:
                        names = c.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                        kind = {"emailaddress": x509.RFC822Name, "dnsname": x509.DNSName, "uri": x509.UniformResourceIdentifier}.get(a[15:])
                        got = names.get_values_for_type(kind) if kind else None
                        if a[15:] == "upn":
                            got = [n.value[2:].decode() for n in names.get_values_for_type(x509.OtherName) if n.type_id.dotted_string == "1.3.6.1.4.1.311.20.2.3"]
                    except x509.ExtensionNotFound:
                        got = []
                elif a.upper() in ATTR:
                    got = [x.value for x in c.subject.get_attributes_for_oid(x509.ObjectIdentifier(ATTR[a.upper()]))]
                if got is not None and [g for g in got if g] != r["values"]:
                    print(r["file"], r["attribute"], "cryptography says", got, "we", r["values"], r.get("values_also"))
            except Exception as e:  # noqa: BLE001
                print(r["file"], r["attribute"], "cryptography:", type(e).__name__, str(e)[:80], "we", r["values"])


if __name__ == "__main__":
    make()
    if "--check" in sys.argv:
        check()
