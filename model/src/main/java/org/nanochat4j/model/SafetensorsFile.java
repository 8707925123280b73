package org.nanochat4j.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nanochat4j.engine.Bf16;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A safetensors file, mapped into memory: a length, a JSON header that names every tensor, and their bytes.
 *
 * <p>The header is checked completely when the file is opened: every byte behind it belongs to exactly one tensor, and every tensor has as many bytes as
 * its type and shape need. Source of the format: Hugging Face, safetensors.
 */
public final class SafetensorsFile implements AutoCloseable {
    private static final int LENGTH_BYTES = 8;
    /** What the reference reader takes; a longer header is a sign of another format. */
    private static final long LONGEST_HEADER = 100_000_000;

    private static final ValueLayout.OfLong LITTLE_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LITTLE_INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort LITTLE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat LITTLE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble LITTLE_DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final Arena arena;
    private final MemorySegment data;
    private final Map<String, StoredTensor> tensors;
    private final Map<String, String> metadata;

    private SafetensorsFile(
            Path path,
            Arena arena,
            MemorySegment data,
            Map<String, StoredTensor> tensors,
            Map<String, String> metadata) {
        this.path = path;
        this.arena = arena;
        this.data = data;
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /**
     * Opens a file and checks its header.
     *
     * @param path the file
     * @return the open file
     * @throws IOException if it cannot be read
     * @throws ModelException.BadCheckpoint if it is torn or of another format
     */
    public static SafetensorsFile open(Path path) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < LENGTH_BYTES) {
                throw bad(path, "has only " + size + " bytes, not even a header length");
            }
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            long header = all.get(LITTLE_LONG, 0);
            if (header < 2 || header > LONGEST_HEADER || header > size - LENGTH_BYTES) {
                throw bad(path, "names a header of " + header + " bytes in a file of " + size);
            }
            byte[] json = all.asSlice(LENGTH_BYTES, header).toArray(ValueLayout.JAVA_BYTE);
            MemorySegment data = all.asSlice(LENGTH_BYTES + header);
            Map<String, StoredTensor> tensors = new LinkedHashMap<>();
            Map<String, String> metadata = new LinkedHashMap<>();
            parse(path, json, tensors, metadata);
            checkCoverage(path, tensors.values().stream().toList(), data.byteSize());
            return new SafetensorsFile(path, arena, data, tensors, metadata);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static void parse(Path path, byte[] json, Map<String, StoredTensor> tensors, Map<String, String> metadata) {
        JsonNode header;
        try {
            header = Json.STRICT.readTree(new String(json, StandardCharsets.UTF_8));
        } catch (JacksonException e) {
            throw bad(path, "has a header that is not JSON (" + e.getOriginalMessage() + ")");
        }
        if (!header.isObject()) {
            throw bad(path, "has a header that is not a JSON object");
        }
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (entry.getKey().equals("__metadata__")) {
                entry.getValue()
                        .properties()
                        .forEach(pair ->
                                metadata.put(pair.getKey(), pair.getValue().asString()));
            } else {
                tensors.put(entry.getKey(), tensor(path, entry.getKey(), entry.getValue()));
            }
        }
    }

    private static StoredTensor tensor(Path path, String name, JsonNode node) {
        StoredType type;
        try {
            type = StoredType.valueOf(node.path("dtype").asString());
        } catch (IllegalArgumentException | JacksonException e) {
            throw bad(path, "has tensor " + name + " of unknown type " + node.path("dtype"));
        }
        JsonNode dims = node.path("shape");
        JsonNode offsets = node.path("data_offsets");
        if (!dims.isArray() || !offsets.isArray() || offsets.size() != 2) {
            throw bad(path, "has tensor " + name + " without shape or data_offsets");
        }
        List<Long> shape = new ArrayList<>();
        long elements = 1;
        try {
            for (JsonNode dim : dims) {
                shape.add(natural(path, name, dim));
                elements = Math.multiplyExact(elements, shape.getLast());
            }
            long begin = natural(path, name, offsets.get(0));
            long end = natural(path, name, offsets.get(1));
            if (end - begin != Math.multiplyExact(elements, type.bytes())) {
                throw bad(
                        path,
                        "has tensor " + name + " of " + (end - begin) + " bytes, but " + type + " " + shape + " takes "
                                + elements * type.bytes());
            }
            return new StoredTensor(name, type, shape, begin, end);
        } catch (ArithmeticException e) {
            throw bad(path, "has tensor " + name + " of an impossible shape " + dims);
        }
    }

    private static long natural(Path path, String name, JsonNode node) {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
            throw bad(path, "has tensor " + name + " with the extent or offset " + node);
        }
        return node.longValue();
    }

    private static void checkCoverage(Path path, List<StoredTensor> tensors, long dataBytes) {
        List<StoredTensor> byOffset = new ArrayList<>(tensors);
        byOffset.sort(Comparator.comparingLong(StoredTensor::begin).thenComparingLong(StoredTensor::end));
        long position = 0;
        for (StoredTensor tensor : byOffset) {
            if (tensor.begin() != position) {
                throw bad(
                        path,
                        "has a gap or an overlap before tensor " + tensor.name() + " at byte " + tensor.begin()
                                + " (expected " + position + ")");
            }
            position = tensor.end();
        }
        if (position != dataBytes) {
            throw bad(path, "is torn: its tensors take " + position + " bytes, " + dataBytes + " are there");
        }
    }

    private static ModelException.BadCheckpoint bad(Path path, String problem) {
        return new ModelException.BadCheckpoint(
                path + " " + problem + "; use another copy of the file, or write it again as safetensors");
    }

    /** {@return the file} */
    public Path path() {
        return path;
    }

    /** {@return the tensors by name, in the order of the header} */
    public Map<String, StoredTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** {@return the header's free text} */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /**
     * One tensor's entry.
     *
     * @param name which
     * @return its entry
     * @throws ModelException.BadCheckpoint if there is none of this name
     */
    public StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new ModelException.BadCheckpoint(path + " has no tensor " + name + "; it has " + tensors.size()
                    + " others: check that it is the right file");
        }
        return tensor;
    }

    /**
     * Reads a part of a floating-point tensor as F32.
     *
     * @param name which
     * @param first index of the first element
     * @param target takes the elements, native order; its size says how many
     * @throws ModelException.BadCheckpoint if the tensor holds no floats
     */
    public void readFloats(String name, long first, MemorySegment target) {
        StoredTensor tensor = tensor(name);
        long count = target.byteSize() / Float.BYTES;
        MemorySegment source = bytes(tensor)
                .asSlice(first * tensor.type().bytes(), count * tensor.type().bytes());
        switch (tensor.type()) {
            case F32 -> MemorySegment.copy(source, LITTLE_FLOAT, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
            case BF16 -> {
                for (long i = 0; i < count; i++) {
                    float value = Bf16.toFloat(source.get(LITTLE_SHORT, 2 * i));
                    target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, value);
                }
            }
            case F16 -> {
                for (long i = 0; i < count; i++) {
                    float value = Float.float16ToFloat(source.get(LITTLE_SHORT, 2 * i));
                    target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, value);
                }
            }
            case F64 -> {
                for (long i = 0; i < count; i++) {
                    target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, (float) source.get(LITTLE_DOUBLE, 8 * i));
                }
            }
            case I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                throw new ModelException.BadCheckpoint(
                        path + ": " + name + " holds " + tensor.type() + ", not floating-point numbers");
        }
    }

    /**
     * All of a floating-point tensor as F32.
     *
     * @param name which
     * @return a copy, row-major
     */
    public float[] floats(String name) {
        float[] values = new float[Math.toIntExact(tensor(name).elements())];
        readFloats(name, 0, MemorySegment.ofArray(values));
        return values;
    }

    /**
     * All of an I32 or I64 tensor.
     *
     * @param name which
     * @return a copy, row-major
     */
    public long[] integers(String name) {
        StoredTensor tensor = tensor(name);
        MemorySegment source = bytes(tensor);
        long[] values = new long[Math.toIntExact(tensor.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (tensor.type()) {
                case I64 -> source.get(LITTLE_LONG, 8L * i);
                case I32 -> source.get(LITTLE_INT, 4L * i);
                case F64, F32, F16, BF16, I16, I8, U64, U32, U16, U8, BOOL ->
                    throw new ModelException.BadCheckpoint(
                            path + ": " + name + " holds " + tensor.type() + ", not I32 or I64");
            };
        }
        return values;
    }

    private MemorySegment bytes(StoredTensor tensor) {
        return data.asSlice(tensor.begin(), tensor.end() - tensor.begin());
    }

    @Override
    public void close() {
        arena.close();
    }
}
