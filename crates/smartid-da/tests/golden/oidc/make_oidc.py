#!/usr/bin/env python3
"""Makes the OpenID Connect fixtures of this directory: issuers, discovery, authorization requests, callbacks, token answers, ID tokens, user info.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install cryptography jwcrypto
    /tmp/venv/bin/python make_oidc.py            # writes everything; keys come from fixed seeds
    /tmp/venv/bin/python make_oidc.py --check    # has the signatures judged by jwcrypto
"""

import calendar
import hmac
import os
import sys
from datetime import datetime
from urllib.parse import quote, quote_plus, urlencode

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "making"))
from common import *  # noqa: E402,F403

ISS = "https://login.example.test"
CLIENT = "golden-client"
NONCE = "n-0S6_WzA2Mj"
STATE = "af0ifjsldkj-GOLDEN"
REDIRECT = "https://app.example.test/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
NOW_TEXT = "2026-03-01T10:00:00Z"
NOW = calendar.timegm(datetime(2026, 3, 1, 10).timetuple())
OP = "Set up Digital Access component as OpenID provider"
CORE = "OpenID Connect Core 1.0"
DISC = "OpenID Connect Discovery 1.0"
ROWS = []


def add(file, kind, tag, source, about, data=None, **k):
    if data is not None:
        write(HERE, file, data)
    ROWS.append(dict(file=file, kind=kind, tag=tag, source=source, about=about, **k))


def http(first, headers=(), body=""):
    if isinstance(body, (dict, list)):
        body = json.dumps(body, indent=2, ensure_ascii=False)
    return first + "\n" + "".join(h + "\n" for h in headers) + "\n" + body


# ---------------------------------------------------------------- issuers
def make_issuers():
    n = 0

    def issuer(text, about, ok=True, tag="documented", source=OP, also=None, reason=None):
        nonlocal n
        n += 1
        file = "issuers/%s%02d.txt" % ("" if ok else "bad_", n)
        add(file, "issuer", tag, source, about, text, issuer=text, outcome="accept" if ok else "refuse", outcome_also=also, reason=reason,
            discovery=text + "/.well-known/openid-configuration" if ok else None)

    issuer(ISS, "The plain form: https, a DNS name, no slash at the end.")
    issuer("https://login.example.test:8443", "With a port.", tag="inferred")
    issuer("https://login.example.test/oidc", "With a path: allowed by the standard, the vendor page speaks of a DNS name only.", tag="inferred", source=DISC + ", 4.1", also=["refuse"])
    issuer("https://login.example.test/https/api/rest/v3.0/oauth2", "With a deep path: the well-known part goes behind it.", tag="inferred", source=DISC + ", 4.1", also=["refuse"])
    issuer("https://xn--lgin-6qa.example.test", "An international name in its ASCII form.", tag="inferred")
    issuer("https://LOGIN.example.test", "Capital letters in the host: the string is kept as it is, since issuers are compared as strings.", tag="inferred")
    issuer("https://login.example.test:443", "The port that goes without saying: another string than without it.", tag="inferred")
    issuer("https://a-b.c1.example.test", "Hyphen and digit.", tag="inferred")
    issuer("https://localhost", "A name without a dot.", tag="inferred")
    n = 0

    def bad(text, about, reason, also=None, tag="documented", source=OP):
        issuer(text, about, False, tag, source, also, reason)

    bad("https://login.example.test/", "A slash at the end.", "trailing-slash")
    bad("https://login.example.test/oidc/", "A slash at the end of a path.", "trailing-slash")
    bad("https://login.example.test//", "Two slashes at the end.", "trailing-slash")
    bad("http://login.example.test", "Plain http.", "scheme")
    bad("login.example.test", "No scheme.", "scheme")
    bad("ftp://login.example.test", "Another scheme.", "scheme")
    bad("HTTPS://login.example.test", "The scheme in capitals: it has to start with https://.", "scheme", ["accept"], "inferred")
    bad("https:/login.example.test", "One slash behind the scheme.", "scheme", tag="inferred")
    bad("https:login.example.test", "No slash behind the scheme.", "scheme", tag="inferred")
    bad("https:\\\\login.example.test", "Backslashes, which some parsers take for slashes.", "scheme", tag="inferred")
    bad("https://", "No host.", "host", tag="inferred")
    bad("https:///oidc", "An empty host.", "host", tag="inferred")
    bad("https://:8443", "A port without a host.", "host", tag="inferred")
    bad("https://login.example.test?tenant=1", "A query.", "query", source=DISC + ", 3")
    bad("https://login.example.test?", "An empty query.", "query", source=DISC + ", 3")
    bad("https://login.example.test#x", "A fragment.", "fragment", source=DISC + ", 3")
    bad("https://login.example.test#", "An empty fragment.", "fragment", source=DISC + ", 3")
    bad("https://alice@login.example.test", "User information.", "user-information", tag="inferred")
    bad("https://alice:pw@login.example.test", "User information with a password.", "user-information", tag="inferred")
    bad("https://login.example.test@evil.example.org", "A host that stands where the user belongs.", "user-information", tag="inferred")
    bad("https://192.0.2.1", "An address, not a DNS name.", "host", ["accept"])
    bad("https://[2001:db8::1]", "An IPv6 address, not a DNS name.", "host", ["accept"])
    bad("https://*.example.test", "A star.", "host", tag="inferred")
    bad("https://login_.example.test/", "A slash at the end, and a sign that is in no DNS name.", "trailing-slash", tag="inferred")
    bad("https://l\u00f6gin.example.test", "Letters beyond ASCII, not in their ASCII form.", "host", ["accept"], "inferred")
    bad("https://login.example.test.", "A dot at the end of the host.", "host", ["accept"], "inferred")
    bad("https://login..example.test", "Two dots.", "host", tag="inferred")
    bad("https://login.example.test:0", "Port 0.", "port", tag="inferred")
    bad("https://login.example.test:65536", "A port that is none.", "port", tag="inferred")
    bad("https://login.example.test:", "A colon without a port.", "port", ["accept"], "inferred")
    bad("https://login.example.test:8443x", "A port with a letter.", "port", tag="inferred")
    bad("https://login.example.test/oidc/../x", "Two dots in the path, which parsers resolve.", "path", tag="inferred")
    bad("https://login.example.test/o idc", "A space.", "characters", tag="inferred")
    bad(" https://login.example.test", "A space before.", "characters", tag="inferred")
    bad("https://login.example.test\n", "A line feed behind.", "characters", tag="inferred")
    bad("https://login.example\t.test", "A tabulator within, which parsers take out.", "characters", tag="inferred")
    bad("https://login.example.test/%zz", "A percent sign that begins no escape.", "characters", ["accept"], "inferred")
    bad("https://" + "a" * 64 + ".example.test", "A label of 64 characters.", "host", ["accept"], "inferred")
    bad("", "Nothing.", "scheme", tag="inferred")


# ---------------------------------------------------------------- discovery
def metadata(**over):
    d = {
        "issuer": ISS,
        "authorization_endpoint": ISS + "/https/api/rest/v3.0/oauth2/authorize",
        "token_endpoint": ISS + "/https/api/rest/v3.0/oauth2/token",
        "userinfo_endpoint": ISS + "/https/api/rest/v3.0/oauth2/userinfo",
        "jwks_uri": ISS + "/https/api/rest/v3.0/oauth2/jwks",
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code", "id_token", "id_token token"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "tls_client_auth"],
        "claims_supported": ["sub", "name", "email"],
    }
    for k, v in over.items():
        if v is None:
            d.pop(k, None)
        else:
            d[k] = v
    return d


