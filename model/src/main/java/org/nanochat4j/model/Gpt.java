package org.nanochat4j.model;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.nn.ParameterStore;
import org.nanochat4j.engine.op.Assign;
import org.nanochat4j.engine.op.CachedAttention;
import org.nanochat4j.engine.op.KvAppend;
import org.nanochat4j.engine.runtime.Engine;

/**
 * The forward pass of a GPT in ordinary tensor operations, for any interpreter: recorded into programs or computed now.
 *
 * <p>Shapes at the margin: B batch, T time, C channels, H heads, Hkv key-value heads, D head size, V vocabulary. Source of the architecture:
 * Karpathy's nanochat; of its parts: Su et al. 2021 (rotary), So et al. 2021 (squared ReLU), Ainslie et al. 2023 (grouped heads), Jordan et al. 2024
 * (value embeddings, residual lambdas, as in modded-nanogpt).
 *
 * <p>In BF16 the weights stay F32 and are rounded where they are used; activations, the residual stream and what is multiplied are BF16; sums, norms,
 * softmax, losses and logits are F32, and so are learned scalars and the key-value cache, whose numbers have been rounded.
 */
public final class Gpt {
    /** Added to the mean square in every norm: the machine epsilon of F32. */
    public static final float NORM_EPS = 0x1p-23f;
    /** Logits are bounded by this. */
    public static final float SOFTCAP = 15f;
    /** Value-embedding gates range from 0 to this. */
    private static final float GATE_RANGE = 3f;

    /** Where the tokens before a chunk's first come from. */
    private sealed interface Past {
        /** There are none: the chunk is the whole sequence. */
        record None() implements Past {}

        /** There are none yet, but the chunk is to be remembered; last is the flattened index of each row's last token, I32 (B). */
        record Prefill(KvCache cache, Tensor last) implements Past {}

        /** From a cache; the chunk is one token per row. */
        record Cached(KvCache cache) implements Past {}
    }

    /** Sees the residual stream around every block, for tests and for those who look inside. */
    @FunctionalInterface
    public interface Watch {
        /** Looks at nothing. */
        Watch NONE = (layer, in, out) -> {};

        /**
         * A block was applied.
         *
         * @param layer from 0
         * @param in what the block saw, after the mix with the first embedding (B, T, C)
         * @param out what it gave (B, T, C)
         */
        void block(int layer, Tensor in, Tensor out);
    }

    /** What all layers of one forward pass share; the weights are those of products with a single token of each row. */
    private record Pass(Interpreter in, Tensor ids, Tensor start, Past past, DecodeWeights weights, Watch watch) {}

    private final GptConfig config;
    private final DType compute;
    private final GptParameters parameters;
    private final RotaryTables rotary;
    private final Map<Integer, Variable> zeroStarts = new ConcurrentHashMap<>();

    /**
     * A model of this shape that computes in F32; declares its weights and tables, allocates nothing.
     *
     * @param config the shape
     */
    public Gpt(GptConfig config) {
        this(config, DType.F32);
    }

    /**
     * A model of this shape; declares its weights and tables, allocates nothing.
     *
     * @param config the shape
     * @param compute type of the activations, F32 or BF16
     * @throws ModelException.BadConfig if it is another type
     */
    public Gpt(GptConfig config, DType compute) {
        this(config, compute, DType.F32);
    }

    /**
     * A model of this shape; declares its weights and tables, allocates nothing.
     *
     * @param config the shape
     * @param compute type of the activations, F32 or BF16
     * @param embeddings how the token embedding and the value embeddings, their gradients and their optimizer state are stored, F32 or BF16
     * @throws ModelException.BadConfig if either is another type
     */
    public Gpt(GptConfig config, DType compute, DType embeddings) {
        for (DType type : new DType[] {compute, embeddings}) {
            if (type != DType.F32 && type != DType.BF16) {
                throw new ModelException.BadConfig(
                        "a model cannot compute in " + type + " or store embeddings in it; choose F32 or BF16");
            }
        }
        this.config = config;
        this.compute = compute;
        this.parameters = GptParameters.declare(config, embeddings);
        this.rotary = RotaryTables.declare(config);
    }

    /** {@return the shape} */
    public GptConfig config() {
        return config;
    }

    /** {@return the type of activations and of what is multiplied: F32 or BF16} */
    public DType compute() {
        return compute;
    }

    /** {@return the weights} */
    public GptParameters parameters() {
        return parameters;
    }

    /** {@return the rotary tables} */
    public RotaryTables rotary() {
        return rotary;
    }

