package org.nanochat4j.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.tokenizer.BpeTrainer;
import org.nanochat4j.tokenizer.Tokenizer;
import org.nanochat4j.train.data.Progress;

/**
 * Learning a vocabulary from text, and encoding that text with it.
 *
 * @param label the settings
 * @param megabytes of text in UTF-8, 10⁶ bytes
 * @param documents it consists of
 * @param vocabulary tokens
 * @param tokens that the text becomes
 * @param training seconds with one thread and with all; empty where the tokenizer was given
 * @param encoding 10⁶ bytes per second with one thread and with all
 */
public record Tokenizing(
        String label,
        double megabytes,
        int documents,
        int vocabulary,
        long tokens,
        List<Speed> training,
        List<Speed> encoding)
        implements Measurement {

    /**
     * Work with so many threads.
     *
     * @param threads that work
     * @param timing seconds for all of the text
     * @param megabytesPerSecond at the median
     */
    public record Speed(int threads, Timing timing, double megabytesPerSecond) {}

    /**
     * Measures.
     *
     * @param texts documents
     * @param given a tokenizer to encode with; null to train one
     * @param vocabulary ids of the tokenizer to train
     * @param threads at most
     * @param rounds that are timed, after one that is not
     * @param progress hears of stages
     * @return the figures
     */
    public static Tokenizing measure(
            List<String> texts, @Nullable Tokenizer given, int vocabulary, int threads, int rounds, Progress progress) {
        double megabytes = texts.stream()
                        .mapToLong(text -> text.getBytes(StandardCharsets.UTF_8).length)
                        .sum()
                / 1e6;
        List<Integer> counts = threads == 1 ? List.of(1) : List.of(1, threads);
        int stages = counts.size() * (given == null ? 2 : 1);
        var effort = new Effort(0, rounds, 0);
        List<Speed> training = new ArrayList<>();
        Tokenizer[] trained = {given};
        if (given == null) {
            training = speeds(counts, effort, megabytes, 0, stages, progress, count -> () -> {
                var trainer = new BpeTrainer(vocabulary, Long.MAX_VALUE, Integer.MAX_VALUE, count);
                trained[0] = trainer.train(texts, BpeTrainer.Progress.NONE).tokenizer();
            });
        }
        Tokenizer tokenizer = trained[0];
        if (tokenizer == null) {
            throw new IllegalStateException("training gave no tokenizer");
        }
        long[] tokens = {0};
        List<Speed> encoding = speeds(counts, effort, megabytes, training.size(), stages, progress, count -> () -> {
            List<int[]> ids = tokenizer.encodeAll(texts, Tokenizer.NONE, Tokenizer.NONE, count);
            tokens[0] = ids.stream().mapToLong(list -> list.length).sum();
        });
        progress.report("tokenizer", stages, stages);
        return new Tokenizing(
                String.format(
                        Locale.ROOT, "%.1f MB, vocabulary %d, threads %d", megabytes, tokenizer.vocabSize(), threads),
                megabytes,
                texts.size(),
                tokenizer.vocabSize(),
                tokens[0],
                List.copyOf(training),
                encoding);
    }

    private static List<Speed> speeds(
            List<Integer> counts,
            Effort effort,
            double megabytes,
            int done,
            int stages,
            Progress progress,
            IntFunction<Runnable> work) {
        List<Speed> speeds = new ArrayList<>();
        for (int threads : counts) {
            progress.report("tokenizer", done + speeds.size(), stages);
            Timing timing = effort.time(work.apply(threads));
            speeds.add(new Speed(threads, timing, megabytes / timing.median()));
        }
        return List.copyOf(speeds);
    }

    @Override
    public String group() {
        return "tokenizer";
    }

    @Override
    public Map<String, Double> headline() {
        var figures = new LinkedHashMap<String, Double>();
        if (!training.isEmpty()) {
            figures.put("trained MB/s", training.getLast().megabytesPerSecond);
        }
        figures.put("encoded MB/s, one thread", encoding.getFirst().megabytesPerSecond);
        figures.put("encoded MB/s, all threads", encoding.getLast().megabytesPerSecond);
        return figures;
    }

    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%,d documents, %s MB, vocabulary %,d: %,d tokens, %.2f bytes per token",
                documents,
                Table.number(megabytes),
                vocabulary,
                tokens,
                1e6 * megabytes / tokens));
        var table = new Table("work", "threads", "MB/s", "median s", "min", "max", "runs");
        training.forEach(speed -> add(table, "training", speed));
        encoding.forEach(speed -> add(table, "encoding", speed));
        lines.addAll(table.lines());
        return lines;
    }

    private static void add(Table table, String work, Speed speed) {
        Timing timing = speed.timing;
        table.add(
                work,
                speed.threads,
                speed.megabytesPerSecond,
                timing.median(),
                timing.minimum(),
                timing.maximum(),
                timing.rounds());
    }
}
