package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardsTest {

    @TempDir
    Path folder;

    private void shard(String name, String... texts) {
        ParquetTextWriter.write(folder.resolve(name), List.of(texts));
    }

    private void refused(String part) {
        DataException e = assertThrows(DataException.class, () -> Shards.open(folder));
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertTrue(e.getMessage().lines().count() == 1, e.getMessage());
    }

    @Test
    @DisplayName("sorted by name, the last is validation; other files are passed over")
    void split() throws IOException {
        shard("b.parquet", "b1", "b2");
        shard("a.parquet", "a");
        shard("c.parquet", "c");
        Files.writeString(folder.resolve("d.parquet.tmp"), "unfinished");
        Files.writeString(folder.resolve("notes.txt"), "none");
        Shards shards = Shards.open(folder);
        assertEquals(
                List.of("a.parquet", "b.parquet"),
                shards.of(Split.TRAIN).stream()
                        .map(shard -> shard.file().getFileName().toString())
                        .toList());
        assertEquals(
                folder.resolve("c.parquet"), shards.of(Split.VAL).getFirst().file());
        assertEquals(2, shards.all().get(1).rows());
        assertNotEquals(shards.all().get(0).footerSha256(), shards.all().get(1).footerSha256());
        assertEquals(shards, Shards.open(folder));
    }

    @Test
    @DisplayName("bad folders: none, empty, one shard, an empty shard, a cut shard, no parquet")
    void badFolders() throws IOException {
        assertThrows(DataException.class, () -> Shards.open(folder.resolve("missing")));
        refused("no shards");
        shard("a.parquet", "only");
        DataException one =
                assertThrows(DataException.class, () -> Shards.open(folder).of(Split.TRAIN));
        assertTrue(one.getMessage().contains("only one shard"), one.getMessage());
        shard("b.parquet");
        refused("without documents");
        byte[] whole = Files.readAllBytes(folder.resolve("a.parquet"));
        Files.write(folder.resolve("b.parquet"), Arrays.copyOf(whole, whole.length / 2));
        refused("b.parquet");
        Files.writeString(folder.resolve("b.parquet"), "text, not parquet");
        refused("not a readable parquet file");
    }

    @Test
    @DisplayName("info counts documents, code points and bytes")
    void info() {
        shard("a.parquet", "naïve 😀", "b");
        shard("b.parquet", "日本");
        DataInfo info = DataInfo.of(folder, Progress.SILENT);
        assertEquals(3, info.documents());
        assertEquals(7 + 1 + 2, info.characters());
        assertEquals(11 + 1 + 6, info.textBytes());
        assertEquals("naïve 😀", info.sample());
        assertEquals(Split.VAL, info.shards().getLast().split());
        assertNull(info.tokens());
        assertEquals(11L, DataInfo.of(folder, String::length, Progress.SILENT).tokens());
    }
}
