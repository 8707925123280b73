package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.airlift.compress.lz4.Lz4Compressor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputDecompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The deprecated LZ4 of parquet in all the forms that writers have given it. */
class CodecsTest {

    private static final byte[] PAGE =
            "the same words again and again ".repeat(400).getBytes(java.nio.charset.StandardCharsets.UTF_8);

    private static final BytesInputDecompressor LZ4 = new Codecs().getDecompressor(CompressionCodecName.LZ4);

    private static byte[] block(int from, int to) {
        var lz4 = new Lz4Compressor();
        byte[] target = new byte[lz4.maxCompressedLength(to - from)];
        return Arrays.copyOf(target, lz4.compress(PAGE, from, to - from, target, 0, target.length));
    }

    /** Hadoop's frame: uncompressed length, then each block with its compressed length. */
    private static byte[] frame(int from, int to, int blocks) {
        ByteBuffer frame = ByteBuffer.allocate(2 * PAGE.length + 100).putInt(to - from);
        for (int i = 0; i < blocks; i++) {
            byte[] block = block(from + (to - from) * i / blocks, from + (to - from) * (i + 1) / blocks);
            frame.putInt(block.length).put(block);
        }
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private static byte[] page(byte[] compressed) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(PAGE.length);
        LZ4.decompress(ByteBuffer.wrap(compressed), compressed.length, page, PAGE.length);
        return page.array();
    }

    @Test
    @DisplayName("one frame, a frame of several blocks, several frames, and a block without a frame")
    void forms() throws IOException {
        int middle = 5_000;
        byte[] first = frame(0, middle, 1);
        byte[] second = frame(middle, PAGE.length, 2);
        byte[] two = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, two, first.length, second.length);
        assertArrayEquals(PAGE, page(frame(0, PAGE.length, 1)));
        assertArrayEquals(PAGE, page(frame(0, PAGE.length, 3)));
        assertArrayEquals(PAGE, page(two));
        assertArrayEquals(PAGE, page(block(0, PAGE.length)));
    }

    @Test
    @DisplayName("a page cut anywhere is refused")
    void cut() {
        byte[] frame = frame(0, PAGE.length, 3);
        for (int length = 0; length < frame.length; length++) {
            byte[] cut = Arrays.copyOf(frame, length);
            assertThrows(IOException.class, () -> page(cut), () -> "cut at " + cut.length);
        }
    }
}