    /**
     * Fills the weights from their distributions and computes the tables.
     *
     * @param engine where the model will run
     * @param seed the same seed gives the same bytes
     */
    public void initialise(Engine engine, long seed) {
        parameters.store().initialise(seed, engine::write);
        writeConstants(engine::write);
    }

    /**
     * Computes the tables that are no weights; needed once on every engine where the weights come from elsewhere.
     *
     * @param sink takes the values, for example {@code engine::write}
     */
    public void writeConstants(ParameterStore.Sink sink) {
        rotary.write(config, compute, sink);
    }

    /** Zero tables would give wrong numbers without any error; the cosine of position 0 tells them from real ones. */
    void requireReady(Engine engine) {
        float[] first = new float[1];
        engine.read(rotary.cos(), 0, MemorySegment.ofArray(first));
        if (first[0] != 1f) {
            throw new ModelException.NotReady("the model has no weights on this engine yet; call Gpt.initialise,"
                    + " Checkpoint.load, or Gpt.writeConstants after writing the weights");
        }
    }

    /**
     * The training loss: mean cross entropy over the targets that count.
     *
     * @param in where it is computed or recorded
     * @param ids I32 (B, T)
     * @param targets I32 (B * T), -1 = ignored
     * @return the mean (1) and the loss of each position (B * T)
     */
    public Tensor.Loss loss(Interpreter in, Tensor ids, Tensor targets) {
        Tensor x = hidden(in, ids); // (B, T, C)
        return x.reshape(x.shape().rows(), config.channels())
                .softcapCrossEntropy(weight(in, parameters.lmHead()), targets, SOFTCAP, config.vocabularySize());
    }

    /**
     * The full forward pass up to the last norm.
     *
     * @param in where it is computed or recorded
     * @param ids I32 (B, T)
     * @return (B, T, C)
     */
    public Tensor hidden(Interpreter in, Tensor ids) {
        return hidden(in, ids, Watch.NONE);
    }

    /**
     * The full forward pass up to the last norm, with someone watching.
     *
     * @param in where it is computed or recorded
     * @param ids I32 (B, T)
     * @param watch sees every block
     * @return (B, T, C)
     */
    public Tensor hidden(Interpreter in, Tensor ids, Watch watch) {
        return norm(stream(new Pass(in, ids, zeroStart(in, ids), new Past.None(), DecodeWeights.PARAMETERS, watch)));
    }

    /**
     * Logits of every position.
     *
     * @param in where it is computed or recorded
     * @param ids I32 (B, T)
     * @return (B * T, V)
     */
    public Tensor logits(Interpreter in, Tensor ids) {
        Tensor x = hidden(in, ids); // (B, T, C)
        return head(in, x.reshape(x.shape().rows(), config.channels()));
    }

    /**
     * Logits of states after the last norm.
     *
     * @param in where it is computed or recorded
     * @param hidden (N, C)
     * @return (N, V)
     */
    public Tensor head(Interpreter in, Tensor hidden) {
        return head(in, hidden, DecodeWeights.PARAMETERS);
    }

    private Tensor head(Interpreter in, Tensor hidden, DecodeWeights weights) {
        return weights.logits(in, hidden, parameters.lmHead(), SOFTCAP, config.vocabularySize());
    }

    /**
     * Reads prompts into an empty cache. Rows may be of different lengths: what stands behind a row's last token is computed and never seen. Of the last block
     * and the vocabulary projection only what a row's last token needs is computed.
     *
     * @param in where it is computed or recorded
     * @param ids I32 (B, T), T at most the cache's capacity
     * @param last flattened index of each row's last token, {@code row * T + length - 1}, I32 (B)
     * @param cache is written; its positions are those of each row's last token, {@code length - 1}
     * @param weights for products with the last tokens alone
     * @return logits of each row's last token (B, V)
     */
    public Tensor prefill(Interpreter in, Tensor ids, Tensor last, KvCache cache, DecodeWeights weights) {
        Past past = new Past.Prefill(cache, last);
        Tensor x = stream(new Pass(in, ids, zeroStart(in, ids), past, weights, Watch.NONE)); // (B, 1, C)
        return head(in, norm(x).reshape(cache.rows(), config.channels()), weights);
    }

    /**
     * One more token per row over a cache, at the positions that the cache holds.
     *
     * @param in where it is computed or recorded
     * @param ids I32 (B, 1)
     * @param cache is read and written; its positions are not moved
     * @param weights the matrices to multiply by
     * @return logits (B, V)
     */
    public Tensor decode(Interpreter in, Tensor ids, KvCache cache, DecodeWeights weights) {
        Past past = new Past.Cached(cache);
        Tensor x = stream(new Pass(in, ids, in.use(cache.positions()), past, weights, Watch.NONE)); // (B, 1, C)
        return head(in, norm(x).reshape(cache.rows(), config.channels()), weights);
    }

