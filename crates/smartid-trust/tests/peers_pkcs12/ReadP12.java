import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;

/** Says of each container what the JDK's own key store finds: "alias in hexadecimal,key,leaf,issuer,..." for each entry, one line a file. */
public class ReadP12 {
    static String read(String file, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12", "SunJSSE");
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            store.load(in, password);
        }
        var hex = HexFormat.of();
        var entries = new ArrayList<String>();
        for (String alias : Collections.list(store.aliases())) {
            Key key = store.getKey(alias, password);
            var entry = new StringBuilder(hex.formatHex(alias.getBytes(StandardCharsets.UTF_8)));
            entry.append(",").append(hex.formatHex(key.getEncoded()));
            for (Certificate one : store.getCertificateChain(alias)) {
                entry.append(",").append(hex.formatHex(one.getEncoded()));
            }
            entries.add(entry.toString());
        }
        return "yes " + String.join(" ", entries);
    }

    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i < arguments.length; i += 2) {
            byte[] password = HexFormat.of().parseHex(arguments[i + 1]);
            try {
                System.out.println(read(arguments[i], new String(password, StandardCharsets.UTF_8).toCharArray()));
            } catch (Exception e) {
                System.out.println("no " + e + " " + e.getCause());
            }
        }
    }
}
