package org.nanochat4j.train.data;

import io.airlift.compress.lz4.Lz4Compressor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Writes pages as Hadoop's LZ4 codec does: the length of the page, that of one block, the block. */
final class HadoopLz4 implements CompressionCodecFactory {

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName name) {
        return new BytesInputCompressor() {

            @Override
            public BytesInput compress(BytesInput bytes) throws IOException {
                var all = new ByteArrayOutputStream();
                bytes.writeAllTo(all);
                byte[] page = all.toByteArray();
                var lz4 = new Lz4Compressor();
                byte[] block = new byte[lz4.maxCompressedLength(page.length)];
                int length = lz4.compress(page, 0, page.length, block, 0, block.length);
                ByteBuffer frame = ByteBuffer.allocate(2 * Integer.BYTES + length);
                frame.putInt(page.length).putInt(length).put(block, 0, length);
                return BytesInput.from(Arrays.copyOf(frame.array(), frame.position()));
            }

            @Override
            public CompressionCodecName getCodecName() {
                return CompressionCodecName.LZ4;
            }

            @Override
            public void release() {
                // nothing is held
            }
        };
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
        return new Codecs().getDecompressor(name);
    }

    @Override
    public void release() {
        // nothing is held
    }
}