    private Tensor zeroStart(Interpreter in, Tensor ids) {
        Variable zeros = zeroStarts.computeIfAbsent(
                ids.shape().dim(0),
                rows -> new Variable("start." + rows, TensorType.i32(rows), Variable.Role.CONSTANT));
        return in.use(zeros);
    }

    /** The residual stream from the embedding to the last block (B, T, C); of prompts that are read into a cache the last tokens alone (B, 1, C). */
    private Tensor stream(Pass pass) {
        Interpreter in = pass.in();
        Tensor x = norm(rows(pass, parameters.tokenEmbedding())); // (B, T, C)
        GptParameters.Smear smear = parameters.smear();
        if (smear != null) {
            x = smear(pass, smear, x);
        }
        GptParameters.Lambdas lambdas = parameters.lambdas();
        Tensor first = x;
        Tensor middle = x;
        for (int layer = 0; layer < config.layers(); layer++) {
            if (lambdas != null) {
                x = x.mix(entry(in, lambdas.residual(), layer), first, entry(in, lambdas.first(), layer));
            }
            Tensor before = x;
            x = block(pass, layer, before);
            pass.watch().block(layer, before, x);
            if (layer == config.backoutLayer()) {
                middle = x;
            }
        }
        if (lambdas == null) {
            return x;
        }
        Tensor taken = middle.shape().equals(x.shape()) ? middle : wanted(pass, config.layers() - 1, middle);
        return x.sub(taken.scaleBy(in.use(lambdas.backout().value())));
    }

    /** Whether a layer's output is wanted of the last token of each row alone: in the last layer, while prompts are read into a cache. */
    private boolean isForLast(Pass pass, int layer) {
        return pass.past() instanceof Past.Prefill && layer == config.layers() - 1;
    }

    /** The tokens whose output of a layer is wanted: (B, T, C), or (B, 1, C). */
    private Tensor wanted(Pass pass, int layer, Tensor x) {
        return isForLast(pass, layer) && pass.past() instanceof Past.Prefill(KvCache cache, Tensor last)
                ? x.reshape(x.shape().rows(), config.channels())
                        .embedding(last)
                        .reshape(cache.rows(), 1, config.channels())
                : x;
    }

    /** {@code x Wᵀ}. */
    private Tensor times(Pass pass, Tensor x, Parameter weight) {
        return x.shape().dim(1) == 1
                ? pass.weights().times(pass.in(), x, weight)
                : x.matmulTransposed(weight(pass.in(), weight));
    }

    /** A matrix as it is multiplied. */
    private Tensor weight(Interpreter in, Parameter weight) {
        return in.use(weight.value()).cast(compute);
    }

    /** The tokens' rows of a table (B, T, ...). */
    private Tensor rows(Pass pass, Parameter table) {
        return pass.in().use(table.value()).embedding(pass.ids()).cast(compute);
    }

    private static Tensor entry(Interpreter in, Parameter vector, int index) {
        return in.use(vector.value()).slice(0, index, 1);
    }

    /** {@code x_t + lambda sigmoid(gate · x_t) x_{t-1}}, from the unsmeared embeddings; nothing comes into the first token of a sequence. */
    private Tensor smear(Pass pass, GptParameters.Smear smear, Tensor x) {
        Interpreter in = pass.in();
        Tensor gate = x.slice(-1, 0, GptConfig.SMEAR_CHANNELS)
                .matmulTransposed(weight(in, smear.gate()))
                .sigmoid()
                .scaleBy(in.use(smear.lambda().value())); // (B, T, 1)
        Tensor before = switch (pass.past()) {
            case Past.None() -> x.shiftTime(1);
            case Past.Prefill(KvCache cache, Tensor last) -> {
                Tensor rows = x.reshape(x.shape().rows(), config.channels());
                remember(in, cache, rows.embedding(last));
                yield x.shiftTime(1);
            }
            case Past.Cached(KvCache cache) -> in.use(cache.previous()).cast(compute);
        };
        Tensor smeared = x.add(before.scaleRows(gate.reshape(x.shape().dropLast())));
        if (pass.past() instanceof Past.Cached(KvCache cache)) {
            remember(in, cache, x);
        }
        return smeared;
    }

