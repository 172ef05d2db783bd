import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import org.apache.catalina.Service;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Catalina;

/** Starts Tomcat from conf/server.xml, says on which ports, and ends with standard input. */
public final class Start {
    private static final String[] NAMES = {"required", "required12", "late12", "late13"};

    public static void main(String[] arguments) throws Exception {
        Path base = Path.of(System.getProperty("catalina.base"));
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (FileInputStream ca = new FileInputStream(base.resolve("ca.pem").toFile())) {
            trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(ca));
        }
        try (FileOutputStream out = new FileOutputStream(base.resolve("conf/trusted.p12").toFile())) {
            trusted.store(out, "changeit".toCharArray());
        }

        Catalina catalina = new Catalina();
        catalina.setAwait(false);
        catalina.setUseShutdownHook(false);
        catalina.start();
        int named = 0;
        for (Service service : catalina.getServer().findServices()) {
            for (Connector connector : service.findConnectors()) {
                if (connector.getLocalPort() <= 0) {
                    System.err.println("connector " + NAMES[named] + " did not start");
                    Runtime.getRuntime().halt(1);
                }
                System.out.println(NAMES[named++] + "=" + connector.getLocalPort());
            }
        }
        System.out.println("ready");
        while (System.in.read() >= 0) {
            // Nothing is expected.
        }
        Runtime.getRuntime().halt(0);
    }
}
