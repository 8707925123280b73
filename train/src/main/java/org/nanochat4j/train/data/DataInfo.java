package org.nanochat4j.train.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a dataset folder holds; reads all of it.
 *
 * @param folder the dataset folder
 * @param shards every shard in order
 * @param documents in all shards
 * @param characters code points in all shards
 * @param textBytes UTF-8 bytes of all texts
 * @param fileBytes size of the files
 * @param tokens of all texts, each with one for its beginning; null without a tokenizer
 * @param sample beginning of the first document
 */
public record DataInfo(
        Path folder,
        List<ShardInfo> shards,
        long documents,
        long characters,
        long textBytes,
        long fileBytes,
        @Nullable Long tokens,
        String sample) {

    private static final int SAMPLE = 400;

    /**
     * One shard.
     *
     * @param file its name
     * @param split the split it belongs to
     * @param rowGroups number of row groups
     * @param documents number of documents
     * @param characters code points
     * @param textBytes UTF-8 bytes of the texts
     * @param fileBytes size of the file
     */
    public record ShardInfo(
            String file, Split split, int rowGroups, long documents, long characters, long textBytes, long fileBytes) {}

    /**
     * Reads a dataset folder, without tokens.
     *
     * @throws DataException if it holds no shards or one of them cannot be read
     */
    public static DataInfo of(Path folder, Progress progress) {
        return of(folder, null, progress);
    }

    /**
     * Reads a dataset folder.
     *
     * @param length tokens of a text; null if they are not to be counted
     * @throws DataException if it holds no shards or one of them cannot be read
     */
    public static DataInfo of(Path folder, @Nullable ToLongFunction<String> length, Progress progress) {
        long tokens = 0;
        List<Shard> all = Shards.open(folder).all();
        var infos = new ArrayList<ShardInfo>();
        String sample = "";
        for (int i = 0; i < all.size(); i++) {
            progress.report("reading shards", i, all.size());
            Shard shard = all.get(i);
            long characters = 0;
            long textBytes = 0;
            try (ParquetTexts texts = ParquetTexts.open(shard.file())) {
                for (int group = 0; group < shard.rowGroups(); group++) {
                    List<String> rows = texts.rowGroup(group);
                    for (String text : rows) {
                        characters += Utf8.codePoints(text);
                        textBytes += Utf8.bytes(text);
                        tokens += length == null ? 0 : length.applyAsLong(text);
                    }
                    sample = sample.isEmpty() && !rows.isEmpty() ? beginning(rows.getFirst()) : sample;
                }
            }
            infos.add(new ShardInfo(
                    shard.file().getFileName().toString(),
                    i == all.size() - 1 ? Split.VAL : Split.TRAIN,
                    shard.rowGroups(),
                    shard.rows(),
                    characters,
                    textBytes,
                    shard.bytes()));
        }
        progress.report("reading shards", all.size(), all.size());
        return new DataInfo(
                folder,
                List.copyOf(infos),
                infos.stream().mapToLong(ShardInfo::documents).sum(),
                infos.stream().mapToLong(ShardInfo::characters).sum(),
                infos.stream().mapToLong(ShardInfo::textBytes).sum(),
                infos.stream().mapToLong(ShardInfo::fileBytes).sum(),
                length == null ? null : tokens,
                sample);
    }

    private static String beginning(String text) {
        int end = text.offsetByCodePoints(0, (int) Math.min(SAMPLE, Utf8.codePoints(text)));
        return text.substring(0, end);
    }
}
