package org.nanochat4j.tokenizer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Trains a byte-pair vocabulary; the same documents give the same merges whatever the number of threads.
 *
 * <p>Documents are cropped and split, equal pieces are counted in parallel, and then the pair with the highest count
 * becomes a token until the vocabulary is full; of pairs with equal counts, the one with the smallest (left id, right
 * id).
 *
 * @param vocabSize ids in all: 256 bytes, merges and the special tokens
 * @param maxChars reading stops after the document that makes the total of characters exceed this
 * @param docCap characters (code points) that count of each document
 * @param threads threads that split and count
 */
public record BpeTrainer(int vocabSize, long maxChars, int docCap, int threads) {

    /** Characters to read unless told otherwise. */
    public static final long DEFAULT_MAX_CHARS = 2_000_000_000L;

    /** Characters of a document to read unless told otherwise. */
    public static final int DEFAULT_DOC_CAP = 10_000;

    private static final int BATCH_CHARS = 1 << 19;

    /**
     * Checks the sizes.
     *
     * @throws TokenizerException if the vocabulary has no room for bytes and special tokens, or another number is not
     *     positive
     */
    public BpeTrainer {
        if (vocabSize < Tokenizer.SMALLEST_VOCABULARY) {
            throw new TokenizerException(
                    "vocabulary size " + vocabSize + " is too small: 256 bytes and " + SpecialToken.ALL.size()
                            + " special tokens need " + Tokenizer.SMALLEST_VOCABULARY,
                    "ask for a vocabulary size of at least " + Tokenizer.SMALLEST_VOCABULARY + ", such as 4096");
        }
        requirePositive("maximum of characters", maxChars);
        requirePositive("document cap", docCap);
        requirePositive("number of threads", threads);
    }

    /**
     * A trainer with the default corpus limits and a thread per processor.
     *
     * @param vocabSize ids in all, at least {@link Tokenizer#SMALLEST_VOCABULARY}
     * @return the trainer
     */
    public static BpeTrainer ofSize(int vocabSize) {
        return new BpeTrainer(
                vocabSize,
                DEFAULT_MAX_CHARS,
                DEFAULT_DOC_CAP,
                Runtime.getRuntime().availableProcessors());
    }

    /** Told how far a training is; called by the thread that trains. */
    @FunctionalInterface
    public interface Progress {

        /** A listener that does not care. */
        Progress NONE = (phase, done, total) -> {};

        /**
         * Some more has been done.
         *
         * @param phase what is being done
         * @param done characters read, or merges learned
         * @param total the most characters that may be read, or the merges to learn
         */
        void update(Phase phase, long done, long total);
    }

    /** The two parts of a training. */
    public enum Phase {
        /** Splitting documents and counting pieces; measured in characters. */
        COUNTING,
        /** Learning merges from the counts; measured in merges. */
        MERGING
    }

    /**
     * Learns a tokenizer.
     *
     * @param documents texts; read once, no further than needed, by the calling thread
     * @param progress told how far it is
     * @return the tokenizer and what it was learned from
     * @throws TokenizerException if there is no text, or two merges spell the same token
     */
    public Training train(Iterable<String> documents, Progress progress) {
        Corpus corpus = count(documents.iterator(), progress);
        if (corpus.characters == 0) {
            throw new TokenizerException(
                    "no text to train on: " + corpus.documents + " documents, 0 characters",
                    "check the path and the text column of the shards");
        }
        int wanted = vocabSize - Tokenizer.SMALLEST_VOCABULARY;
        List<Merge> merges =
                new MergeLearner(corpus.pieces).learn(wanted, done -> progress.update(Phase.MERGING, done, wanted));
        return new Training(
                Tokenizer.of(spell(merges)),
                merges,
                vocabSize,
                corpus.documents,
                corpus.characters,
                corpus.pieces.size());
    }

    /** The bytes of every token in order of rank. */
    private static List<byte[]> spell(List<Merge> merges) {
        List<byte[]> tokens = new ArrayList<>(256 + merges.size());
        for (int unit = 0; unit < 256; unit++) {
            tokens.add(new byte[] {(byte) unit});
        }
        for (Merge merge : merges) {
            byte[] left = tokens.get(merge.left());
            byte[] right = tokens.get(merge.right());
            byte[] both = new byte[left.length + right.length];
            System.arraycopy(left, 0, both, 0, left.length);
            System.arraycopy(right, 0, both, left.length, right.length);
            tokens.add(both);
        }
        return tokens;
    }

    private record Corpus(PieceCounter pieces, long documents, long characters) {}

    private Corpus count(Iterator<String> documents, Progress progress) {
        ConcurrentLinkedQueue<PieceCounter> counters = new ConcurrentLinkedQueue<>();
        Deque<Future<?>> running = new ArrayDeque<>();
        long read = 0;
        long characters = 0;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            try {
                while (documents.hasNext() && characters <= maxChars) {
                    List<String> batch = new ArrayList<>();
                    for (long size = 0; size < BATCH_CHARS && documents.hasNext() && characters <= maxChars; read++) {
                        String document = crop(documents.next());
                        batch.add(document);
                        size += document.length();
                        characters += document.codePointCount(0, document.length());
                    }
                    running.add(pool.submit(() -> count(batch, counters)));
                    // A few batches ahead keep the threads busy; more would only hold memory.
                    if (running.size() > 2 * threads) {
                        await(running.remove());
                    }
                    progress.update(Phase.COUNTING, characters, maxChars);
                }
                while (!running.isEmpty()) {
                    await(running.remove());
                }
            } finally {
                pool.shutdownNow();
            }
        }
        PieceCounter all = new PieceCounter();
        counters.forEach(all::addAll);
        return new Corpus(all, read, characters);
    }

    private static void count(List<String> batch, ConcurrentLinkedQueue<PieceCounter> counters) {
        PieceCounter counter = counters.poll();
        if (counter == null) {
            counter = new PieceCounter();
        }
        batch.forEach(counter::add);
        counters.add(counter);
    }

    private static void await(Future<?> future) {
        try {
            future.get();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new TokenizerException("training was interrupted", "start it again; nothing was written", stop);
        } catch (ExecutionException failed) {
            throw new IllegalStateException("counting a batch of documents failed", failed.getCause());
        }
    }

    private String crop(String document) {
        return document.length() <= docCap || document.codePointCount(0, document.length()) <= docCap
                ? document
                : document.substring(0, document.offsetByCodePoints(0, docCap));
    }

    private static void requirePositive(String name, long value) {
        if (value <= 0) {
            throw new TokenizerException(name + " is " + value, "it must be at least 1");
        }
    }
}