def make_discovery():
    add("discovery/request.http", "request", "inferred", DISC + ", 4.1", "Where the document is asked for.",
        http("GET /.well-known/openid-configuration HTTP/1.1", ["Host: login.example.test", "Accept: application/json"]), call={"operation": "discovery", "issuer": ISS})
    add("discovery/request_path.http", "request", "inferred", DISC + ", 4.1", "The same for an issuer with a path: the well-known part stands at the end, not at the root.",
        http("GET /oidc/.well-known/openid-configuration HTTP/1.1", ["Host: login.example.test", "Accept: application/json"]),
        call={"operation": "discovery", "issuer": ISS + "/oidc"})
    J = ["Content-Type: application/json"]

    def disc(file, about, body, outcome="accept", status=200, headers=J, tag="inferred", source=DISC + ", 3", reason=None, issuer=ISS, **k):
        phrase = {200: "OK", 302: "Found", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}[status]
        add("discovery/%s%s.http" % ("bad_" if outcome == "refuse" else "", file), "discovery", tag, source, about, http("HTTP/1.1 %d %s" % (status, phrase), headers, body),
            issuer=issuer, status=status, outcome=outcome, reason=reason, **k)

    disc("full", "All members that Digital Access is likely to send.", metadata(), pkce="unknown", client_authentication=["basic", "body", "certificate"])
    disc("minimal", "The required members only; client authentication is Basic where nothing is said.",
         {k: v for k, v in metadata().items() if k in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported", "subject_types_supported",
                                                       "id_token_signing_alg_values_supported")}, pkce="unknown", client_authentication=["basic"])
    disc("pkce", "PKCE with S256 is offered.", metadata(code_challenge_methods_supported=["plain", "S256"]), source="RFC 8414, 2", pkce="S256")
    disc("pkce_plain", "PKCE with plain only: we send S256 or none, never plain.", metadata(code_challenge_methods_supported=["plain"]), source="RFC 8414, 2", pkce="none")
    disc("iss_parameter", "The callback will carry iss.", metadata(authorization_response_iss_parameter_supported=True), source="RFC 9207, 3", callback_iss="required")
    disc("acr", "acr values are named.", metadata(acr_values_supported=["urn:golden:personal-mobile", "urn:golden:personal-desktop"]),
         acr=["urn:golden:personal-mobile", "urn:golden:personal-desktop"])
    disc("post_only", "Client authentication in the body only.", metadata(token_endpoint_auth_methods_supported=["client_secret_post"]), client_authentication=["body"])
    disc("tls_only", "Client authentication by certificate only, with endpoints of its own for it.",
         metadata(token_endpoint_auth_methods_supported=["tls_client_auth"], mtls_endpoint_aliases={"token_endpoint": "https://mtls.example.test/token"}), source="RFC 8705, 5",
         client_authentication=["certificate"], token_endpoint_mtls="https://mtls.example.test/token")
    disc("auth_unknown", "Client authentication in ways we do not have.", metadata(token_endpoint_auth_methods_supported=["private_key_jwt", "golden_auth"]),
         client_authentication=[], lint=["client-authentication"])
    disc("algorithms", "Several signature algorithms.", metadata(id_token_signing_alg_values_supported=["RS256", "ES256", "PS256", "HS256", "none", "GOLD1"]),
         algorithms=["RS256", "ES256", "PS256"])
    disc("no_userinfo", "No user info endpoint.", metadata(userinfo_endpoint=None))
    disc("unknown_members", "Members that nobody knows.", metadata(x_golden={"a": [1, None]}, service_documentation="https://doc.example.test"))
    disc("other_port", "Endpoints on another port of the same host.", metadata(token_endpoint="https://login.example.test:8443/token"), lint=["other-host"])
    disc("endpoint_query", "The authorization endpoint has a query of its own.", metadata(authorization_endpoint=ISS + "/authorize?tenant=1"))
    disc("charset", "Content type with charset.", metadata(), headers=["Content-Type: application/json;charset=UTF-8"])
    disc("content_type_missing", "No content type.", metadata(), headers=[], tag="unknown", outcome_also=["refuse"])
    disc("issuer_path", "The issuer has a path.", metadata(issuer=ISS + "/oidc"), issuer=ISS + "/oidc")
    disc("nulls", "Optional members are null.", {**metadata(), "userinfo_endpoint": None, "acr_values_supported": None, "code_challenge_methods_supported": None}, tag="unknown")
    for which in ("token_endpoint", "authorization_endpoint", "jwks_uri", "userinfo_endpoint"):
        disc("other_host_" + which, "%s is on another host: the standard allows it, Digital Access derives all of them from the issuer. Taken with a remark, unless a setting forbids it." % which,
             metadata(**{which: "https://other.example.org/x"}), lint=["other-host"], outcome_also=["refuse"])
    R = "refuse"
    disc("issuer_other", "The document is of another issuer.", metadata(issuer="https://evil.example.org"), R, reason="issuer", source=DISC + ", 4.3", tag="documented")
    disc("issuer_slash", "The document says the issuer with a slash at the end.", metadata(issuer=ISS + "/"), R, reason="issuer", source=DISC + ", 4.3", tag="documented")
    disc("issuer_case", "The document says the host in capitals.", metadata(issuer="https://LOGIN.example.test"), R, reason="issuer", source=DISC + ", 4.3", tag="documented")
    disc("issuer_port", "The document says the port that goes without saying.", metadata(issuer=ISS + ":443"), R, reason="issuer", source=DISC + ", 4.3", tag="documented")
    disc("issuer_http", "The document says http.", metadata(issuer="http://login.example.test"), R, reason="issuer", source=DISC + ", 4.3", tag="documented")
    disc("issuer_space", "A space behind the issuer.", metadata(issuer=ISS + " "), R, reason="issuer", source=DISC + ", 4.3")
    disc("issuer_missing", "No issuer.", metadata(issuer=None), R, reason="member", tag="documented")
    disc("issuer_array", "The issuer is an array.", metadata(issuer=[ISS]), R, reason="member")
    disc("issuer_twice", "Two issuer members, the right one last.", compact(metadata()).replace('{"issuer"', '{"issuer":"https://evil.example.org","issuer"', 1), R, reason="duplicate", tag="unknown")
    for which in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        disc(which + "_missing", "No %s." % which, metadata(**{which: None}), R, reason="member", tag="documented")
    for which in ("response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"):
        disc(which + "_missing", "No %s, which the standard requires." % which, metadata(**{which: None}), R, reason="member", outcome_also=["accept"], tag="documented")
    for which in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        disc(which + "_http", "%s is plain http." % which, metadata(**{which: "http://login.example.test/x"}), R, reason="endpoint", tag="documented")
    disc("endpoint_relative", "A relative endpoint.", metadata(token_endpoint="/https/api/rest/v3.0/oauth2/token"), R, reason="endpoint")
    disc("endpoint_script", "The authorization endpoint is a script.", metadata(authorization_endpoint="javascript:alert(1)"), R, reason="endpoint", tag="unknown")
    disc("endpoint_user", "User information in an endpoint.", metadata(token_endpoint="https://login.example.test@evil.example.org/token"), R, reason="endpoint", tag="unknown")
    disc("endpoint_fragment", "A fragment in the authorization endpoint.", metadata(authorization_endpoint=ISS + "/authorize#x"), R, reason="endpoint", source="RFC 6749, 3.1")
    disc("endpoint_number", "An endpoint is a number.", metadata(token_endpoint=1), R, reason="member", tag="unknown")
    disc("no_code", "The code flow is not among the response types.", metadata(response_types_supported=["id_token", "id_token token"]), R, reason="response-type")
    disc("only_none", "ID tokens are not signed.", metadata(id_token_signing_alg_values_supported=["none"]), R, reason="algorithm")
    disc("only_hs256", "ID tokens are signed with the client's secret only.", metadata(id_token_signing_alg_values_supported=["HS256"]), R, reason="algorithm", tag="unknown")
    disc("array", "The document is an array.", [metadata()], R, reason="body", tag="unknown")
    disc("truncated", "The document ends in its middle.", compact(metadata())[:200], R, reason="body", tag="unknown")
    disc("html", "A login page with status 200.", "<!DOCTYPE html><html><body>login</body></html>", R, headers=["Content-Type: text/html"], reason="body", tag="inferred")
    disc("redirect", "A redirect to a login page: not followed.", "", R, 302, ["Location: https://login.example.test/wa/auth?authmech=Login"], reason="status",
         location="https://login.example.test/wa/auth?authmech=Login")
    disc("redirect_elsewhere", "A redirect to a document elsewhere: not followed, another host would be the issuer.", "", R, 302,
         ["Location: https://evil.example.org/.well-known/openid-configuration"], reason="status", location="https://evil.example.org/.well-known/openid-configuration", tag="unknown")
    disc("404", "OpenID Connect is not enabled.", "", R, 404, [], reason="status")
    disc("401", "An access rule stands before the document.", "", R, 401, ["WWW-Authenticate: Bearer"], reason="status", tag="unknown")
    disc("503", "Not available.", "", R, 503, ["Retry-After: 5"], reason="status", retry="later", retry_after_seconds=5)
    disc("deep", "A member nests ten thousand arrays.", compact(metadata())[:-1] + ',"x":' + "[" * 10000 + "]" * 10000 + "}", R, reason="body", outcome_also=["accept"], tag="unknown")
    disc("huge_list", "scopes_supported has twenty thousand entries, and nothing else is there.", '{"scopes_supported":[' + ",".join(["1"] * 20000) + "]}", R, reason="body", tag="unknown")


