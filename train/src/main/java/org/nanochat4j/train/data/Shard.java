package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * One parquet file of a dataset as its footer describes it.
 *
 * @param file the file
 * @param bytes its size
 * @param rowGroupRows documents in every row group
 * @param footerSha256 hash of the footer: together with the size it identifies the shard without reading its data
 */
public record Shard(Path file, long bytes, List<Long> rowGroupRows, String footerSha256) {

    private static final int TRAILER = 8;

    /**
     * Reads the footer of a shard.
     *
     * @throws DataException if the file is damaged, has no text column or no documents
     */
    public static Shard of(Path file) {
        try (ParquetTexts texts = ParquetTexts.open(file)) {
            if (texts.rows() == 0) {
                throw new DataException("a shard without documents", file.toString(), "remove it from the folder");
            }
            try (FileChannel channel = FileChannel.open(file)) {
                return new Shard(file, channel.size(), texts.rowGroupRows(), footerHash(channel));
            } catch (IOException e) {
                throw new DataException(
                        "cannot be read: " + e.getMessage(), file.toString(), "check permissions of the file", e);
            }
        }
    }

    /** Returns the number of row groups. */
    public int rowGroups() {
        return rowGroupRows.size();
    }

    /** Returns the number of documents. */
    public long rows() {
        return rowGroupRows.stream().mapToLong(Long::longValue).sum();
    }

    /** Hash of the last bytes: footer, its length, magic number. */
    private static String footerHash(FileChannel channel) throws IOException {
        ByteBuffer trailer = read(channel, channel.size() - TRAILER, TRAILER).order(ByteOrder.LITTLE_ENDIAN);
        int length = trailer.getInt(0) + TRAILER;
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(read(channel, channel.size() - length, length));
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    private static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) > 0) {
            // until the buffer is full
        }
        return buffer.flip();
    }
}
