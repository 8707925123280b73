package org.nanochat4j.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.ObjectMapper;

class BestFitLoaderTest {

    private static final int BOS = 256;
    private static final DocumentEncoder BYTES = TinyEncoder.bytes();
    private static final LoaderOptions OPTIONS = LoaderOptions.of(3, 40).withBuffer(30, 7);

    @TempDir
    Path folder;

    private Shards shards;

    /** Three small training shards of 60, 45 and 10 documents in row groups of 20, and one for validation. */
    @BeforeEach
    void write() {
        var random = new Random(3);
        int[] sizes = {60, 45, 10, 25};
        for (int shard = 0; shard < sizes.length; shard++) {
            try (var writer = ParquetTextWriter.create(folder.resolve(shard + ".parquet"), 20)) {
                for (int i = 0; i < sizes[shard]; i++) {
                    writer.add((shard + ":" + i + " ").repeat(random.nextInt(25)));
                }
            }
        }
        shards = Shards.open(folder);
    }

    private record Batch(int[] inputs, int[] targets, LoaderState state) {}

    private static List<Batch> take(BestFitLoader loader, int batches) {
        var taken = new ArrayList<Batch>();
        for (int i = 0; i < batches; i++) {
            int[] inputs = new int[loader.options().tokens()];
            int[] targets = new int[loader.options().tokens()];
            loader.next(inputs, targets);
            taken.add(new Batch(inputs, targets, loader.state()));
        }
        return taken;
    }