# ---------------------------------------------------------------- authorization requests
def make_authorize():
    endpoint = ISS + "/https/api/rest/v3.0/oauth2/authorize"
    challenge = b64u(sha256(VERIFIER.encode()))
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    def url(file, about, tag="inferred", source=CORE + ", 3.1.2.1", scope=("openid",), redirect=REDIRECT, state=STATE, nonce=NONCE, pkce=True, base=endpoint, more=(), front=None,
            client=CLIENT, refuse=None, reason=None, call_more=None):
        ps = [("response_type", "code"), ("client_id", client), ("redirect_uri", redirect), ("scope", " ".join(scope)), ("state", state), ("nonce", nonce)]
        if pkce:
            ps += [("code_challenge", challenge), ("code_challenge_method", "S256")]
        ps += list(more)
        text = base + ("&" if "?" in base else "?") + urlencode(ps, quote_via=quote, safe="")
        if front:
            text = front[0] + "/wa/auth?authmech=" + quote(front[1], safe="") + "&location=" + quote(text, safe="")
        call = {"authorization_endpoint": base, "client_id": client, "redirect_uri": redirect, "scope": list(scope), "state": state, "nonce": nonce}
        if pkce:
            call["code_verifier"] = VERIFIER
        for k, v in more:
            call[k] = v.split(" ") if k in ("acr_values", "ui_locales") else v
        if front:
            call["access_point"], call["authmech"] = front
        call.update(call_more or {})
        add("authorize/%s%s.txt" % ("bad_" if refuse else "", file), "authorization-request", tag, source, about, text, call=call, refuse=refuse, reason=reason, secrets=[VERIFIER])

    url("plain", "Code flow with state, nonce and PKCE (verifier and challenge of RFC 7636, appendix B).", source=CORE + ", 3.1.2.1; RFC 7636, 4.3")
    url("without_pkce", "A server that refuses unknown parameters: PKCE is left away where a setting says so. State and nonce never are.", pkce=False)
    url("scopes", "Further scopes.", scope=("openid", "profile", "email"))
    url("acr", "Asking for a method by acr_values.", more=[("acr_values", "urn:golden:personal-mobile")])
    url("acr_two", "Two acr values in order of preference.", more=[("acr_values", "urn:golden:personal-mobile urn:golden:personal-desktop")])
    url("acr_parallel", "The values that another vendor's service uses for the same kind of login.", more=[("acr_values", "nexus_sign")], tag="documented",
        source="public documentation of a national identity service, not of Digital Access")
    url("prompt", "A fresh login.", more=[("prompt", "login"), ("max_age", "0")])
    url("login_hint", "A hint at the user.", more=[("login_hint", "alice+golden@example.test")])
    url("ui_locales", "Languages.", more=[("ui_locales", "sv en")])
    url("redirect_query", "The redirect address has a query of its own.", redirect=REDIRECT + "?tenant=1&x=a%20b")
    url("redirect_port", "The redirect address has a port.", redirect="https://app.example.test:8443/callback")
    url("redirect_loopback", "A native application: http on the loopback address.", redirect="http://127.0.0.1:49152/callback", source="RFC 8252, 7.3")
    url("endpoint_query", "The authorization endpoint has a query of its own, which stays.", base=ISS + "/authorize?tenant=1", source="RFC 6749, 3.1")
    url("state_special", "State and nonce with characters that need encoding.", state="a/b+c=d&e f", nonce="n+/=%")
    url("client_special", "A client id with characters that need encoding.", client="golden:client&x=1")
    url("front_door", "Entry through a method's login page; the authorize address is encoded once more within it.", front=(ISS, "Personal Mobile"),
        source="protocol notes digital-access 3.3, 6.2")
    url("front_door_id", "Entry with the method's generated id.", front=(ISS, "a1b2c3d4e5f6"), source="protocol notes digital-access 3.3", tag="observed")
    url("front_door_encoding", "A display name with space, ampersand, plus, percent and letters beyond ASCII.", front=(ISS, "Personal & Skrivbord+100% på åländska"),
        source="protocol notes digital-access 3.3, 6.2")
    url("front_door_acr", "Both ways at once.", front=(ISS, "Personal Mobile"), more=[("acr_values", "urn:golden:personal-mobile")], source="protocol notes digital-access 6.2")
    B = dict(refuse=True)
    url("no_openid", "The scope openid is missing: it is added, or the request refused; never sent without.", scope=("profile",), reason="scope", **B)
    url("scope_space", "A scope with a space within.", scope=("openid", "pro file"), reason="scope", **B)
    url("state_empty", "An empty state.", state="", reason="state", **B)
    url("nonce_empty", "An empty nonce.", nonce="", reason="nonce", **B)
    url("redirect_http", "A redirect address over plain http that is not the loopback.", redirect="http://app.example.test/callback", reason="redirect-uri", **B)
    url("redirect_fragment", "A redirect address with a fragment.", redirect=REDIRECT + "#x", reason="redirect-uri", source="RFC 6749, 3.1.2", **B)
    url("redirect_relative", "A relative redirect address.", redirect="/callback", reason="redirect-uri", source="RFC 6749, 3.1.2", **B)
    url("acr_space", "An acr value with a space within would be two.", more=[("acr_values", "urn:golden personal")], call_more={"acr_values": ["urn:golden personal"]}, reason="acr", **B)
    url("verifier_short", "A code verifier of 42 characters.", call_more={"code_verifier": VERIFIER[:42]}, reason="code-verifier", source="RFC 7636, 4.1", **B)
    url("verifier_characters", "A code verifier with a plus sign.", call_more={"code_verifier": VERIFIER[:-1] + "+"}, reason="code-verifier", source="RFC 7636, 4.1", **B)
    url("verifier_long", "A code verifier of 129 characters.", call_more={"code_verifier": "a" * 129}, reason="code-verifier", source="RFC 7636, 4.1", **B)
    url("client_empty", "No client id.", client="", reason="client-id", **B)
    url("authmech_empty", "An empty display name.", front=(ISS, ""), reason="authmech", **B)


# ---------------------------------------------------------------- callbacks
def make_callbacks():
    def cb(file, about, query, outcome="code", tag="inferred", source=CORE + ", 3.1.2.5", method="GET", issuer=ISS, iss="optional", reason=None, raw=None, **k):
        q = query if query is None or isinstance(query, str) else urlencode(query, quote_via=quote, safe="")
        if method == "GET":
            text = http("GET /callback%s HTTP/1.1" % ("?" + q if q is not None else ""), ["Host: app.example.test"])
        else:
            text = http("POST /callback HTTP/1.1", ["Host: app.example.test", "Content-Type: application/x-www-form-urlencoded"], q)
        add("callbacks/%s%s.http" % ("bad_" if outcome == "refuse" else "", file), "callback", tag, source, about, text, state=STATE, issuer=issuer, callback_iss=iss,
            outcome=outcome, reason=reason, **k)

    C = dict(code="SplxlOBeZQQYbYS6WxSbIA", secrets=["SplxlOBeZQQYbYS6WxSbIA"])
    code, st = ("code", "SplxlOBeZQQYbYS6WxSbIA"), ("state", STATE)
    cb("code", "Code and state.", [code, st], **C)
    cb("other_order", "State before code.", [st, code], **C)
    cb("iss", "With iss, as the standard for it says.", [code, st, ("iss", ISS)], source="RFC 9207, 2", **C)
    cb("iss_required", "The issuer said it would send iss, and does.", [code, st, ("iss", ISS)], iss="required", source="RFC 9207, 2", **C)
    cb("session_state", "With session_state, which is passed over.", [code, st, ("session_state", "abc.def")], source="OpenID Connect Session Management 1.0", **C)
    cb("unknown_parameters", "Parameters that nobody knows.", [code, st, ("x", "1"), ("y", "a b"), ("x", "2")], tag="unknown", **C)
    cb("code_encoded", "A code with characters that had to be encoded; + is a space in a query.", "code=a%2Fb%2Bc%3D%3D+d&state=" + STATE, code="a/b+c== d", secrets=["a/b+c=="])
    cb("code_long", "A code of four thousand characters.", [("code", "a" * 4000), st], code_length=4000)
    cb("form_post", "By POST, as of response_mode form_post: only where it was asked for.", [code, st], method="POST", outcome_also=["refuse"], source="OAuth 2.0 Form Post Response Mode", tag="unknown", **C)
    E = dict(outcome="error", source="RFC 6749, 4.1.2.1", tag="documented")
    cb("error_access_denied", "The user or the server said no.", [("error", "access_denied"), st], error="access_denied", **E)
    cb("error_description", "With a description.", [("error", "invalid_request"), ("error_description", "Unsupported response_type value"), st], error="invalid_request",
       description="Unsupported response_type value", **E)
    cb("error_login_required", "prompt=none did not work.", [("error", "login_required"), st], error="login_required", outcome="error", source=CORE + ", 3.1.2.6", tag="documented")
    cb("error_iss", "An error with iss.", [("error", "access_denied"), st, ("iss", ISS)], error="access_denied", iss="required", outcome="error", source="RFC 9207, 2", tag="documented")
    cb("error_unknown", "A code of the server's own.", [("error", "golden_error"), st], error="golden_error", outcome="error", tag="inferred")
    cb("error_server", "The server failed.", [("error", "server_error"), st], error="server_error", retry="later", **E)
    cb("error_unavailable", "Try later.", [("error", "temporarily_unavailable"), st], error="temporarily_unavailable", retry="later", **E)
    cb("error_description_hostile", "The description holds markup, a line end and a sign that turns the writing direction: text, never markup.",
       [("error", "access_denied"), ("error_description", "<script>x</script>\r\nSet-Cookie: a=b \u202e"), st], error="access_denied", outcome="error", tag="unknown")
    R = "refuse"
    cb("state_missing", "No state.", [code], R, reason="state", tag="documented")
    cb("state_wrong", "Another state.", [code, ("state", "x" + STATE[1:])], R, reason="state", tag="documented")
    cb("state_empty", "An empty state.", [code, ("state", "")], R, reason="state")
    cb("state_prefix", "The state without its last character.", [code, ("state", STATE[:-1])], R, reason="state")
    cb("state_longer", "The state with a character more.", [code, ("state", STATE + "x")], R, reason="state")
    cb("state_case", "The state in other letter case.", [code, ("state", STATE.swapcase())], R, reason="state")
    cb("state_space", "The state with a space behind it.", [code, ("state", STATE + " ")], R, reason="state")
    cb("state_twice", "The state twice, both right.", [code, st, st], R, reason="duplicate", source="RFC 6749, 3.1", tag="documented")
    cb("state_twice_wrong_last", "The state twice, the second wrong.", [code, st, ("state", "x")], R, reason="duplicate", source="RFC 6749, 3.1", tag="documented")
    cb("code_twice", "Two codes.", [code, ("code", "other"), st], R, reason="duplicate", source="RFC 6749, 3.1", tag="documented")
    cb("iss_twice", "Two issuers, the first right.", [code, st, ("iss", ISS), ("iss", "https://evil.example.org")], R, reason="duplicate", source="RFC 6749, 3.1", tag="documented")
    cb("error_twice", "Two errors.", [("error", "access_denied"), ("error", "server_error"), st], R, reason="duplicate", source="RFC 6749, 3.1", tag="documented", outcome_also=["error"])
    cb("iss_wrong", "iss is another server: the answer was mixed up on purpose.", [code, st, ("iss", "https://evil.example.org")], R, reason="iss", source="RFC 9207, 2.4", tag="documented")
    cb("iss_slash", "iss has a slash at the end.", [code, st, ("iss", ISS + "/")], R, reason="iss", source="RFC 9207, 2.4", tag="documented")
    cb("iss_empty", "iss is empty.", [code, st, ("iss", "")], R, reason="iss", source="RFC 9207, 2.4")
    cb("iss_missing", "The issuer said it would send iss, and did not.", [code, st], R, iss="required", reason="iss", source="RFC 9207, 2.4", tag="documented")
    cb("error_state_wrong", "An error with another state: it is not shown as the answer to our request.", [("error", "access_denied"), ("state", "x")], R, reason="state")
    cb("error_state_missing", "An error without state.", [("error", "invalid_request")], R, reason="state", outcome_also=["error"])
    cb("error_iss_wrong", "An error of another server.", [("error", "access_denied"), st, ("iss", "https://evil.example.org")], R, reason="iss", source="RFC 9207, 2.4", tag="documented")
    cb("code_and_error", "Code and error at once.", [code, ("error", "access_denied"), st], R, reason="shape", outcome_also=["error"], tag="unknown")
    cb("nothing", "No parameter at all.", None, R, reason="state")
    cb("state_only", "State alone.", [st], R, reason="shape")
    cb("code_empty", "An empty code.", [("code", ""), st], R, reason="shape")
    cb("error_empty", "An empty error.", [("error", ""), st], R, reason="shape", outcome_also=["error"])
    cb("tokens", "An answer of the implicit flow, which was not asked for.", [("id_token", "a.b.c"), ("access_token", "ACCESS-GOLDEN-1"), st], R, reason="shape", secrets=["ACCESS-GOLDEN-1"])
    cb("code_control", "A code with a line end.", [("code", "a\r\nb"), st], R, reason="shape", tag="unknown", outcome_also=["code"])
    cb("percent", "An escape that is none.", "code=a%zz&state=" + STATE, R, reason="shape", tag="unknown", outcome_also=["code"])
    cb("not_utf8", "An escape that is no UTF-8.", "code=a%ff&state=" + STATE, R, reason="shape", tag="unknown", outcome_also=["code"])
    cb("post", "By POST though nothing of the kind was asked for, with the state in the query.", [code, st], R, method="POST", reason="shape", tag="unknown", outcome_also=["code"])
    cb("many", "Two thousand parameters.", "&".join("x%d=1" % i for i in range(2000)) + "&" + urlencode([code, st]), R, reason="shape", tag="unknown", outcome_also=["code"])


