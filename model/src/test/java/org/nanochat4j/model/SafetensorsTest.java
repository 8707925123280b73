package org.nanochat4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nanochat4j.engine.Bf16;

class SafetensorsTest {
    @TempDir
    Path folder;

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        return Files.write(folder.resolve("file.safetensors"), bytes.array());
    }

    @Test
    @DisplayName("what is written is read again; the same content gives the same bytes")
    void roundTrip() throws IOException {
        float[] floats = new float[600_001];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) Math.sin(i);
        }
        List<TensorSource> sources =
                List.of(TensorSource.of("a", floats, floats.length), TensorSource.of("n", new long[] {7, -1}, 2, 1));
        Path first = folder.resolve("1");
        Path second = folder.resolve("2");
        String sum = SafetensorsWriter.write(first, Map.of("format", "pt"), sources);
        SafetensorsWriter.write(second, Map.of("format", "pt"), sources);
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
        assertEquals(sum, HashedFile.checksum(first));
        try (SafetensorsFile read = SafetensorsFile.open(first)) {
            assertEquals(List.of("a", "n"), List.copyOf(read.tensors().keySet()));
            assertArrayEquals(floats, read.floats("a"));
            assertArrayEquals(new long[] {7, -1}, read.integers("n"));
            assertEquals(List.of(2L, 1L), read.tensor("n").shape());
            assertEquals("pt", read.metadata().get("format"));
        }
    }

    @Test
    @DisplayName("BF16, F16 and F64 become F32 on reading, I32 is read as whole numbers")
    void conversions() throws IOException {
        Path path = file(
                "{\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                        + "\"h\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[4,6]},"
                        + "\"i\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[6,10]},"
                        + "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[10,18]}}",
                18);
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int start = bytes.length - 18;
        data.putShort(start, (short) 0x3FC0).putShort(start + 2, (short) 0xC000);
        data.putShort(start + 4, Float.floatToFloat16(0.25f))
                .putInt(start + 6, -5)
                .putDouble(start + 10, 0.1);
        Files.write(path, bytes);
        try (SafetensorsFile read = SafetensorsFile.open(path)) {
            assertArrayEquals(new float[] {1.5f, -2f}, read.floats("b"));
            assertArrayEquals(new float[] {0.25f}, read.floats("h"));
            assertArrayEquals(new long[] {-5}, read.integers("i"));
            assertArrayEquals(new float[] {0.1f}, read.floats("d"));
            assertThrows(ModelException.BadCheckpoint.class, () -> read.floats("i"));
            assertThrows(ModelException.BadCheckpoint.class, () -> read.integers("b"));
            Thrown.says("no tensor x", ModelException.BadCheckpoint.class, () -> read.floats("x"));
        }
    }

    @ParameterizedTest(name = "{2}")
    @DisplayName("headers that lie are refused")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 4 | torn",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 12 | torn",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | 8 | takes 12",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | 12 | gap or an overlap",
                "{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}} | 8 | unknown type",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | 8 | extent or offset",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]}} | 8 | extent or offset",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}} | 8 | impossible",
                "{\"a\":{\"dtype\":\"F32\"}} | 0 | without shape",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
                        + " | 1 | not JSON",
                "{\"a\": | 0 | not JSON",
                "[1,2] | 0 | not a JSON object"
            })
    void lies(String header, int dataBytes, String says) throws IOException {
        Path path = file(header, dataBytes);
        String message = Thrown.message(ModelException.BadCheckpoint.class, () -> SafetensorsFile.open(path));
        assertTrue(message.contains(says), message);
    }

    @Test
    @DisplayName("a file cut at any place is refused")
    void cut() throws IOException {
        Path whole = folder.resolve("whole");
        SafetensorsWriter.write(whole, Map.of(), List.of(TensorSource.of("a", new float[40], 40)));
        byte[] bytes = Files.readAllBytes(whole);
        for (int length = 0; length < bytes.length; length++) {
            Path path = Files.write(folder.resolve("cut"), java.util.Arrays.copyOf(bytes, length));
            assertThrows(ModelException.BadCheckpoint.class, () -> SafetensorsFile.open(path));
        }
    }

    @Test
    void roundingToBf16() {
        assertEquals(1f, Bf16.round(1.00390625f), "tie to even");
        assertEquals(1.015625f, Bf16.round(1.01171875f), "tie to even");
        assertEquals(1.0078125f, Bf16.round(1.004f));
        assertEquals(-0.5f, Bf16.round(-0.5f));
    }
}
