package org.nanochat4j.engine.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    public static Json json(String path) {
        try {
            return Json.parse(Files.readString(require(path)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The F32 and BF16 tensors of one safetensors file: a header of JSON behind its length, then the numbers. */
    public static final class Tensors {
        private final ByteBuffer data;
        private final Json header;

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
                this.header = Json.parse(new String(json, StandardCharsets.UTF_8));
                this.data = file.slice().order(ByteOrder.LITTLE_ENDIAN);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /**
         * The extents of a tensor.
         *
         * @param name as in the file
         * @return outermost first
         */
        public int[] dims(String name) {
            return header.get(name).get("shape").list().stream()
                    .mapToInt(dim -> (int) dim.number())
                    .toArray();
        }

        /**
         * Whether there is a tensor.
         *
         * @param name as in the file
         * @return whether there is
         */
        public boolean has(String name) {
            return header.has(name);
        }

        /**
         * The numbers of an F32 or BF16 tensor.
         *
         * @param name as in the file
         * @return row-major
         */
        public float[] floats(String name) {
            Json entry = header.get(name);
            List<Json> offsets = entry.get("data_offsets").list();
            int start = (int) offsets.get(0).number();
            int end = (int) offsets.get(1).number();
            ByteBuffer bytes = data.slice(start, end - start).order(ByteOrder.LITTLE_ENDIAN);
            return switch (entry.get("dtype").text()) {
                case "F32" -> {
                    float[] values = new float[bytes.remaining() / Float.BYTES];
                    bytes.asFloatBuffer().get(values);
                    yield values;
                }
                case "BF16" -> {
                    float[] values = new float[bytes.remaining() / Short.BYTES];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = Float.intBitsToFloat(bytes.getShort() << 16);
                    }
                    yield values;
                }
                default -> throw new IllegalArgumentException(name + " is " + entry.get("dtype"));
            };
        }
    }
}