# ---------------------------------------------------------------- keys and ID tokens
RSA1, RSA2 = RsaKey("oidc rsa 1"), RsaKey("oidc rsa 2")
RSA_SMALL = RsaKey("oidc rsa small", 1024)
EC1, EC2, EC384, ED = EcKey("oidc ec 1"), EcKey("oidc ec 2"), EcKey("oidc ec 384", -35), EdKey("oidc ed")
EVIL = RsaKey("oidc evil")
SECRET = "golden-Secret-1-that-is-long-enough-for-HS256"


def jwk(key, kid=None, **more):
    if isinstance(key, RsaKey):
        j = {"kty": "RSA", "n": b64u(key.cose()[-1]), "e": "AQAB"}
    elif isinstance(key, EdKey):
        j = {"kty": "OKP", "crv": "Ed25519", "x": b64u(key.raw())}
    else:
        x, y = key.xy()
        j = {"kty": "EC", "crv": key.jwk_crv, "x": b64u(x), "y": b64u(y)}
    if kid:
        j["kid"] = kid
    j.update({k: v for k, v in more.items() if v is not None})
    return j


def jose_sign(alg, key, data):
    if alg == "none":
        return b""
    if alg.startswith("HS"):
        return hmac.new(key, data, "sha" + alg[2:]).digest()
    hash_ = "sha" + alg[2:] if alg != "EdDSA" else None
    if alg.startswith("RS"):
        return key.sign(data, hash_)
    if alg.startswith("PS"):
        return key.sign_pss(data, hash_)
    if alg.startswith("ES"):
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        r, s = decode_dss_signature(key.sign(data, hash_))
        return r.to_bytes(key.size, "big") + s.to_bytes(key.size, "big")
    return key.sign(data)


ACCESS = "ACCESS-GOLDEN-1"
CODE = "SplxlOBeZQQYbYS6WxSbIA"


