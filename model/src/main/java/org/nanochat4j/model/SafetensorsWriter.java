package org.nanochat4j.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes safetensors files in pieces. The bytes depend on names, order and values only.
 *
 * <p>The header is padded with blanks so that tensors start at a multiple of 64 bytes.
 */
public final class SafetensorsWriter {
    private static final int ALIGNMENT = 64;
    private static final int LENGTH_BYTES = 8;
    private static final int PIECE = 1 << 20;

    private SafetensorsWriter() {}

    /**
     * Writes a new file and forces it to disk.
     *
     * @param file must not exist
     * @param metadata free text for the header
     * @param tensors in the order of the file
     * @return the SHA-256 of the file, in hexadecimal
     * @throws IOException if it cannot be written; what was written of the file stays
     */
    public static String write(Path file, Map<String, String> metadata, List<TensorSource> tensors) throws IOException {
        byte[] header = header(metadata, tensors);
        try (HashedFile out = HashedFile.create(file);
                Arena arena = Arena.ofConfined()) {
            out.write(ByteBuffer.allocate(LENGTH_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(0, header.length));
            out.write(ByteBuffer.wrap(header));
            MemorySegment piece = arena.allocate(PIECE, ALIGNMENT);
            for (TensorSource tensor : tensors) {
                long size = tensor.byteCount();
                for (long offset = 0; offset < size; offset += PIECE) {
                    MemorySegment part = piece.asSlice(0, Math.min(PIECE, size - offset));
                    tensor.bytes().read(offset, part);
                    out.write(part.asByteBuffer());
                }
            }
            return out.finish();
        }
    }

    private static byte[] header(Map<String, String> metadata, List<TensorSource> tensors) {
        ObjectNode root = Json.STRICT.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode free = root.putObject("__metadata__");
            metadata.forEach(free::put);
        }
        Set<String> names = new HashSet<>();
        long position = 0;
        for (TensorSource tensor : tensors) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("two tensors are named " + tensor.name());
            }
            ObjectNode entry = root.putObject(tensor.name());
            entry.put("dtype", tensor.type().name());
            ArrayNode shape = entry.putArray("shape");
            tensor.shape().forEach(shape::add);
            entry.putArray("data_offsets").add(position).add(position + tensor.byteCount());
            position += tensor.byteCount();
        }
        byte[] json = Json.STRICT.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(LENGTH_BYTES + json.length, ALIGNMENT) * ALIGNMENT - LENGTH_BYTES;
        byte[] header = new byte[padded];
        Arrays.fill(header, (byte) ' ');
        System.arraycopy(json, 0, header, 0, json.length);
        return header;
    }
}
