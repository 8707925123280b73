package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Reference values that live beside the repository; a test that needs them is skipped where they are absent. */
public final class Golden {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Golden() {}

    /** A file or folder under {@code shared}; skips the calling test if it is not there. */
    public static Path shared(String path) {
        Path file = root().resolve(path);
        Assumptions.assumeTrue(Files.exists(file), () -> "skipped: no reference data at " + file);
        return file;
    }

    /** A JSON file under {@code shared}. */
    public static JsonNode json(String path) {
        return JSON.readTree(shared(path).toFile());
    }

    /** One I32 tensor of a safetensors file under {@code shared}, flattened. */
    static int[] integers(String path, String tensor) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(shared(path))).order(ByteOrder.LITTLE_ENDIAN);
        int headerLength = Math.toIntExact(file.getLong());
        byte[] header = new byte[headerLength];
        file.get(header);
        JsonNode entry =
                JSON.readTree(new String(header, StandardCharsets.UTF_8)).get(tensor);
        if (!entry.get("dtype").asString().equals("I32")) {
            throw new IOException(tensor + " is " + entry);
        }
        int from = entry.get("data_offsets").get(0).asInt();
        int to = entry.get("data_offsets").get(1).asInt();
        int[] values = new int[(to - from) / Integer.BYTES];
        file.slice(8 + headerLength + from, to - from)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer()
                .get(values);
        return values;
    }

    private static Path root() {
        String override = System.getProperty("nanochat.shared");
        if (override != null) {
            return Path.of(override);
        }
        @Nullable Path folder = Path.of("").toAbsolutePath();
        while (folder != null) {
            if (Files.exists(folder.resolve("mvnw")) && Files.exists(folder.resolve("pom.xml"))) {
                return folder.resolveSibling("shared");
            }
            folder = folder.getParent();
        }
        return Path.of("shared");
    }
}
