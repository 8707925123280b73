package org.nanochat4j.train.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A dataset folder: its {@code *.parquet} files sorted by name, split by nanochat's rule into training (all but the last) and
 * validation (the last).
 *
 * @param folder the dataset folder
 * @param all its shards, sorted by name; at least one
 */
public record Shards(Path folder, List<Shard> all) {

    private static final String SUFFIX = ".parquet";

    /**
     * Reads the footers of all shards of a folder.
     *
     * @throws DataException if there is no folder or no shard, or one of the shards is empty, damaged or without texts
     */
    public static Shards open(Path folder) {
        List<Path> files = list(folder);
        if (files.isEmpty()) {
            throw new DataException(
                    "no shards (*" + SUFFIX + ")",
                    folder.toString(),
                    "make some with `nanochat data jdk` or `nanochat data import PATH...`");
        }
        return new Shards(folder, files.stream().map(Shard::of).toList());
    }

    /**
     * Shards of one split, in order.
     *
     * @throws DataException for {@link Split#TRAIN} if there is only one shard
     */
    public List<Shard> of(Split split) {
        int last = all.size() - 1;
        return switch (split) {
            case VAL -> all.subList(last, last + 1);
            case TRAIN -> {
                if (last == 0) {
                    throw new DataException(
                            "only one shard, which is the validation split; nothing is left for training",
                            folder.toString(),
                            "add shards, or let `nanochat data import` split the text");
                }
                yield all.subList(0, last);
            }
        };
    }

    /** Hands every document of a split to the consumer, in order, holding one row group at a time. */
    public void forEachText(Split split, Consumer<String> consumer) {
        for (Shard shard : of(split)) {
            try (ParquetTexts texts = ParquetTexts.open(shard.file())) {
                for (int group = 0; group < shard.rowGroups(); group++) {
                    texts.rowGroup(group).forEach(consumer);
                }
            }
        }
    }

    /** Parquet files of a folder, sorted by name; empty if there is none. */
    static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new DataException(
                    "no such folder",
                    folder.toString(),
                    "check the path, or make a dataset with `nanochat data jdk` or `nanochat data import PATH...`");
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .sorted(Comparator.comparing(file -> file.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new DataException(
                    "cannot be listed: " + e.getMessage(), folder.toString(), "check permissions of the folder", e);
        }
    }
}
