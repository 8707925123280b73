package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentsTest {

    @TempDir
    Path folder;

    @Test
    @DisplayName("of a dataset folder the training split is read, shard by shard; a single shard is read as it is")
    void dataset() {
        Path first = folder.resolve("shard_00000.parquet");
        ParquetTextWriter.write(first, List.of("a", "b"));
        ParquetTextWriter.write(folder.resolve("shard_00001.parquet"), List.of("c"));
        ParquetTextWriter.write(folder.resolve("shard_00002.parquet"), List.of("validation"));
        assertEquals(List.of("a", "b", "c"), read(Documents.of(List.of(folder), "text")));
        assertEquals(List.of("a", "b"), read(Documents.of(List.of(first), "text")));
        Shards shards = Shards.open(folder);
        assertEquals(List.of("a", "b", "c"), read(Documents.of(shards, Split.TRAIN)));
        assertEquals(List.of("validation"), read(Documents.of(shards, Split.VAL)));
    }

    @Test
    @DisplayName("files of several kinds in the order given, again from the start for every iterator")
    void mixed() throws IOException {
        Path text = Files.writeString(folder.resolve("one.txt"), "first\n\nsecond\n");
        Path lines = Files.writeString(folder.resolve("two.jsonl"), "{\"text\": \"third\"}\n{\"text\": \"fourth\"}\n");
        Documents documents = Documents.of(List.of(lines, text), "text");
        List<String> expected = List.of("third", "fourth", "first\n\nsecond");
        assertEquals(expected, read(documents));
        assertEquals(expected, read(documents));
        var iterator = documents.iterator();
        expected.forEach(_ -> iterator.next());
        assertThrows(NoSuchElementException.class, iterator::next);
    }

    @Test
    @DisplayName("a path that does not exist is named")
    void missing() {
        assertThrows(DataException.class, () -> Documents.of(List.of(folder.resolve("gone")), "text"));
    }

    private static List<String> read(Documents documents) {
        var texts = new ArrayList<String>();
        documents.forEach(texts::add);
        return texts;
    }
}
