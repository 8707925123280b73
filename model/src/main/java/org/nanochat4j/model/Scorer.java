package org.nanochat4j.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.program.Executable;
import org.nanochat4j.engine.program.Program;
import org.nanochat4j.engine.program.Recorder;
import org.nanochat4j.engine.runtime.Engine;

/**
 * How likely given texts are: the loss of every token of lists of ids, each scored alone, up to ten training contexts long.
 *
 * <p>Lists of similar length share a program, padded at the end, where it changes nothing. Not for use by several threads at once.
 */
public final class Scorer {
    /** Lists are scored together up to this many positions. */
    private static final int POSITIONS_PER_BATCH = 4096;

    private static final int LOGIT_ROWS = 256;
    private static final int IGNORED = -1;

    private final Gpt gpt;
    private final Engine engine;

    /**
     * A scorer.
     *
     * @param gpt a model that is ready on the engine
     * @param engine where it runs
     * @throws ModelException.NotReady if the model has no weights on the engine
     */
    public Scorer(Gpt gpt, Engine engine) {
        gpt.requireReady(engine);
        this.gpt = gpt;
        this.engine = engine;
    }

    /**
     * Losses of lists, each on its own.
     *
     * @param lists token ids; the targets of a list are its next ids
     * @return for each list of n ids, n - 1 losses in nats
     * @throws ModelException.BadTokens if a list is empty, too long, or has ids outside the vocabulary
     */
    public List<float[]> losses(List<int[]> lists) {
        Map<Integer, List<Integer>> byBucket = new TreeMap<>();
        for (int i = 0; i < lists.size(); i++) {
            byBucket.computeIfAbsent(bucket("list " + i, lists.get(i)), size -> new ArrayList<>())
                    .add(i);
        }
        Map<Integer, float[]> losses = new HashMap<>();
        byBucket.forEach((bucket, members) -> {
            int most = Math.max(1, POSITIONS_PER_BATCH / bucket);
            for (int rows = Math.min(most, members.size()), first = 0; first < members.size(); ) {
                int count = Math.min(rows, members.size() - first);
                first = batches(bucket, count, members, first, lists, losses);
            }
        });
        List<float[]> result = new ArrayList<>();
        for (int i = 0; i < lists.size(); i++) {
            result.add(losses.getOrDefault(i, new float[0]));
        }
        return result;
    }

    /** Scores as many full batches of one shape as there are from first on; gives the first list that is left. */
    private int batches(
            int bucket, int rows, List<Integer> members, int first, List<int[]> lists, Map<Integer, float[]> losses) {
        Variable ids = new Variable("ids", TensorType.i32(rows, bucket), Variable.Role.INPUT);
        Variable targets = new Variable("targets", TensorType.i32(rows * bucket), Variable.Role.INPUT);
        Variable output = new Variable("row_losses", TensorType.f32(rows * bucket), Variable.Role.OUTPUT);
        Recorder in = new Recorder("score." + rows + "x" + bucket);
        in.assign(output, gpt.loss(in, in.use(ids), in.use(targets)).rows());
        Executable executable = compile(in.finish());
        int next = first;
        for (; next + rows <= members.size(); next += rows) {
            int[] idRows = new int[rows * bucket];
            int[] targetRows = new int[rows * bucket];
            Arrays.fill(targetRows, IGNORED);
            for (int row = 0; row < rows; row++) {
                int[] list = lists.get(members.get(next + row));
                System.arraycopy(list, 0, idRows, row * bucket, list.length);
                System.arraycopy(list, 1, targetRows, row * bucket, list.length - 1);
            }
            engine.write(ids, idRows);
            engine.write(targets, targetRows);
            executable.run();
            float[] all = engine.floats(output);
            for (int row = 0; row < rows; row++) {
                int member = members.get(next + row);
                int start = row * bucket;
                losses.put(member, Arrays.copyOfRange(all, start, start + lists.get(member).length - 1));
            }
        }
        List.of(ids, targets, output).forEach(engine::release);
        return next;
    }

