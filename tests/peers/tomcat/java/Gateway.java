import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * As much of Certificate Manager's REST API as a client needs to meet a real Tomcat: officers by their TLS certificate, writes in two
 * steps, the CMS checked by Bouncy Castle.
 *
 * <pre>
 * GET  /certificates                  {"error":0,"msg":"","searchHits":n,"certificates":[...]}, what was issued since the start
 * GET  /certificates/{id}/download    the certificate, as Accept says: application/pkix-cert, application/pem-certificate-chain (with
 *                                     depth=1 the leaf alone), and for anything else certs-only PKCS #7 as DER; header certId
 * GET  /...                           {"error":0,"msg":"","officer":"subject","serial":"hex","protocol":"TLSv1.3","connection":port,
 *                                     "procedures":[{"name":"..."}]}; connection is the client's port, the same for the same connection
 * POST /certificates/pkcs10           the new certificate, in the same forms; fields pkcs10 (PEM, base64 or DER), procname?, validfrom?,
 *                                     validto?, signature?
 * POST /certificates/revoke           fields certId or certid (each once or several times), reason, signature?
 * </pre>
 *
 * Fields come as multipart/form-data (with or without file names) or application/x-www-form-urlencoded. Without signature a POST is
 * answered with error -19 and dataToSign; that can be used once, with the same fields. Refusals are JSON with status 200 and error -7 (a
 * field is missing), -8 (it cannot be read), -14 (no such certificate) or -17 (the signature: msg says what is wrong with it).
 */
public final class Gateway extends HttpServlet {
    private static final long serialVersionUID = 1;

    private transient Authority authority;
    private final transient Map<String, SortedMap<String, List<String>>> handedOut = new ConcurrentHashMap<>();

    /** An answer with an error code. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        final int code;

        Refused(int code, String message) {
            super(message);
            this.code = code;
        }
    }

    @Override
    public void init() throws ServletException {
        try {
            authority = new Authority(Path.of(System.getProperty("catalina.base")));
        } catch (Exception e) {
            throw new ServletException(e);
        }
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        String path = request.getPathInfo() == null ? "/" : request.getPathInfo();
        try {
            X509Certificate[] chain = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
            if (chain == null) {
                response.setStatus(403);
                throw new Refused(-15, "no client certificate");
            }
            switch (request.getMethod() + " " + path.replaceAll("/certificates/[A-Za-z0-9]+/download", "download")) {
                case "GET download":
                    send(response, path.split("/")[2], request.getHeader("Accept"));
                    break;
                case "GET /certificates":
                    json(response, "\"error\":0,\"msg\":\"\"," + authority.list());
                    break;
                case "POST /certificates/pkcs10":
                    issue(request, response);
                    break;
                case "POST /certificates/revoke":
                    revoke(request, response);
                    break;
                default:
                    if (!request.getMethod().equals("GET")) {
                        response.sendError(405);
                        return;
                    }
                    json(response, "\"error\":0,\"msg\":\"\",\"officer\":" + quoted(Authority.subject(chain[0])) + ",\"serial\":\""
                            + chain[0].getSerialNumber().toString(16) + "\",\"protocol\":\""
                            + request.getAttribute("org.apache.tomcat.util.net.secure_protocol_version")
                            + "\",\"connection\":" + request.getRemotePort() + ",\"procedures\":[{\"name\":\"Example procedure\"}]");
            }
        } catch (Refused refused) {
            json(response, "\"error\":" + refused.code + ",\"msg\":" + quoted(refused.getMessage()));
        } catch (Exception e) {
            throw new ServletException(e);
        }
    }

    private void issue(HttpServletRequest request, HttpServletResponse response) throws Exception {
        SortedMap<String, List<String>> fields = fields(request);
        byte[] csr = Authority.readRequest(one(fields, "pkcs10"));
        if (isSigned(fields, response)) {
            send(response, authority.issue(csr), request.getHeader("Accept"));
        }
    }

    private void revoke(HttpServletRequest request, HttpServletResponse response) throws Exception {
        SortedMap<String, List<String>> fields = fields(request);
        one(fields, "reason");
        List<String> ids = fields.getOrDefault("certId", fields.get("certid"));
        if (ids == null) {
            throw new Refused(-7, "missing field certId");
        }
        if (isSigned(fields, response)) {
            for (String id : ids) {
                authority.revoke(id, one(fields, "reason"));
            }
            json(response, "\"error\":0,\"msg\":\"\"");
        }
    }

    /** Whether a signature came and is right. If none came, data to sign is answered. */
    private boolean isSigned(SortedMap<String, List<String>> fields, HttpServletResponse response) throws Exception {
        List<String> signature = fields.remove("signature");
        if (signature == null) {
            String text = "Sign " + UUID.randomUUID() + "\r\n" + fields + "\u00e9\n";
            handedOut.put(text, fields);
            byte[] data = text.getBytes(StandardCharsets.UTF_8);
            json(response, "\"error\":-19,\"msg\":\"Sign request and send again\",\"dataToSign\":\""
                    + Base64.getEncoder().encodeToString(data) + "\"");
            return false;
        }
        if (signature.size() != 1) {
            throw new Refused(-17, "several signatures");
        }
        String content = new String(authority.content(signature.get(0)), StandardCharsets.UTF_8);
        SortedMap<String, List<String>> then = handedOut.remove(content);
        if (then == null) {
            throw new Refused(-17, "the content was not handed out, or was used before");
        }
        if (!then.equals(fields)) {
            throw new Refused(-17, "the fields are not those of the first request");
        }
        return true;
    }

    private void send(HttpServletResponse response, String id, String accept) throws Exception {
        String type = "application/pkcs7-mime";
        for (String wanted : accept == null ? new String[0] : accept.split(",")) {
            if (wanted.trim().startsWith("application/pkix-cert") || wanted.trim().startsWith("application/pem-certificate-chain")) {
                type = wanted.trim();
                break;
            }
        }
        byte[] body = authority.encoded(id, type);
        response.setContentType(type);
        response.setHeader("certId", id);
        response.getOutputStream().write(body);
    }

    private static SortedMap<String, List<String>> fields(HttpServletRequest request) throws Exception {
        SortedMap<String, List<String>> fields = new TreeMap<>();
        String type = request.getContentType() == null ? "" : request.getContentType();
        if (type.startsWith("multipart/form-data")) {
            for (Part part : request.getParts()) {
                // One character for each byte: a field may be DER.
                String value = new String(part.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
                fields.computeIfAbsent(part.getName(), name -> new ArrayList<>()).add(value);
            }
        } else if (type.startsWith("application/x-www-form-urlencoded")) {
            request.getParameterMap().forEach((name, values) -> fields.put(name, new ArrayList<>(List.of(values))));
        } else {
            throw new Refused(-8, "content type " + type);
        }
        return fields;
    }

    private static String one(Map<String, List<String>> fields, String name) throws Refused {
        List<String> values = fields.get(name);
        if (values == null || values.size() != 1) {
            throw new Refused(-7, "missing field " + name);
        }
        return values.get(0);
    }

    private static void json(HttpServletResponse response, String members) throws IOException {
        response.setContentType("application/json");
        response.getOutputStream().write(("{" + members + "}").getBytes(StandardCharsets.UTF_8));
    }

    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\' || c < 0x20) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
