import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.pkcs.*;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.crypto.ExtendedDigest;
import org.bouncycastle.crypto.digests.*;
import org.bouncycastle.crypto.util.*;
import org.bouncycastle.jcajce.PKCS12StoreParameter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OutputEncryptor;
import org.bouncycastle.pkcs.*;
import org.bouncycastle.pkcs.bc.BcPKCS12MacCalculatorBuilder;
import org.bouncycastle.pkcs.jcajce.*;

/**
 * Makes containers with the key stores of the JDK and of Bouncy Castle, and with Bouncy Castle's builder: Stores pki-directory job-file bc|plain.
 * A job is a line of name=value pairs with tabs between; passwords and aliases are hexadecimal of UTF-8.
 */
public class Stores {
    static Path pki;

    static X509Certificate cert(String tag) throws Exception {
        try (InputStream in = Files.newInputStream(pki.resolve(tag + ".der"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static PrivateKey key(String tag) throws Exception {
        String kind = tag.startsWith("rsa") ? "RSA" : tag.startsWith("p") ? "EC" : "Ed25519";
        return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(pki.resolve(tag + ".test.key"))));
    }

    static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    }

    /** entries: "key,alias,tag,certificate+certificate[,password]", "trusted,alias,certificate", "secret,alias", ";" between them. */
    static void keyStore(Map<String, String> job) throws Exception {
        char[] password = text(job.get("password")).toCharArray();
        for (String name : List.of("keyProtectionAlgorithm", "certProtectionAlgorithm", "macAlgorithm", "keyPbeIterationCount", "certPbeIterationCount",
                                   "macIterationCount")) {
            String value = job.get(name);
            if (value == null) {
                System.clearProperty("keystore.pkcs12." + name);
            } else {
                System.setProperty("keystore.pkcs12." + name, value);
            }
        }
        KeyStore store = KeyStore.getInstance(job.get("store"), job.get("provider"));
        store.load(null, password);
        for (String entry : job.get("entries").split(";")) {
            String[] part = entry.split(",");
            String alias = text(part[1]);
            switch (part[0]) {
                case "key" -> {
                    var chain = new ArrayList<Certificate>();
                    for (String tag : part[3].split("\\+")) {
                        chain.add(cert(tag));
                    }
                    char[] own = part.length > 4 ? text(part[4]).toCharArray() : password;
                    if (job.containsKey("attribute")) {
                        var mark = new PKCS12Attribute(job.get("attribute"), "a value of ours");
                        store.setEntry(alias, new KeyStore.PrivateKeyEntry(key(part[2]), chain.toArray(new Certificate[0]), Set.of(mark)),
                            new KeyStore.PasswordProtection(own));
                    } else {
                        store.setKeyEntry(alias, key(part[2]), own, chain.toArray(new Certificate[0]));
                    }
                }
                case "trusted" -> store.setCertificateEntry(alias, cert(part[2]));
                case "secret" -> store.setEntry(alias, new KeyStore.SecretKeyEntry(new SecretKeySpec(new byte[16], "AES")),
                    new KeyStore.PasswordProtection(password));
                default -> throw new IllegalArgumentException(part[0]);
            }
        }
        var out = new ByteArrayOutputStream();
        if (job.containsKey("der")) {
            store.store(new PKCS12StoreParameter(out, password, true));
        } else {
            store.store(out, "NONE".equals(job.get("macAlgorithm")) && password.length == 0 ? null : password);
        }
        Files.write(Path.of(job.get("out")), out.toByteArray());
    }

    static OutputEncryptor encryptor(String cipher, Map<String, String> job, char[] password) throws Exception {
        int count = Integer.parseInt(job.getOrDefault("iterations", "2048"));
        var oid = new ASN1ObjectIdentifier(cipher);
        JcePKCSPBEOutputEncryptorBuilder builder;
        if (job.containsKey("scrypt")) {
            builder = new JcePKCSPBEOutputEncryptorBuilder(new ScryptConfig.Builder(Integer.parseInt(job.get("scrypt")), 8, 1).withSaltLength(16).build(), oid);
        } else if (cipher.startsWith("1.2.840.113549.1.12.1.")) {
            builder = new JcePKCSPBEOutputEncryptorBuilder(oid).setIterationCount(count);
        } else {
            var prf = new AlgorithmIdentifier(new ASN1ObjectIdentifier(job.get("prf")), DERNull.INSTANCE);
            builder = new JcePKCSPBEOutputEncryptorBuilder(new PBKDF2Config.Builder().withPRF(prf).withIterationCount(count)
                .withSaltLength(Integer.parseInt(job.getOrDefault("salt", "16"))).build(), oid);
        }
        return builder.setProvider("BC").build(password);
    }

    static void builder(Map<String, String> job) throws Exception {
        char[] password = text(job.get("password")).toCharArray();
        String tag = job.get("key");
        var id = new JcaX509ExtensionUtils().createSubjectKeyIdentifier(cert(tag).getPublicKey());
        var leaf = new JcaPKCS12SafeBagBuilder(cert(tag));
        leaf.addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_friendlyName, new DERBMPString("Leaf"));
        leaf.addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_localKeyId, id);
        var issuing = new JcaPKCS12SafeBagBuilder(cert("issuing"));
        issuing.addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_friendlyName, new DERBMPString("Issuing"));
        var certs = job.containsKey("chain") ? new PKCS12SafeBag[] {leaf.build(), issuing.build(), new JcaPKCS12SafeBagBuilder(cert("root")).build()}
            : new PKCS12SafeBag[] {leaf.build()};
        var keyBag = job.containsKey("plainkey") ? new JcaPKCS12SafeBagBuilder(key(tag))
            : new JcaPKCS12SafeBagBuilder(key(tag), encryptor(job.get("keycipher"), job, password));
        keyBag.addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_friendlyName, new DERBMPString("Leaf"));
        keyBag.addBagAttribute(PKCSObjectIdentifiers.pkcs_9_at_localKeyId, id);
        var pfx = new PKCS12PfxPduBuilder();
        if (job.containsKey("certcipher")) {
            pfx.addEncryptedData(encryptor(job.get("certcipher"), job, password), certs);
        } else {
            for (var one : certs) {
                pfx.addData(one);
            }
        }
        pfx.addData(keyBag.build());
        PKCS12MacCalculatorBuilder mac = null;
        if (job.containsKey("mac")) {
            var digest = (ExtendedDigest) switch (job.get("mac")) {
                case "1.3.14.3.2.26" -> new SHA1Digest();
                case "2.16.840.1.101.3.4.2.4" -> new SHA224Digest();
                case "2.16.840.1.101.3.4.2.1" -> new SHA256Digest();
                case "2.16.840.1.101.3.4.2.2" -> new SHA384Digest();
                case "2.16.840.1.101.3.4.2.3" -> new SHA512Digest();
                default -> new SHA512tDigest(256);
            };
            mac = new BcPKCS12MacCalculatorBuilder(digest, new AlgorithmIdentifier(new ASN1ObjectIdentifier(job.get("mac")), DERNull.INSTANCE))
                .setIterationCount(Integer.parseInt(job.getOrDefault("maciterations", "1024")));
        }
        var made = pfx.build(mac, password).toASN1Structure();
        Files.write(Path.of(job.get("out")), job.containsKey("encoding") ? made.getEncoded(job.get("encoding")) : made.getEncoded());
    }

    public static void main(String[] args) throws Exception {
        // Without Bouncy Castle among the providers the JDK's store is another one: see the notes of the files java-bc-registered-*.
        if (args[2].equals("bc")) {
            Security.addProvider(new BouncyCastleProvider());
        }
        pki = Path.of(args[0]);
        for (String line : Files.readAllLines(Path.of(args[1]))) {
            var job = new HashMap<String, String>();
            for (String pair : line.split("\t")) {
                int at = pair.indexOf('=');
                job.put(pair.substring(0, at), pair.substring(at + 1));
            }
            try {
                if (job.containsKey("store")) {
                    keyStore(job);
                } else {
                    builder(job);
                }
                System.out.println("made");
            } catch (Exception e) {
                System.out.println("not made: " + String.valueOf(e.getMessage() == null ? e : e.getMessage()).replace("\n", " "));
            }
        }
    }
}
