package org.nanochat4j.engine.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** Golden values from the folder beside the repository; tests that need them are skipped where it is missing. */
public final class Golden {
    private Golden() {}

    /**
     * A file or folder below {@code golden/}.
     *
     * @param path relative
     * @return where it is
     */
    public static Path require(String path) {
        Path file = shared().resolve("golden").resolve(path);
        Assumptions.assumeTrue(
                Files.exists(file),
                "golden values not found at " + file + "; set -Dnanochat.shared to the folder that holds golden/");
        return file;
    }

    private static Path shared() {
        String property = System.getProperty("nanochat.shared");
        if (property != null) {
            return Path.of(property);
        }
        Path folder = Path.of("").toAbsolutePath();
        while (!(Files.exists(folder.resolve("pom.xml")) && Files.exists(folder.resolve("mvnw")))
                && folder.getParent() != null) {
            folder = folder.getParent();
        }
        return folder.resolveSibling("shared");
    }

    /**
     * A JSON file.
     *
     * @param path relative to {@code golden/}
     * @return its object
     */
    public static Map<?, ?> json(String path) {
        try {
            return (Map<?, ?>) Json.parse(Files.readString(require(path)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The F32 tensors of one safetensors file: a header of JSON behind its length, then the numbers. */
    public static final class Tensors {
        private final ByteBuffer data;
        private final Map<?, ?> header;

        /**
         * Opens a file.
         *
         * @param path relative to {@code golden/}
         */
        public Tensors(String path) {
            try {
                ByteBuffer file =
                        ByteBuffer.wrap(Files.readAllBytes(require(path))).order(ByteOrder.LITTLE_ENDIAN);
                byte[] json = new byte[Math.toIntExact(file.getLong())];
                file.get(json);
                this.header = (Map<?, ?>) Json.parse(new String(json, StandardCharsets.UTF_8));
                this.data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Map<?, ?> entry(String name) {
            if (!(header.get(name) instanceof Map<?, ?> entry)) {
                throw new IllegalArgumentException("no tensor " + name);
            }
            return entry;
        }

        /**
         * The extents of a tensor.
         *
         * @param name as in the file
         * @return outermost first
         */
        public int[] dims(String name) {
            return ((List<?>) entry(name).get("shape"))
                    .stream().mapToInt(dim -> ((Double) dim).intValue()).toArray();
        }

        /**
         * The numbers of an F32 tensor.
         *
         * @param name as in the file
         * @return row-major
         */
        public float[] floats(String name) {
            Map<?, ?> entry = entry(name);
            if (!"F32".equals(entry.get("dtype"))) {
                throw new IllegalArgumentException(name + " is " + entry.get("dtype"));
            }
            List<?> offsets = (List<?>) entry.get("data_offsets");
            int start = ((Double) offsets.get(0)).intValue();
            int end = ((Double) offsets.get(1)).intValue();
            float[] values = new float[(end - start) / Float.BYTES];
            data.slice(start, end - start)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
            return values;
        }
    }
}
