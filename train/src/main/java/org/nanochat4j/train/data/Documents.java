package org.nanochat4j.train.data;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Documents of files and folders, one after the other, for those who pull them: memory is one row group, or one text file.
 *
 * <p>A folder with several shards and nothing else is a dataset, of which the training split is read; any other folder is searched
 * for text files of all kinds.
 */
public final class Documents implements Iterable<String> {

    private final List<Path> files;
    private final String column;

    private Documents(List<Path> files, String column) {
        this.files = files;
        this.column = column;
    }

    /**
     * The documents of these paths, in their order.
     *
     * @param paths files and folders
     * @param column dotted path of the text in JSON lines and parquet
     * @throws DataException if a path does not exist or a folder has nothing to read
     */
    public static Documents of(List<Path> paths, String column) {
        var files = new ArrayList<Path>();
        for (Path path : paths) {
            List<Path> found = TextImport.files(List.of(path));
            boolean dataset = found.size() > 1
                    && found.stream()
                            .allMatch(file -> path.equals(file.getParent())
                                    && file.toString().endsWith(".parquet"));
            files.addAll(dataset ? found.subList(0, found.size() - 1) : found);
        }
        return new Documents(List.copyOf(files), column);
    }

    /** The documents of one split of a dataset. */
    public static Documents of(Shards shards, Split split) {
        return new Documents(shards.of(split).stream().map(Shard::file).toList(), ParquetTexts.TEXT);
    }

    /** Files that are read. */
    public List<Path> files() {
        return files;
    }

    /** Reads from the start; damaged files raise {@link DataException} when their turn comes. */
    @Override
    public Iterator<String> iterator() {
        return new Reader();
    }

    private final class Reader implements Iterator<String> {

        private final Iterator<Path> rest = files.iterator();
        private final Deque<String> ready = new ArrayDeque<>();
        private @Nullable ParquetTexts open;
        private int rowGroup;

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && (open != null || rest.hasNext())) {
                ParquetTexts shard = open;
                if (shard != null) {
                    readRowGroup(shard);
                } else {
                    openNext(rest.next());
                }
            }
            return !ready.isEmpty();
        }

        @Override
        public String next() {
            if (!hasNext()) {
                throw new NoSuchElementException("no more documents");
            }
            return ready.remove();
        }

        private void readRowGroup(ParquetTexts shard) {
            if (rowGroup < shard.rowGroupRows().size()) {
                for (String text : shard.rowGroupWithNulls(rowGroup)) {
                    if (text != null) {
                        ready.add(text);
                    }
                }
                rowGroup++;
            } else {
                shard.close();
                open = null;
            }
        }

        private void openNext(Path file) {
            if (file.toString().endsWith(".parquet")) {
                open = ParquetTexts.open(file, column);
                rowGroup = 0;
            } else {
                TextSource.of(file, column).forEach(ready::add);
            }
        }
    }
}