def half_hash(text, hash_="sha256"):
    d = hashlib.new(hash_, text.encode()).digest()
    return b64u(d[: len(d) // 2])


DEL = object()


def claims(**over):
    c = {"iss": ISS, "sub": "alice", "aud": CLIENT, "exp": NOW + 300, "iat": NOW, "nonce": NONCE}
    for k, v in over.items():
        if v is DEL:
            c.pop(k, None)
        else:
            c[k] = v
    return c


def token(payload=None, alg="RS256", key=RSA1, kid="rsa-1", header=None, head_raw=None, pay_raw=None, sig=None, sign_as=None):
    h = {"alg": alg, "typ": "JWT"}
    if kid is not None:
        h["kid"] = kid
    h.update(header or {})
    h = {k: v for k, v in h.items() if v is not DEL}
    head_ = head_raw if head_raw is not None else compact(h).encode()
    pay = pay_raw if pay_raw is not None else compact(claims() if payload is None else payload).encode()
    data = (b64u(head_) + "." + b64u(pay)).encode()
    s = jose_sign(sign_as or alg, key, data)
    return data.decode() + "." + b64u(sig(s) if sig else s)


def make_jwks():
    full = {"keys": [jwk(RSA1, "rsa-1", use="sig", alg="RS256"), jwk(RSA2, "rsa-2", use="sig"), jwk(EC1, "ec-1", use="sig", alg="ES256"), jwk(EC384, "ec-384", use="sig"),
                     jwk(ED, "ed-1", use="sig"), jwk(EVIL, "enc-1", use="enc", alg="RSA-OAEP"), {"kty": "GOLD", "kid": "gold-1", "x": "AAAA"}]}
    J = "RFC 7517, 5"

    def ks(name, about, doc, tag="inferred", **k):
        add("jwks/%s.json" % name, "jwks", tag, J, about, compact(doc) if not isinstance(doc, str) else doc, **k)

    ks("keys", "Seven keys: five to sign with, one to encrypt to, one of a kind that nobody knows.", full, usable=["rsa-1", "rsa-2", "ec-1", "ec-384", "ed-1"])
    ks("one", "One key, without kid, use and alg.", {"keys": [jwk(RSA1)]}, usable=[""])
    ks("two_without_kid", "Two keys without kid.", {"keys": [jwk(RSA1), jwk(RSA2)]}, usable=["", ""])
    ks("ps256", "An RSA key that says PS256.", {"keys": [jwk(RSA1, "rsa-1", alg="PS256")]}, usable=["rsa-1"])
    ks("same_kid", "Two keys with one kid: RSA and EC, as the standard suggests for equivalents.", {"keys": [jwk(EC1, "k"), jwk(RSA1, "k")]}, usable=["k", "k"])
    ks("same_kid_same_kind", "Two RSA keys with one kid.", {"keys": [jwk(RSA2, "rsa-1"), jwk(RSA1, "rsa-1")]}, usable=["rsa-1", "rsa-1"], tag="unknown")
    ks("small", "An RSA key of 1024 bits.", {"keys": [jwk(RSA_SMALL, "small")]}, usable=[], tag="unknown")
    ks("key_ops", "key_ops says verify.", {"keys": [jwk(RSA1, "rsa-1", key_ops=["verify"])]}, usable=["rsa-1"])
    ks("key_ops_encrypt", "key_ops says encrypt.", {"keys": [jwk(RSA1, "rsa-1", key_ops=["encrypt"])]}, usable=[])
    ks("private", "A key with its private part: used as a public key, and a remark.", {"keys": [{**jwk(RSA1, "rsa-1"), "d": b64u(b"\1" * 256)}]}, usable=["rsa-1"], tag="unknown", lint=["private-key"])
    ks("symmetric", "A symmetric key, published to everyone.", {"keys": [{"kty": "oct", "kid": "rsa-1", "k": b64u(SECRET.encode())}]}, usable=[], tag="unknown")
    ks("one_broken", "One key cannot be read, the other can.", {"keys": [{"kty": "RSA", "kid": "x", "n": "!!!", "e": "AQAB"}, jwk(RSA1, "rsa-1")]}, usable=["rsa-1"], tag="unknown")
    ks("off_curve", "An EC point that is not on its curve.", {"keys": [{**jwk(EC1, "ec-1"), "y": jwk(EC1)["x"]}]}, usable=[], tag="unknown")
    ks("empty", "No keys.", {"keys": []}, usable=[])
    ks("rotated", "Only the new key, as after a change of keys.", {"keys": [jwk(RSA2, "rsa-2", use="sig")]}, usable=["rsa-2"])
    ks("bad_array", "An array without the object around it.", [jwk(RSA1, "rsa-1")], tag="unknown", outcome="refuse")
    ks("bad_missing", "No keys member.", {}, tag="unknown", outcome="refuse")
    ks("bad_html", "A page.", "<html></html>", tag="unknown", outcome="refuse")
    for name, key in (("rsa-1", RSA1), ("rsa-2", RSA2), ("ec-1", EC1), ("ec-384", EC384), ("ed-1", ED), ("evil", EVIL)):
        add("keys/%s.test.key" % name, "key", "inferred", "made for these files", "Test key, PKCS #8.", key.pkcs8_pem())


def make_tokens():
    def t(file, about, text, outcome="accept", jwks="keys", tag="documented", source=CORE + ", 3.1.3.7", reason=None, expect=None, **k):
        e = {"issuer": ISS, "client_id": CLIENT, "nonce": NONCE, "now": NOW_TEXT}
        e.update(expect or {})
        e = {a: b for a, b in e.items() if b is not None}
        add("id-tokens/%s%s.jwt" % ("bad_" if outcome == "refuse" else "", file), "id-token", tag, source, about, text, jwks="jwks/%s.json" % jwks, expect=e, outcome=outcome, reason=reason, **k)

    S = dict(sub="alice")
    t("rs256", "RS256, the default.", token(), **S)
    t("es256", "ES256.", token(alg="ES256", key=EC1, kid="ec-1"), **S)
    t("ps256", "PS256, with an RSA key that names no algorithm.", token(alg="PS256", key=RSA2, kid="rsa-2"), **S)
    t("rs384", "RS384.", token(alg="RS384", key=RSA2, kid="rsa-2"), tag="inferred", outcome_also=["refuse"], **S)
    t("rs512", "RS512.", token(alg="RS512", key=RSA2, kid="rsa-2"), tag="inferred", outcome_also=["refuse"], **S)
    t("es384", "ES384.", token(alg="ES384", key=EC384, kid="ec-384"), tag="inferred", outcome_also=["refuse"], **S)
    t("eddsa", "EdDSA.", token(alg="EdDSA", key=ED, kid="ed-1"), tag="inferred", outcome_also=["refuse"], **S)
    t("no_kid_one_key", "No kid, and the set has one key.", token(kid=None), jwks="one", **S)
    t("kid_one_key_without", "The token has a kid, the only key of the set has none.", token(), jwks="one", tag="unknown", outcome_also=["refuse"], **S)
    t("no_kid_one_fits", "No kid; of the set only one key fits the algorithm.", token(alg="ES256", key=EC1, kid=None), tag="inferred", outcome_also=["refuse"], **S)
    t("same_kid", "Two keys have the kid, one of them fits the algorithm.", token(kid="k"), jwks="same_kid", tag="inferred", **S)
    t("key_ops", "The key says verify.", token(), jwks="key_ops", **S)
    t("one_broken", "Another key of the set cannot be read.", token(), jwks="one_broken", **S)
    t("no_typ", "No typ.", token(header={"typ": DEL}), **S)
    t("typ_case", "typ in small letters.", token(header={"typ": "jwt"}), tag="inferred", **S)
    t("header_unknown", "Header members that nobody knows, not critical.", token(header={"x5t": "AAAA", "golden": 1}), **S)
    t("aud_array", "aud is an array with one entry.", token(claims(aud=[CLIENT])), **S)
    t("aud_array_azp", "aud has two entries, azp is us.", token(claims(aud=[CLIENT, "other-client"], azp=CLIENT)), **S)
    t("azp", "One audience, and azp too.", token(claims(azp=CLIENT)), **S)
    t("at_hash", "at_hash fits the access token.", token(claims(at_hash=half_hash(ACCESS))), expect={"access_token": ACCESS}, source=CORE + ", 3.1.3.8", **S)
    t("at_hash_es384", "at_hash with the hash of the token's algorithm.", token(claims(at_hash=half_hash(ACCESS, "sha384")), alg="ES384", key=EC384, kid="ec-384"), expect={"access_token": ACCESS},
      source=CORE + ", 3.1.3.8", outcome_also=["refuse"], **S)
    t("c_hash", "c_hash fits the code.", token(claims(c_hash=half_hash(CODE))), expect={"code": CODE}, source=CORE + ", 3.3.2.11", **S)
    t("extra_claims", "Further claims, also unknown ones.", token(claims(name="Alice Example", email="alice@example.test", amr=["personal"], acr="urn:golden:personal-mobile", golden={"a": [1]})),
      acr="urn:golden:personal-mobile", amr=["personal"], **S)
    t("acr", "acr is what was asked for.", token(claims(acr="urn:golden:personal-mobile")), expect={"acr_values": ["urn:golden:personal-mobile"]}, acr="urn:golden:personal-mobile", **S)
    t("acr_missing", "acr was asked for and does not come: acr_values is a wish, the caller sees that there is none.", token(), expect={"acr_values": ["urn:golden:personal-mobile"]}, tag="inferred", **S)
    t("auth_time", "auth_time within max_age.", token(claims(auth_time=NOW - 30)), expect={"max_age": 60}, **S)
    t("fraction", "Times with a fraction.", token(pay_raw=compact(claims()).replace('"exp":%d' % (NOW + 300), '"exp":%d.5' % (NOW + 300)).encode()), tag="inferred", source="RFC 7519, 2", **S)
    t("exponent", "exp written with an exponent.", token(pay_raw=compact(claims()).replace('"exp":%d' % (NOW + 300), '"exp":1.7723595e9').encode()), tag="inferred", source="RFC 7519, 2", outcome_also=["refuse"], **S)
    t("exp_leeway", "Expired thirty seconds ago: within the leeway of a minute.", token(claims(exp=NOW - 30, iat=NOW - 330)), tag="inferred", expect={"leeway_seconds": 60}, **S)
    t("iat_leeway", "Issued thirty seconds from now.", token(claims(iat=NOW + 30)), tag="inferred", expect={"leeway_seconds": 60}, **S)
    t("nbf", "nbf is past.", token(claims(nbf=NOW - 1)), **S)
    t("iat_old", "Issued a day ago, still valid.", token(claims(iat=NOW - 86400)), tag="inferred", outcome_also=["refuse"], **S)
    t("sub_long", "sub has 255 characters.", token(claims(sub="a" * 255)), sub="a" * 255, source=CORE + ", 2")
    t("sub_hostile", "sub holds markup and a sign that turns the writing direction: text.", token(claims(sub="<b>\u202ealice")), sub="<b>\u202ealice", tag="unknown", outcome_also=["refuse"])
    t("escapes", "Claims written with JSON escapes.", token(pay_raw=compact(claims()).replace('"alice"', '"\\u0061lice"').encode()), **S)
    t("white_space", "Claims with white space.", token(pay_raw=json.dumps(claims(), indent=2).encode()), **S)
    t("members_order", "Members in another order.", token(pay_raw=compact(dict(reversed(list(claims().items())))).encode()), **S)

    def b(file, about, text, reason, **k):
        t(file, about, text, "refuse", reason=reason, **k)

    A = dict(source="RFC 8725, 2.1")
    b("none", "Algorithm none, no signature.", token(alg="none", kid=None), "algorithm", **A)
    b("none_kid", "Algorithm none with the kid of a key.", token(alg="none"), "algorithm", **A)
    for v in ("None", "NONE", "nOnE"):
        b("none_" + {"None": "capital", "NONE": "capitals", "nOnE": "mixed"}[v], "Algorithm %s." % v, token(alg=v, sign_as="none"), "algorithm", **A)
    b("none_signature_kept", "Algorithm none, the signature of another token kept.", token(alg="none", sig=lambda s: RSA1.sign(b"x")), "algorithm", **A)
    public_pem = serialization_pem(RSA1)
    b("hs256_pem", "HS256 with the PEM text of the public key as the secret.", token(alg="HS256", key=public_pem), "algorithm", **A)
    b("hs256_der", "HS256 with the DER of the public key.", token(alg="HS256", key=RSA1.spki()), "algorithm", **A)
    b("hs256_modulus", "HS256 with the modulus.", token(alg="HS256", key=RSA1.cose()[-1]), "algorithm", **A)
    b("hs256_jwk", "HS256 with the key's JSON.", token(alg="HS256", key=compact(jwk(RSA1, "rsa-1", use="sig", alg="RS256")).encode()), "algorithm", **A)
    b("hs256_secret", "HS256 with the client's secret, rightly made: only where it was agreed on.", token(alg="HS256", key=SECRET.encode(), kid=None), "algorithm", tag="inferred",
      source=CORE + ", 10.1", expect={"client_secret": SECRET}, secrets=[SECRET])
    b("hs256_empty", "HS256 with an empty secret.", token(alg="HS256", key=b""), "algorithm", **A)
    b("hs256_published", "HS256 with a symmetric key of the key set.", token(alg="HS256", key=SECRET.encode()), "algorithm", jwks="symmetric", **A)
    b("alg_missing", "No algorithm.", token(header={"alg": DEL}), "algorithm")
    b("alg_unknown", "An algorithm that nobody knows.", token(alg="GOLD1", sign_as="RS256"), "algorithm")
    b("alg_case", "rs256 in small letters.", token(alg="rs256", sign_as="RS256"), "algorithm")
    b("alg_number", "The algorithm is a number.", token(header={"alg": 256}), "algorithm")
    b("alg_twice", "The algorithm stands twice in the header.", token(head_raw=b'{"alg":"RS256","alg":"none","kid":"rsa-1"}', sign_as="RS256"), "header", tag="inferred", source="RFC 7515, 4")
    b("alg_not_keys", "PS256 with a key that says RS256.", token(alg="PS256"), "algorithm", tag="inferred", source="RFC 7517, 4.4")
    b("alg_key_says_ps256", "RS256 with a key that says PS256.", token(), "algorithm", jwks="ps256", tag="inferred", source="RFC 7517, 4.4")
    b("alg_not_allowed", "ES256 where the discovery document promised RS256 only.", token(alg="ES256", key=EC1, kid="ec-1"), "algorithm", expect={"algorithms": ["RS256"]})
    b("es256_rsa_key", "ES256 with the kid of an RSA key.", token(alg="ES256", key=EC1), "key")
    b("rs256_ec_key", "RS256 with the kid of an EC key.", token(kid="ec-1"), "key")
    b("es256_p384_key", "ES256 with a P-384 key.", token(alg="ES256", key=EC384, kid="ec-384", sig=lambda s: s), "key")
    b("enc_key", "Signed with a key that is for encryption.", token(key=EVIL, kid="enc-1"), "key", tag="inferred", source="RFC 7517, 4.2")
    b("key_ops", "The key is for encryption by its key_ops.", token(), "key", jwks="key_ops_encrypt", tag="inferred", source="RFC 7517, 4.3")
    b("small_key", "An RSA key of 1024 bits.", token(key=RSA_SMALL, kid="small"), "key", jwks="small", source="RFC 7518, 3.3")
    b("off_curve", "The key's point is not on its curve.", token(alg="ES256", key=EC1, kid="ec-1"), "key", jwks="off_curve", tag="inferred")
    b("kid_unknown", "A kid that is not in the set; the set is fetched again once, then refused.", token(kid="rsa-9"), "key", source=CORE + ", 10.1.1")
    b("kid_case", "The kid in capitals.", token(kid="RSA-1"), "key")
    b("kid_number", "The kid is a number.", token(header={"kid": 1}), "header", tag="inferred")
    b("kid_path", "A kid that wants to be a path.", token(kid="../../../dev/null"), "key", tag="unknown")
    b("no_keys", "The set is empty.", token(), "key", jwks="empty")
    b("no_kid_two_keys", "No kid, and two keys that fit: the second is the right one. Trying each is allowed too.", token(key=RSA2, kid=None), "key", jwks="two_without_kid", outcome_also=["accept"],
      tag="inferred", source=CORE + ", 10.1")
    b("same_kid_same_kind", "Two RSA keys with the same kid, the second made the signature. Trying each is allowed too.", token(), "key", jwks="same_kid_same_kind", outcome_also=["accept"], tag="unknown")
    b("header_jwk", "The key comes in the header.", token(key=EVIL, header={"jwk": jwk(EVIL, "rsa-1")}), "signature", source="RFC 8725, 2.6")
    b("header_jwk_new_kid", "The key comes in the header, under a kid of its own.", token(key=EVIL, kid="evil", header={"jwk": jwk(EVIL, "evil")}), "key", source="RFC 8725, 2.6")
    b("header_jku", "The header points to a key set elsewhere: it is not fetched.", token(key=EVIL, kid="evil", header={"jku": "https://evil.example.org/jwks"}), "key", source="RFC 8725, 2.6")
    b("header_x5u", "The header points to a certificate elsewhere.", token(key=EVIL, kid="evil", header={"x5u": "https://evil.example.org/cert.pem"}), "key", source="RFC 8725, 2.6")
    b("header_x5c", "The header brings a certificate.", token(key=EVIL, kid="evil", header={"x5c": [base64.b64encode(certificate("oidc evil", [("CN", "Evil")], [("CN", "Evil")], EVIL, EVIL)).decode()]}),
      "key", source="RFC 8725, 2.6")
    b("crit", "A critical header member that we do not know.", token(header={"crit": ["golden"], "golden": 1}), "header", source="RFC 7515, 4.1.11")
    b("crit_empty", "An empty list of critical members.", token(header={"crit": []}), "header", source="RFC 7515, 4.1.11")
    b("b64_false", "The payload is not base64url, by a critical member.", token(header={"b64": False, "crit": ["b64"]}), "header", source="RFC 7797")
    b("cty_jwt", "A token within the token.", token(header={"cty": "JWT"}, pay_raw=token().encode()), "payload", tag="inferred", source="RFC 7519, 5.2")
    b("typ_access_token", "typ says it is an access token.", token(header={"typ": "at+jwt"}), "header", tag="inferred", source="RFC 8725, 3.11; RFC 9068, 2.1")
    b("typ_logout", "typ says it is a logout token.", token(header={"typ": "logout+jwt"}), "header", tag="inferred", source="RFC 8725, 3.11", outcome_also=["accept"])
    b("header_array", "The header is an array.", token(head_raw=b'["RS256"]'), "header")
    b("header_not_json", "The header is not JSON.", token(head_raw=b"alg=RS256"), "header")
    # signature
    good = token()
    h, p, s = good.split(".")
    flip = lambda x: x[:-1] + bytes([x[-1] ^ 1])
    b("signature_bit", "The last bit of the signature is turned.", token(sig=flip), "signature")
    b("signature_other_key", "Another key made the signature.", token(key=EVIL), "signature")
    b("signature_empty", "An empty signature.", h + "." + p + ".", "signature")
    b("signature_missing", "Two parts only.", h + "." + p, "shape")
    b("signature_of_other_token", "The signature of another token.", h + "." + p + "." + token(claims(sub="bob")).split(".")[2], "signature")
    b("payload_changed", "The payload was changed after signing.", h + "." + b64u(compact(claims(sub="bob")).encode()) + "." + s, "signature")
    b("header_changed", "The header was changed after signing: a space more.", b64u(json.dumps({"alg": "RS256", "typ": "JWT", "kid": "rsa-1"}).encode()) + "." + p + "." + s, "signature")
    b("signature_short", "The last octet of the signature is missing.", token(sig=lambda x: x[:-1]), "signature")
    b("signature_long", "An octet more.", token(sig=lambda x: x + b"\0"), "signature")
    b("es256_der", "An ES256 signature as an ASN.1 sequence.", token(alg="ES256", key=EC1, kid="ec-1", sig=lambda x: seq(integer(int.from_bytes(x[:32], "big")), integer(int.from_bytes(x[32:], "big")))),
      "signature", source="RFC 7518, 3.4")
    b("es256_zero", "An ES256 signature of zeros.", token(alg="ES256", key=EC1, kid="ec-1", sig=lambda x: bytes(64)), "signature", source="CVE-2022-21449, a known fault of one library")
    b("es256_order", "s is the order of the group.", token(alg="ES256", key=EC1, kid="ec-1", sig=lambda x: x[:32] + bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")), "signature")
    b("es256_bit", "The last bit is turned.", token(alg="ES256", key=EC1, kid="ec-1", sig=flip), "signature")
    b("ps256_as_rs256", "The signature is PKCS #1 v1.5, the algorithm says PS256.", token(alg="PS256", key=RSA2, kid="rsa-2", sign_as="RS256"), "signature")
    b("rs256_as_ps256", "The signature is PSS, the algorithm says RS256.", token(sign_as="PS256"), "signature")
    b("rs256_sha512", "The signature is made with SHA-512.", token(key=RSA2, kid="rsa-2", sign_as="RS512"), "signature")
    # shape
    b("four_parts", "Four parts.", good + ".x", "shape")
    b("encrypted", "Five parts: an encrypted token, which was not agreed on.", b64u(b'{"alg":"RSA-OAEP","enc":"A128GCM"}') + ".AAAA.AAAA.AAAA.AAAA", "shape")
    b("json_form", "The JSON serialization.", compact({"payload": p, "protected": h, "signature": s}), "shape")
    b("padding", "The signature has padding.", good + "==", "shape", tag="inferred", source="RFC 7515, 2")
    b("standard_alphabet", "The signature in the standard alphabet.", h + "." + p + "." + s.replace("-", "+").replace("_", "/"), "shape", source="RFC 7515, 2")
    b("newline", "A line feed behind the token.", good + "\n", "shape", tag="inferred", outcome_also=["accept"])
    b("space", "A space in the signature.", good[:-10] + " " + good[-10:], "shape")
    b("loose_bits", "The last character of the header carries bits that no octet uses.", loose(h) + "." + p + "." + s, "shape", tag="inferred")
    b("empty", "Nothing.", "", "shape")
    b("dots", "Two dots.", "..", "shape")
    b("huge", "A first part of twenty thousand letters A.", "A" * 20000 + ".A.A", "shape", tag="unknown")
    # claims
    for name, over, about, reason, src in (
        ("iss_other", {"iss": "https://evil.example.org"}, "Another issuer.", "iss", None), ("iss_slash", {"iss": ISS + "/"}, "The issuer with a slash at the end.", "iss", None),
        ("iss_case", {"iss": "https://LOGIN.example.test"}, "The issuer in capitals.", "iss", None), ("iss_missing", {"iss": DEL}, "No issuer.", "iss", None),
        ("iss_array", {"iss": [ISS]}, "The issuer is an array.", "iss", None), ("iss_no_scheme", {"iss": "login.example.test"}, "The issuer without https://.", "iss", None),
        ("aud_other", {"aud": "other-client"}, "Another audience.", "aud", None), ("aud_array_other", {"aud": ["a", "b"]}, "We are not in the array.", "aud", None),
        ("aud_empty_array", {"aud": []}, "An empty array.", "aud", None), ("aud_missing", {"aud": DEL}, "No audience.", "aud", None),
        ("aud_null", {"aud": None}, "The audience is null.", "aud", None), ("aud_case", {"aud": CLIENT.upper()}, "The audience in capitals.", "aud", None),
        ("aud_prefix", {"aud": CLIENT + "-2"}, "The audience begins like ours.", "aud", None), ("aud_object", {"aud": {CLIENT: True}}, "The audience is an object.", "aud", None),
        ("aud_array_mixed", {"aud": [CLIENT, 1]}, "The array holds a number too.", "aud", None),
        ("azp_other", {"azp": "other-client"}, "azp is another client.", "azp", None), ("azp_other_array", {"aud": [CLIENT, "other-client"], "azp": "other-client"}, "Two audiences, azp is the other one.", "azp", None),
        ("azp_number", {"azp": 1}, "azp is a number.", "azp", None),
        ("nonce_missing", {"nonce": DEL}, "No nonce.", "nonce", None), ("nonce_other", {"nonce": "other"}, "Another nonce.", "nonce", None), ("nonce_empty", {"nonce": ""}, "An empty nonce.", "nonce", None),
        ("nonce_case", {"nonce": NONCE.upper()}, "The nonce in capitals.", "nonce", None), ("nonce_array", {"nonce": [NONCE]}, "The nonce is an array.", "nonce", None),
        ("exp_past", {"exp": NOW - 3600, "iat": NOW - 7200}, "Expired an hour ago.", "exp", None), ("exp_beyond_leeway", {"exp": NOW - 61, "iat": NOW - 361}, "Expired 61 seconds ago, the leeway is a minute.", "exp", None),
        ("exp_missing", {"exp": DEL}, "No expiry.", "exp", None), ("exp_null", {"exp": None}, "The expiry is null.", "exp", None), ("exp_text", {"exp": str(NOW + 300)}, "The expiry is a text.", "exp", None),
        ("exp_negative", {"exp": -1}, "The expiry is before 1970.", "exp", None), ("exp_milliseconds_past", {"exp": 0}, "The expiry is 0.", "exp", None),
        ("iat_missing", {"iat": DEL}, "No time of issue, which is required.", "iat", CORE + ", 2"), ("iat_future", {"iat": NOW + 3600, "exp": NOW + 7200}, "Issued an hour from now.", "iat", None),
        ("iat_text", {"iat": "now"}, "The time of issue is a word.", "iat", None), ("nbf_future", {"nbf": NOW + 3600}, "Not valid for another hour.", "nbf", "RFC 7519, 4.1.5"),
        ("nbf_text", {"nbf": "x"}, "nbf is a word.", "nbf", "RFC 7519, 4.1.5"),
        ("sub_missing", {"sub": DEL}, "No subject.", "sub", CORE + ", 2"), ("sub_empty", {"sub": ""}, "An empty subject.", "sub", CORE + ", 2"), ("sub_number", {"sub": 17}, "The subject is a number.", "sub", CORE + ", 2"),
        ("sub_256", {"sub": "a" * 256}, "The subject has 256 characters, one more than allowed.", "sub", CORE + ", 2"), ("sub_null", {"sub": None}, "The subject is null.", "sub", CORE + ", 2"),
    ):
        also = ["accept"] if name in ("aud_array_mixed", "iat_future", "sub_256", "iat_text", "nbf_text") else None
        b(name, about, token(claims(**over)), reason, source=src or CORE + ", 3.1.3.7", expect={"leeway_seconds": 60} if name.startswith(("exp", "iat", "nbf")) else None, outcome_also=also,
          tag="documented")
    b("aud_two_no_azp", "Two audiences and no azp: the other one is not trusted.", token(claims(aud=[CLIENT, "other-client"])), "aud", tag="inferred", outcome_also=["accept"])
    b("at_hash_wrong", "at_hash is of another access token.", token(claims(at_hash=half_hash("other"))), "at-hash", expect={"access_token": ACCESS}, source=CORE + ", 3.1.3.8")
    b("at_hash_whole", "at_hash is the whole hash, not its left half.", token(claims(at_hash=b64u(sha256(ACCESS.encode())))), "at-hash", expect={"access_token": ACCESS}, source=CORE + ", 3.1.3.8")
    b("at_hash_right_half", "at_hash is the right half.", token(claims(at_hash=b64u(sha256(ACCESS.encode())[16:]))), "at-hash", expect={"access_token": ACCESS}, source=CORE + ", 3.1.3.8")
    b("at_hash_empty", "at_hash is empty.", token(claims(at_hash="")), "at-hash", expect={"access_token": ACCESS}, source=CORE + ", 3.1.3.8")
    b("c_hash_wrong", "c_hash is of another code.", token(claims(c_hash=half_hash("other"))), "c-hash", expect={"code": CODE}, source=CORE + ", 3.3.2.11")
    b("auth_time_missing", "max_age was asked for, auth_time does not come.", token(), "auth-time", expect={"max_age": 60})
    b("auth_time_old", "The login is older than max_age.", token(claims(auth_time=NOW - 3600)), "auth-time", expect={"max_age": 60})
    b("acr_other", "Another acr than the one that was required.", token(claims(acr="urn:golden:password")), "acr", expect={"acr_required": ["urn:golden:personal-mobile"]}, tag="inferred")
    b("acr_required_missing", "acr was required and does not come.", token(), "acr", expect={"acr_required": ["urn:golden:personal-mobile"]}, tag="inferred")
    b("claims_array", "The claims are an array.", token(pay_raw=b"[]"), "payload")
    b("claims_not_json", "The claims are not JSON.", token(pay_raw=b"alice"), "payload")
    b("claims_empty", "The payload is empty.", token(pay_raw=b""), "payload")
    b("claims_not_utf8", "The claims are not UTF-8.", token(pay_raw=compact(claims()).encode().replace(b"alice", b"alic\xff")), "payload")
    b("claims_twice", "Two subjects.", token(pay_raw=compact(claims()).replace('"sub":"alice"', '"sub":"bob","sub":"alice"').encode()), "payload", tag="inferred", source="RFC 7519, 4", outcome_also=["accept"])
    b("claims_trailing", "Something follows the claims.", token(pay_raw=compact(claims()).encode() + b"{}"), "payload")
    b("claims_deep", "A claim nests ten thousand arrays.", token(pay_raw=compact(claims())[:-1].encode() + b',"x":' + b"[" * 10000 + b"]" * 10000 + b"}"), "payload", tag="unknown", outcome_also=["accept"])
    b("rotated", "Signed with the old key, the set has only the new one.", token(), "key", jwks="rotated")


def loose(t):
    a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return t[:-1] + a[a.index(t[-1]) | 1] if len(t) % 4 else t + "A"


def serialization_pem(key):
    return key.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


# ---------------------------------------------------------------- token endpoint and user info
def make_code_exchange():
    path = "/https/api/rest/v3.0/oauth2/token"

    def req(file, about, auth, pkce=True, redirect=REDIRECT, code=CODE, tag="inferred", **k):
        ps = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect)] + ([("code_verifier", VERIFIER)] if pkce else [])
        hs = ["Host: login.example.test", "Accept: application/json", "Content-Type: application/x-www-form-urlencoded"]
        call = {"operation": "code", "client_authentication": auth, "client_id": CLIENT, "code": code, "redirect_uri": redirect}
        secrets = [code]
        if pkce:
            call["code_verifier"] = VERIFIER
            secrets.append(VERIFIER)
        if auth == "basic":
            hs.append("Authorization: Basic " + base64.b64encode((CLIENT + ":golden-Secret-1").encode()).decode())
        elif auth == "body":
            ps += [("client_id", CLIENT), ("client_secret", "golden-Secret-1")]
        else:
            ps.append(("client_id", CLIENT))
            k["identity"] = "client-certificate"
        if auth != "certificate":
            call["client_secret"] = "golden-Secret-1"
            secrets.append("golden-Secret-1")
        add("token/%s.http" % file, "request", tag, CORE + ", 3.1.3.1; RFC 7636, 4.5", about, http("POST %s HTTP/1.1" % path, hs, "&".join(quote_plus(a) + "=" + quote_plus(b) for a, b in ps)),
            call=call, secrets=secrets, **k)

    req("basic", "The code with Basic client authentication and the PKCE verifier.", "basic", tag="documented")
    req("body", "Client id and secret in the body.", "body", tag="documented")
    req("certificate", "The TLS client certificate.", "certificate")
    req("without_pkce", "Without a verifier, where the request was without a challenge.", "basic", pkce=False)
    req("redirect_query", "The redirect address exactly as in the authorization request.", "basic", redirect=REDIRECT + "?tenant=1&x=a%20b")
    req("code_special", "A code with characters that need encoding.", "basic", code="a/b+c== d")
    ok = {"access_token": ACCESS, "token_type": "Bearer", "expires_in": 3600, "id_token": token(claims(at_hash=half_hash(ACCESS)))}

    def ans(file, about, body, outcome="accept", status=200, tag="inferred", reason=None, headers=("Content-Type: application/json", "Cache-Control: no-store"), **k):
        add("token/%s%s.http" % ("bad_" if outcome == "refuse" else "", file), "token-response", tag, CORE + ", 3.1.3.3", about,
            http("HTTP/1.1 %d %s" % (status, {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized"}[status]), headers, body), status=status, outcome=outcome, reason=reason,
            jwks="jwks/keys.json", expect={"issuer": ISS, "client_id": CLIENT, "nonce": NONCE, "now": NOW_TEXT}, secrets=[ACCESS], **k)

    ans("answer", "Access token and ID token.", ok, sub="alice", tag="documented")
    ans("answer_refresh", "With a refresh token.", {**ok, "refresh_token": "REFRESH-GOLDEN-1"}, sub="alice")
    ans("answer_type_small", "token_type in small letters.", {**ok, "token_type": "bearer"}, sub="alice")
    ans("answer_no_at_hash", "No at_hash, which the code flow does not require.", {**ok, "id_token": token()}, sub="alice")
    ans("no_id_token", "No ID token: scope openid was asked for.", {k: v for k, v in ok.items() if k != "id_token"}, "refuse", reason="id-token", tag="documented")
    ans("id_token_null", "The ID token is null.", {**ok, "id_token": None}, "refuse", reason="id-token")
    ans("id_token_object", "The ID token is an object with the claims.", {**ok, "id_token": claims()}, "refuse", reason="id-token")
    ans("no_access_token", "No access token.", {k: v for k, v in ok.items() if k != "access_token"}, "refuse", reason="token", outcome_also=["accept"])
    ans("at_hash", "at_hash is of another access token: the two do not belong together.", {**ok, "access_token": "ACCESS-GOLDEN-2"}, "refuse", reason="at-hash", tag="documented")
    ans("type", "token_type is not Bearer.", {**ok, "token_type": "mac"}, "refuse", reason="token-type")
    ans("code_used", "The code was used before or belongs to another client.", {"error": "invalid_grant"}, "refuse", 400, reason="refused", error="invalid_grant", tag="documented")
    ans("client", "The client is not known.", {"error": "invalid_client"}, "refuse", 401, reason="refused", error="invalid_client", tag="documented")
    ans("html", "A login page.", "<html><body>login</body></html>", "refuse", headers=["Content-Type: text/html"], reason="body")
    ans("redirect", "A redirect.", "", "refuse", 302, headers=["Location: https://login.example.test/wa/auth"], reason="status")


def make_userinfo():
    U = CORE + ", 5.3"
    add("userinfo/request.http", "request", "documented", U + ".1", "With the access token in the header.",
        http("GET /https/api/rest/v3.0/oauth2/userinfo HTTP/1.1", ["Host: login.example.test", "Accept: application/json", "Authorization: Bearer " + ACCESS]),
        call={"operation": "userinfo", "access_token": ACCESS}, secrets=[ACCESS])
    J = ["Content-Type: application/json"]

    def ans(file, about, body, outcome="accept", status=200, headers=J, tag="inferred", reason=None, **k):
        add("userinfo/%s%s.http" % ("bad_" if outcome == "refuse" else "", file), "userinfo", tag, U + ".2" if outcome == "accept" else U + ".4", about,
            http("HTTP/1.1 %d %s" % (status, {200: "OK", 302: "Found", 401: "Unauthorized", 403: "Forbidden", 500: "Internal Server Error"}[status]), headers, body), status=status, sub="alice",
            outcome=outcome, reason=reason, **k)

    full = {"sub": "alice", "name": "Alice Example", "given_name": "Alice", "email": "alice@example.test", "email_verified": True}
    ans("answer", "Claims of the user.", full, tag="documented", claims={"name": "Alice Example", "email": "alice@example.test"})
    ans("only_sub", "The subject alone.", {"sub": "alice"}, tag="documented")
    ans("unknown_claims", "Claims that nobody knows.", {**full, "golden": {"a": [1, None]}, "email_verified": "true"}, claims={"name": "Alice Example"})
    ans("charset", "Content type with charset.", full, headers=["Content-Type: application/json; charset=utf-8"])
    ans("unicode", "Letters beyond ASCII.", {**full, "name": "Alice Exämple 例"}, claims={"name": "Alice Exämple 例"})
    ans("hostile", "A name with markup, escape sequence and a sign that turns the writing direction.", {**full, "name": "<script>\u001b[2J\u202e"}, tag="unknown")
    R = "refuse"
    ans("sub_other", "Another subject than the ID token's: the answer must not be used.", {**full, "sub": "bob"}, R, reason="sub", tag="documented")
    ans("sub_missing", "No subject.", {k: v for k, v in full.items() if k != "sub"}, R, reason="sub", tag="documented")
    ans("sub_case", "The subject in capitals.", {**full, "sub": "ALICE"}, R, reason="sub", tag="documented")
    ans("sub_space", "The subject with a space behind it.", {**full, "sub": "alice "}, R, reason="sub", tag="documented")
    ans("sub_number", "The subject is a number.", {**full, "sub": 1}, R, reason="sub")
    ans("sub_array", "The subject is an array.", {**full, "sub": ["alice"]}, R, reason="sub")
    ans("sub_twice", "Two subjects, the right one last.", '{"sub":"bob","sub":"alice"}', R, reason="sub", tag="unknown")
    ans("jwt", "A signed answer, which was not agreed on.", token(full), R, headers=["Content-Type: application/jwt"], reason="body")
    ans("html", "A login page.", "<html><body>login</body></html>", R, headers=["Content-Type: text/html"], reason="not-authenticated")
    ans("redirect", "A redirect to the login page.", "", R, 302, ["Location: https://login.example.test/wa/auth?authmech=Login"], reason="not-authenticated")
    ans("401", "The token is not accepted.", "", R, 401, ['WWW-Authenticate: Bearer realm="golden", error="invalid_token", error_description="The access token expired"'], reason="not-authenticated",
        error="invalid_token", tag="documented")
    ans("403", "The scope is not enough.", "", R, 403, ['WWW-Authenticate: Bearer error="insufficient_scope", scope="profile"'], reason="forbidden", error="insufficient_scope", tag="documented")
    ans("500", "The server failed.", "", R, 500, [], reason="server-error")
    ans("empty", "No body.", "", R, reason="body")
    ans("array", "An array.", [full], R, reason="body")


HEADER = """# OpenID Connect against Digital Access, code flow. Written by make_oidc.py (real keys, fixed seeds); do not edit by hand.
# The fields are explained in ../README.md. The paths of the endpoints are guesses of the notes; discovery names them.
"""


def make():
    for root, _, files in os.walk(HERE):
        for f in files:
            if f.endswith((".txt", ".http", ".json", ".jwt", ".test.key")):
                os.remove(os.path.join(root, f))
    for f in (make_issuers, make_discovery, make_authorize, make_callbacks, make_jwks, make_tokens, make_code_exchange, make_userinfo):
        f()
    names = [r["file"] for r in ROWS]
    assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
    write_index(HERE, HEADER, ROWS)
    from collections import Counter
    print(len(ROWS), Counter(r["kind"] for r in ROWS))


def check():
    """Has every signature judged by jwcrypto: good tokens verify, and those whose reason is another than signature, key, algorithm, shape or header do too."""
    from jwcrypto import jwk as jwk_, jws as jws_
    n = wrong = 0
    for r in ROWS:
        if r["kind"] != "id-token":
            continue
        with open(os.path.join(HERE, r["file"])) as fh:
            text = fh.read()
        with open(os.path.join(HERE, r["jwks"])) as fh:
            keys = [k for k in json.load(fh)["keys"] if k["kty"] in ("RSA", "EC", "OKP")]
        ok = False
        for k in keys:
            try:
                v = jws_.JWS()
                v.allowed_algs = ["RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA"]
                v.deserialize(text, jwk_.JWK(**k))
                kid = v.jose_header.get("kid")
                ok = ok or kid is None or k.get("kid") in (None, kid)
            except Exception:  # noqa: BLE001
                pass
        n += 1
        claims_only = r.get("reason") in (None, "iss", "aud", "azp", "nonce", "exp", "iat", "nbf", "sub", "at-hash", "c-hash", "auth-time", "acr", "payload")
        if claims_only and not ok or r.get("reason") == "signature" and ok:
            wrong += 1
            print(r["file"], r.get("reason"), ok)
    print(n, "tokens,", wrong, "surprises")


if __name__ == "__main__":
    make()
    if "--check" in sys.argv:
        check()