    /**
     * Logits of one list, computed as they are read, {@value #LOGIT_ROWS} positions at a time.
     *
     * @param name of the tensor in a file
     * @param ids a list of n token ids
     * @return an F32 tensor (n, V); reads must not interleave with other uses of this scorer
     * @throws ModelException.BadTokens if the list is empty, too long, or has ids outside the vocabulary
     */
    public TensorSource logits(String name, int[] ids) {
        bucket(name, ids);
        long vocabulary = gpt.config().vocabularySize();
        return new TensorSource(
                name, StoredType.F32, List.of((long) ids.length, vocabulary), new LogitReader(ids.clone()));
    }

    /**
     * All logits of one list.
     *
     * @param ids a list of n token ids
     * @return (n, V), row-major
     * @throws ModelException.BadTokens if the list is empty, too long, or has ids outside the vocabulary
     */
    public float[] logits(int[] ids) {
        TensorSource source = logits("list", ids);
        float[] all = new float[Math.multiplyExact(ids.length, gpt.config().vocabularySize())];
        source.bytes().read(0, MemorySegment.ofArray(all));
        return all;
    }

    private int bucket(String what, int[] ids) {
        int longest = gpt.config().maxPositions();
        Tokens.check(what, ids, gpt.config(), longest);
        return Tokens.bucket(ids.length, longest);
    }

    private Executable compile(Program program) {
        return engine.compile(engine.plan(List.of(program))).getFirst();
    }

    /** Runs the model once, at the first read, and the vocabulary projection over a window of rows as reads move on. */
    private final class LogitReader implements TensorSource.Bytes {
        private final int[] list;
        private final int channels = gpt.config().channels();
        private final int vocabulary = gpt.config().vocabularySize();
        private final Variable states =
                new Variable("states", TensorType.f32(LOGIT_ROWS, channels), Variable.Role.INPUT);
        private final Variable logits =
                new Variable("logits", TensorType.f32(LOGIT_ROWS, vocabulary), Variable.Role.OUTPUT);
        private @Nullable Executable head;
        private float[] hidden = new float[0];
        private float[] window = new float[0];
        private long windowStart;

        LogitReader(int[] list) {
            this.list = list;
        }

        @Override
        public void read(long offset, MemorySegment target) {
            long done = 0;
            while (done < target.byteSize()) {
                long at = offset + done;
                if (at < windowStart || at >= windowStart + 4L * window.length) {
                    move(at);
                }
                long count = Math.min(target.byteSize() - done, windowStart + 4L * window.length - at);
                MemorySegment source = MemorySegment.ofArray(window);
                MemorySegment.copy(
                        source, ValueLayout.JAVA_BYTE, at - windowStart, target, ValueLayout.JAVA_BYTE, done, count);
                done += count;
            }
        }

        private void move(long offset) {
            if (hidden.length == 0) {
                hidden = states();
            }
            int first = Math.toIntExact(offset / (4L * vocabulary)) / LOGIT_ROWS * LOGIT_ROWS;
            int rows = Math.min(LOGIT_ROWS, list.length - first);
            Executable executable = head;
            if (executable == null) {
                Recorder in = new Recorder("logits");
                in.assign(logits, gpt.head(in, in.use(states)));
                executable = compile(in.finish());
                head = executable;
            }
            float[] part = new float[LOGIT_ROWS * channels];
            System.arraycopy(hidden, first * channels, part, 0, rows * channels);
            engine.write(states, part);
            executable.run();
            window = new float[rows * vocabulary];
            engine.read(logits, 0, MemorySegment.ofArray(window));
            windowStart = 4L * first * vocabulary;
            if (first + rows == list.length) {
                engine.release(states);
                engine.release(logits);
                head = null;
            }
        }

        private float[] states() {
            int bucket = Tokens.bucket(list.length, gpt.config().maxPositions());
            Variable ids = new Variable("ids", TensorType.i32(1, bucket), Variable.Role.INPUT);
            Variable output = new Variable("hidden", TensorType.f32(1, bucket, channels), Variable.Role.OUTPUT);
            Recorder in = new Recorder("hidden." + bucket);
            in.assign(output, gpt.hidden(in, in.use(ids)));
            Executable executable = compile(in.finish());
            engine.write(ids, Arrays.copyOf(list, bucket));
            executable.run();
            float[] all = new float[list.length * channels];
            engine.read(output, 0, MemorySegment.ofArray(all));
            engine.release(ids);
            engine.release(output);
            return all;
        }
    }
}
