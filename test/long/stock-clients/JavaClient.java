import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Follows a stream with java.net.http. Prints each event as a line of JSON, and resumes with Last-Event-ID. */
class JavaClient {
    private static String lastId;

    public static void main(String[] args) throws Exception {
        HttpClient.Builder builder = HttpClient.newBuilder();
        HttpClient client = (args[1].isEmpty() ? builder : builder.sslContext(trusted(args[1]))).build();
        while (true) {
            try {
                follow(client, args[0]);
            } catch (Exception error) {
                System.err.println(error);
            }
            Thread.sleep(300);
        }
    }

    private static SSLContext trusted(String certificate) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        byte[] pem = Files.readAllBytes(Path.of(certificate));
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        store.setCertificateEntry("hub", factory.generateCertificate(new ByteArrayInputStream(pem)));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static void follow(HttpClient client, String url) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (lastId != null) request.header("Last-Event-ID", lastId);
        Map<String, String> event = new HashMap<>();
        Iterator<String> lines = client.send(request.build(), BodyHandlers.ofLines()).body().iterator();
        while (lines.hasNext()) {
            String[] field = lines.next().split(": ", 2);
            if (!field[0].isEmpty()) {
                event.put(field[0], field.length > 1 ? field[1] : "");
                continue;
            }
            take(event);
            event.clear();
        }
    }

    /** Java has no parser of JSON. So this client adds its members to the text, and the test parses the line. */
    private static void take(Map<String, String> event) {
        lastId = event.getOrDefault("id", lastId);
        String data = event.get("data");
        if (data == null) return;
        String type = "pharos-gap".equals(event.get("event")) ? "gap" : "message";
        String more = String.format(",\"type\":\"%s\",\"atMs\":%d}", type, System.currentTimeMillis());
        System.out.println(data.replaceFirst("}$", more));
    }
}
