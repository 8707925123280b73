package org.nanochat4j.train.data;

import io.airlift.compress.Compressor;
import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Parquet page compression in Java alone: zstd, snappy, gzip and both kinds of LZ4 are read, zstd is written.
 *
 * <p>The library's own factory needs a Hadoop installation and native zstd; this one needs neither.
 */
final class Codecs implements CompressionCodecFactory {

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName codec) {
        return switch (codec) {
            case UNCOMPRESSED -> new Stored();
            case ZSTD -> new Compress(codec, new ZstdCompressor());
            default -> throw new IllegalArgumentException("pages are written as ZSTD or UNCOMPRESSED, not " + codec);
        };
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
        return switch (codec) {
            case UNCOMPRESSED -> new Stored();
            case ZSTD -> new Decompress(codec, blockwise(new ZstdDecompressor()));
            case SNAPPY -> new Decompress(codec, blockwise(new SnappyDecompressor()));
            case LZ4_RAW -> new Decompress(codec, blockwise(new Lz4Decompressor()));
            case LZ4 -> new Decompress(codec, Codecs::hadoopLz4);
            case GZIP -> new Decompress(codec, Codecs::gunzip);
            default ->
                throw new UnsupportedOperationException("compression " + codec
                        + " is not supported; supported are ZSTD, SNAPPY, GZIP, LZ4, LZ4_RAW and UNCOMPRESSED");
        };
    }

    @Override
    public void release() {
        // nothing is held between pages
    }

    /** One page: fills {@code page} and returns the number of bytes written to it. */
    private interface Inflate {
        int into(byte[] compressed, byte[] page) throws IOException;
    }

    private static Inflate blockwise(Decompressor decompressor) {
        return (compressed, page) -> decompressor.decompress(compressed, 0, compressed.length, page, 0, page.length);
    }

    private static int gunzip(byte[] compressed, byte[] page) throws IOException {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
            return in.readNBytes(page, 0, page.length);
        }
    }

    /**
     * The deprecated LZ4 of the parquet format: Hadoop's frames, each of an uncompressed length and then blocks of a compressed length and data, all lengths
     * big-endian; or, from old versions of parquet-cpp, one block without a frame. Told apart as Arrow does: what does not parse as frames is a block.
     */
    private static int hadoopLz4(byte[] compressed, byte[] page) {
        int framed = frames(compressed, page);
        return framed >= 0
                ? framed
                : new Lz4Decompressor().decompress(compressed, 0, compressed.length, page, 0, page.length);
    }

    /** Bytes written to the page, or -1 where these are no frames. */
    private static int frames(byte[] compressed, byte[] page) {
        var lz4 = new Lz4Decompressor();
        ByteBuffer in = ByteBuffer.wrap(compressed);
        int written = 0;
        while (in.remaining() >= Integer.BYTES) {
            int end = written + in.getInt();
            if (end < written || end > page.length) {
                return -1;
            }
            while (written < end) {
                int length = in.remaining() >= Integer.BYTES ? in.getInt() : -1;
                if (length < 0 || length > in.remaining()) {
                    return -1;
                }
                try {
                    written += lz4.decompress(compressed, in.position(), length, page, written, end - written);
                } catch (RuntimeException e) {
                    return -1;
                }
                in.position(in.position() + length);
            }
        }
        return in.hasRemaining() || written != page.length ? -1 : written;
    }

    private static byte[] bytes(BytesInput input) throws IOException {
        var bytes = new ByteArrayOutputStream(Math.toIntExact(input.size()));
        input.writeAllTo(bytes);
        return bytes.toByteArray();
    }

    private record Compress(CompressionCodecName codec, Compressor compressor) implements BytesInputCompressor {

        @Override
        public BytesInput compress(BytesInput bytes) throws IOException {
            byte[] page = Codecs.bytes(bytes);
            byte[] target = new byte[compressor.maxCompressedLength(page.length)];
            int length = compressor.compress(page, 0, page.length, target, 0, target.length);
            return BytesInput.from(Arrays.copyOf(target, length));
        }

        @Override
        public CompressionCodecName getCodecName() {
            return codec;
        }

        @Override
        public void release() {
            // the compressor's tables are ordinary heap
        }
    }

    private record Decompress(CompressionCodecName codec, Inflate inflate) implements BytesInputDecompressor {

        @Override
        public BytesInput decompress(BytesInput bytes, int size) throws IOException {
            return BytesInput.from(page(Codecs.bytes(bytes), size));
        }

        @Override
        public void decompress(ByteBuffer input, int compressedSize, ByteBuffer output, int size) throws IOException {
            byte[] compressed = new byte[compressedSize];
            input.get(compressed);
            output.put(page(compressed, size));
        }

        private byte[] page(byte[] compressed, int size) throws IOException {
            byte[] page = new byte[size];
            int length;
            try {
                length = inflate.into(compressed, page);
            } catch (RuntimeException e) {
                // the codecs report damaged input by unchecked exceptions of several kinds
                throw new IOException("damaged " + codec + " page", e);
            }
            if (length != size) {
                throw new IOException(codec + " page of " + length + " bytes where the header says " + size);
            }
            return page;
        }

        @Override
        public void release() {
            // the decompressor's tables are ordinary heap
        }
    }

    private record Stored() implements BytesInputCompressor, BytesInputDecompressor {

        @Override
        public BytesInput compress(BytesInput bytes) {
            return bytes;
        }

        @Override
        public CompressionCodecName getCodecName() {
            return CompressionCodecName.UNCOMPRESSED;
        }

        @Override
        public BytesInput decompress(BytesInput bytes, int size) {
            return bytes;
        }

        @Override
        public void decompress(ByteBuffer input, int compressedSize, ByteBuffer output, int size) {
            byte[] page = new byte[compressedSize];
            input.get(page);
            output.put(page);
        }

        @Override
        public void release() {
            // nothing held
        }
    }
}