    private static void remember(Interpreter in, KvCache cache, Tensor last) {
        Tensor previous = in.use(cache.previous());
        previous.apply(new Assign(), List.of(previous, last.cast(DType.F32).reshape(previous.shape())));
    }

    private Tensor block(Pass pass, int layer, Tensor x) {
        GptParameters.Block w = parameters.blocks().get(layer);
        Tensor y = wanted(pass, layer, x).add(attention(pass, layer, w, norm(x)));
        return y.add(mlp(pass, w, norm(y)));
    }

    private Tensor attention(Pass pass, int layer, GptParameters.Block w, Tensor x) {
        Interpreter in = pass.in();
        Tensor cos = in.use(rotary.cos());
        Tensor sin = in.use(rotary.sin());
        Tensor asking = wanted(pass, layer, x); // (B, T, C), or (B, 1, C) over a cache
        Tensor at = pass.past() instanceof Past.Prefill(KvCache cache, var _) && isForLast(pass, layer)
                ? in.use(cache.positions())
                : pass.start();
        Tensor q = norm(heads(pass, asking, w.query(), config.heads()).rope(cos, sin, at)); // (B, T, H, D)
        Tensor k = norm(heads(pass, x, w.key(), config.kvHeads()).rope(cos, sin, pass.start())); // (B, T, Hkv, D)
        Tensor v = heads(pass, x, w.value(), config.kvHeads()); // (B, T, Hkv, D)
        if (w.valueEmbedding() != null) {
            v = v.add(valueEmbedding(pass, w.valueEmbedding(), x, v));
        }
        return times(pass, attend(pass, layer, q, k, v).reshape(asking.shape()), w.projection());
    }

    private Tensor heads(Pass pass, Tensor x, Parameter weight, int heads) {
        Tensor y = times(pass, x, weight);
        return y.reshape(x.shape().dim(0), x.shape().dim(1), heads, y.shape().last() / heads);
    }

    /** The token's own embedding as values, each head behind its gate, which reads the first channels of the normalised stream. */
    private Tensor valueEmbedding(Pass pass, GptParameters.ValueEmbedding w, Tensor x, Tensor v) {
        Tensor gate = x.slice(-1, 0, GptConfig.GATE_CHANNELS)
                .matmulTransposed(weight(pass.in(), w.gate()))
                .sigmoid()
                .scale(GATE_RANGE); // (B, T, Hkv)
        return rows(pass, w.table()).reshape(v.shape()).scaleRows(gate); // (B, T, Hkv, D)
    }

    /** The factors of normalised queries and keys are folded into the score scale, so cached keys carry none. */
    private Tensor attend(Pass pass, int layer, Tensor q, Tensor k, Tensor v) {
        float factor = config.architecture().queryKeyScale();
        float scale = (float) (factor * factor / Math.sqrt(config.headSize()));
        int window = config.window(layer);
        return switch (pass.past()) {
            case Past.None() -> q.causalAttention(k, v, window, scale);
            case Past.Prefill(KvCache cache, var _) -> {
                append(pass, cache, layer, k, v);
                yield isForLast(pass, layer)
                        ? overCache(pass, cache, layer, q, scale)
                        : q.causalAttention(k, v, window, scale);
            }
            case Past.Cached(KvCache cache) -> {
                append(pass, cache, layer, k, v);
                yield overCache(pass, cache, layer, q, scale);
            }
        };
    }

    /** One query of each row (B, 1, H, D) at the cache's positions. */
    private Tensor overCache(Pass pass, KvCache cache, int layer, Tensor q, float scale) {
        Interpreter in = pass.in();
        Tensor keys = in.use(cache.keys().get(layer));
        Tensor values = in.use(cache.values().get(layer));
        return q.apply(
                        new CachedAttention(config.window(layer), scale),
                        q.cast(DType.F32),
                        keys,
                        values,
                        in.use(cache.positions()))
                .cast(compute);
    }

    private static void append(Pass pass, KvCache cache, int layer, Tensor k, Tensor v) {
        Tensor keys = pass.in().use(cache.keys().get(layer));
        Tensor values = pass.in().use(cache.values().get(layer));
        keys.apply(new KvAppend(), List.of(keys, k.cast(DType.F32), pass.start()));
        values.apply(new KvAppend(), List.of(values, v.cast(DType.F32), pass.start()));
    }

    private Tensor mlp(Pass pass, GptParameters.Block w, Tensor x) {
        return times(pass, times(pass, x, w.up()).reluSquared(), w.down());
    }

    private static Tensor norm(Tensor x) {
        return x.rmsNorm(NORM_EPS);
    }

    @Override
    public String toString() {
        return "Gpt " + config;
    }
}