    private static void assertSame(List<Batch> expected, List<Batch> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i).inputs(), actual.get(i).inputs(), "inputs " + i);
            assertArrayEquals(expected.get(i).targets(), actual.get(i).targets(), "targets " + i);
            assertEquals(expected.get(i).state(), actual.get(i).state(), "state " + i);
        }
    }

    @Test
    @DisplayName("restored from the state after any batch, the loader gives exactly the batches that follow")
    void exactResume() {
        List<Batch> all;
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS)) {
            all = take(loader, 60);
        }
        assertTrue(all.getLast().state().position().epoch() > 2, "the run crosses shards and epochs");
        for (int cut = 0; cut < 50; cut++) {
            LoaderState state = all.get(cut).state();
            try (var loader = BestFitLoader.restore(shards, Split.TRAIN, BYTES, OPTIONS, state)) {
                assertEquals(state, loader.state(), "state before the first batch");
                assertSame(all.subList(cut + 1, cut + 11), take(loader, 10));
            }
        }
    }

    /** Every document of the epochs in the order of the stream, as one number. */
    private static long index(StreamCursor cursor) {
        return cursor.epoch() * 115L
                + List.of(0, 60, 105).get(cursor.shard())
                + 20L * cursor.rowGroup()
                + cursor.document();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 64})
    @DisplayName("restored with another chunk size, the loader neither loses a document nor gives one twice")
    void otherChunkSize(int chunk) {
        LoaderState from;
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS)) {
            from = take(loader, 9).getLast().state();
        }
        LoaderOptions other = OPTIONS.withBuffer(OPTIONS.buffer(), chunk);
        try (var loader = BestFitLoader.restore(shards, Split.TRAIN, BYTES, other, from)) {
            long placed = 0;
            for (Batch batch : take(loader, 40)) {
                placed += Arrays.stream(batch.inputs()).filter(id -> id == BOS).count();
                for (int row = 1; row <= other.rows(); row++) {
                    placed += batch.targets()[row * other.sequence() - 1] == BOS ? 1 : 0;
                }
                LoaderState state = batch.state();
                long pulled = index(state.next()) - index(from.next());
                assertEquals(from.buffer().size() + pulled - state.buffer().size(), placed);
            }
            assertTrue(placed > 100, "documents placed: " + placed);
        }
    }

    @Test
    @DisplayName("the state survives JSON")
    void stateAsJson() {
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS)) {
            LoaderState state = take(loader, 5).getLast().state();
            var json = new ObjectMapper();
            assertEquals(state, json.readValue(json.writeValueAsString(state), LoaderState.class));
            StreamPosition position = state.position();
            assertEquals(position, StreamPosition.fromStateDict(position.toStateDict()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 9})
    @DisplayName("read-ahead and the pace of the caller change nothing")
    void independentOfTiming(int readAhead) throws InterruptedException {
        try (var plain = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS);
                var other = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS.withReadAhead(readAhead))) {
            for (int i = 0; i < 20; i++) {
                if (i % 7 == 0) {
                    Thread.sleep(5);
                }
                assertSame(take(plain, 1), take(other, 1));
            }
        }
    }

    @Test
    @DisplayName("every row begins with BOS, targets are the inputs one later, and nothing is padded")
    void rows() {
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS)) {
            for (Batch batch : take(loader, 40)) {
                for (int row = 0; row < OPTIONS.rows(); row++) {
                    int from = row * OPTIONS.sequence();
                    assertEquals(BOS, batch.inputs()[from]);
                    for (int i = 0; i < OPTIONS.sequence() - 1; i++) {
                        assertEquals(batch.inputs()[from + i + 1], batch.targets()[from + i]);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("two processes see disjoint documents, together all of an epoch's row groups")
    void ranks() {
        var seen = new ArrayList<Set<String>>();
        for (int rank = 0; rank < 2; rank++) {
            var texts = new HashSet<String>();
            LoaderOptions options = OPTIONS.withRank(rank, 2);
            try (DocumentStream stream = DocumentStream.start(shards.of(Split.TRAIN), options)) {
                for (var chunk = stream.next(); chunk.position().epoch() == 1; chunk = stream.next()) {
                    assertEquals(rank, chunk.first().rowGroup() % 2);
                    assertTrue(chunk.texts().size() <= 7);
                    texts.addAll(chunk.texts());
                }
            }
            texts.remove("");
            seen.add(texts);
        }
        assertTrue(Collections.disjoint(seen.get(0), seen.get(1)));
        var all = new HashSet<String>();
        shards.forEachText(Split.TRAIN, all::add);
        all.remove("");
        assertEquals(all.size(), seen.get(0).size() + seen.get(1).size());
    }

    @Test
    @DisplayName("the training thread allocates nothing once it runs")
    void noAllocation() {
        int[] inputs = new int[OPTIONS.tokens()];
        int[] targets = new int[OPTIONS.tokens()];
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS)) {
            for (int i = 0; i < 2000; i++) {
                loader.next(inputs, targets);
            }
            threads.getCurrentThreadAllocatedBytes();
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 2000; i++) {
                loader.next(inputs, targets);
            }
            assertEquals(0, threads.getCurrentThreadAllocatedBytes() - before);
        }
    }

    @Test
    @DisplayName("a shard that goes bad while training is reported by next(), after the batches before it")
    void failureReachesCaller() throws Exception {
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS.withReadAhead(1))) {
            take(loader, 1);
            for (int shard = 0; shard < 3; shard++) {
                Files.writeString(folder.resolve(shard + ".parquet"), "no longer parquet");
            }
            DataException e = assertThrows(DataException.class, () -> take(loader, 1000));
            assertTrue(e.getMessage().contains(".parquet"), e.getMessage());
        }
    }

    @Test
    @DisplayName("a broken encoder is reported, not waited for")
    void encoderFailure() {
        DocumentEncoder broken = texts -> new int[texts.size()][0];
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, broken, OPTIONS)) {
            assertThrows(IllegalStateException.class, () -> take(loader, 1));
        }
    }

    @Test
    @DisplayName("states of another layout or another dataset are refused")
    void foreignStates() {
        LoaderState state;
        try (var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS)) {
            state = take(loader, 30).getLast().state();
        }
        assertThrows(
                DataException.class,
                () -> BestFitLoader.restore(shards, Split.TRAIN, BYTES, OPTIONS.withRank(1, 2), state));
        assertThrows(DataException.class, () -> BestFitLoader.restore(shards, Split.VAL, BYTES, OPTIONS, state));
        assertThrows(
                DataException.class,
                () -> BestFitLoader.resume(shards, Split.TRAIN, BYTES, OPTIONS, new StreamPosition(7, 0, 1)));
        DataException e = assertThrows(
                DataException.class, () -> BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS.withRank(5, 9)));
        assertTrue(e.getMessage().contains("no row group for process 5 of 9"), e.getMessage());
    }

    @Test
    @DisplayName("closing ends the thread, also while it waits for a free slot")
    void closes() throws InterruptedException {
        var loader = BestFitLoader.start(shards, Split.TRAIN, BYTES, OPTIONS);
        Thread.sleep(50);
        loader.close();
        boolean alive = Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().equals("loader"));
        assertTrue(!alive);
    }
}
