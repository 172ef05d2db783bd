import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.CMSTypedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.util.Selector;

/** Issues certificates and checks officers' signatures, with Bouncy Castle. */
final class Authority {
    private static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

    private final X509Certificate ca;
    private final PrivateKey key;
    private final Map<String, X509Certificate> issued = new ConcurrentSkipListMap<>();
    private final Map<String, String> revoked = new ConcurrentSkipListMap<>();
    private final AtomicInteger next = new AtomicInteger(1000);

    Authority(Path base) throws Exception {
        ca = certificate((X509CertificateHolder) pem(Files.readString(base.resolve("ca.pem"))));
        key = new JcaPEMKeyConverter().getPrivateKey((PrivateKeyInfo) pem(Files.readString(base.resolve("ca.key"))));
    }

    private static Object pem(String text) throws Exception {
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            return parser.readObject();
        }
    }

    private static X509Certificate certificate(X509CertificateHolder holder) throws Exception {
        return new JcaX509CertificateConverter().setProvider(PROVIDER).getCertificate(holder);
    }

    static String subject(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }

    /** A request as DER, base64 or PEM; each byte is one character. */
    static byte[] readRequest(String field) throws Gateway.Refused {
        try {
            if (field.startsWith("\u0030")) {
                byte[] der = field.getBytes(StandardCharsets.ISO_8859_1);
                return new PKCS10CertificationRequest(der).getEncoded();
            }
            String base64 = field.replaceAll("-----[A-Z ]+-----", "");
            return new PKCS10CertificationRequest(Base64.getMimeDecoder().decode(base64)).getEncoded();
        } catch (Exception e) {
            throw new Gateway.Refused(-8, "pkcs10 cannot be read");
        }
    }

    /** Issues a certificate and gives its id. */
    String issue(byte[] csr) throws Exception {
        PKCS10CertificationRequest request = new PKCS10CertificationRequest(csr);
        if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider(PROVIDER)
                .build(request.getSubjectPublicKeyInfo()))) {
            throw new Gateway.Refused(-14, "pkcs10 is not signed by its key");
        }
        int number = next.getAndIncrement();
        Date now = new Date();
        JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
        X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
                new X509CertificateHolder(ca.getEncoded()).getSubject(), BigInteger.valueOf(number), now,
                new Date(now.getTime() + 86_400_000L), request.getSubject(), request.getSubjectPublicKeyInfo())
                .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                .addExtension(Extension.authorityKeyIdentifier, false, utils.createAuthorityKeyIdentifier(ca))
                .addExtension(Extension.subjectKeyIdentifier, false,
                        utils.createSubjectKeyIdentifier(request.getSubjectPublicKeyInfo()));
        ContentSigner signer = new JcaContentSignerBuilder("SHA256withECDSA").setProvider(PROVIDER).build(key);
        String id = "c" + number;
        issued.put(id, certificate(builder.build(signer)));
        return id;
    }

    void revoke(String id, String reason) throws Gateway.Refused {
        known(id);
        revoked.put(id, reason);
    }

    private X509Certificate known(String id) throws Gateway.Refused {
        X509Certificate certificate = issued.get(id);
        if (certificate == null) {
            throw new Gateway.Refused(-14, "no certificate " + id);
        }
        return certificate;
    }

    String list() {
        StringBuilder list = new StringBuilder("\"searchHits\":" + issued.size() + ",\"certificates\":[");
        issued.forEach((id, certificate) -> {
            list.append(list.charAt(list.length() - 1) == '[' ? "" : ",");
            list.append("{\"certid\":\"").append(id)
                    .append("\",\"status\":\"").append(revoked.containsKey(id) ? "revoked" : "active")
                    .append("\",\"certificateserialnumber\":\"").append(certificate.getSerialNumber().toString(16))
                    .append("\",\"validfrom\":").append(certificate.getNotBefore().getTime())
                    .append(",\"validto\":").append(certificate.getNotAfter().getTime())
                    .append(",\"subject\":").append(Gateway.quoted(subject(certificate)))
                    .append(",\"issuer\":").append(Gateway.quoted(subject(ca)))
                    .append(",\"subjectType\":\"EE\",\"validity\":\"valid\"}");
        });
        return list.append(']').toString();
    }

    /** The certificate in the form of this media type. */
    byte[] encoded(String id, String type) throws Exception {
        X509Certificate certificate = known(id);
        if (type.startsWith("application/pkix-cert")) {
            return certificate.getEncoded();
        }
        if (type.startsWith("application/pem-certificate-chain")) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            for (X509Certificate one : type.contains("depth=1") ? List.of(certificate) : List.of(certificate, ca)) {
                text.writeBytes("-----BEGIN CERTIFICATE-----\n".getBytes(StandardCharsets.US_ASCII));
                text.writeBytes(Base64.getMimeEncoder(64, new byte[] {'\n'}).encode(one.getEncoded()));
                text.writeBytes("\n-----END CERTIFICATE-----\n".getBytes(StandardCharsets.US_ASCII));
            }
            return text.toByteArray();
        }
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addCertificates(new JcaCertStore(List.of(ca, certificate)));
        return generator.generate(new CMSProcessableByteArray(new byte[0]), false).getEncoded("DER");
    }

    /** What was signed, when one officer of this CA has signed it. */
    byte[] content(String signature) throws Gateway.Refused {
        CMSSignedData message;
        try {
            message = new CMSSignedData(Base64.getMimeDecoder().decode(signature));
        } catch (IllegalArgumentException | CMSException e) {
            throw new Gateway.Refused(-17, "the signature is not CMS SignedData");
        }
        CMSTypedData content = message.getSignedContent();
        if (content == null || !(content.getContent() instanceof byte[])) {
            throw new Gateway.Refused(-17, "the signature is detached");
        }
        Collection<SignerInformation> signers = message.getSignerInfos().getSigners();
        if (signers.size() != 1) {
            throw new Gateway.Refused(-17, signers.size() + " signers");
        }
        SignerInformation signer = signers.iterator().next();
        @SuppressWarnings("unchecked")
        Selector<X509CertificateHolder> own = signer.getSID();
        Collection<X509CertificateHolder> certificates = message.getCertificates().getMatches(own);
        if (certificates.size() != 1) {
            throw new Gateway.Refused(-17, "the signer's certificate is not there");
        }
        try {
            X509Certificate officer = certificate(certificates.iterator().next());
            officer.verify(ca.getPublicKey(), PROVIDER);
            officer.checkValidity();
            if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(PROVIDER).build(officer))) {
                throw new Gateway.Refused(-17, "the signature is wrong");
            }
        } catch (Gateway.Refused refused) {
            throw refused;
        } catch (Exception e) {
            throw new Gateway.Refused(-17, "the signer is not an officer, or the signature is wrong: " + e.getMessage());
        }
        return (byte[]) content.getContent();
    }
}
