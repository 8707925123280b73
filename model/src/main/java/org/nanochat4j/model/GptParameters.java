package org.nanochat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.nn.Init;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.nn.ParameterStore;

/**
 * All weights of a GPT, declared in the order of the reference's state_dict with its names and initial distributions.
 *
 * <p>Matrices are stored (out, in) and applied as {@code x Wᵀ}. C channels, H heads, D head size, Vp padded vocabulary, L layers.
 *
 * @param store all of them in order
 * @param tokenEmbedding (Vp, C)
 * @param lambdas weights of the residual stream, null where the architecture has none
 * @param smear the smear gate, null where the architecture has none
 * @param blocks one per layer
 * @param lmHead vocabulary projection (Vp, C)
 */
public record GptParameters(
        ParameterStore store,
        Parameter tokenEmbedding,
        @Nullable Lambdas lambdas,
        @Nullable Smear smear,
        List<Block> blocks,
        Parameter lmHead) {
    /**
     * Weights of the residual stream.
     *
     * @param residual of the stream before each block (L)
     * @param first of the first embedding before each block (L)
     * @param backout of the middle of the stream at the end (1)
     */
    public record Lambdas(Parameter residual, Parameter first, Parameter backout) {}

    /**
     * How the token before is mixed into each embedding.
     *
     * @param gate (1, 24)
     * @param lambda (1)
     */
    public record Smear(Parameter gate, Parameter lambda) {}

    /**
     * The embedding of the token that a layer adds to its values.
     *
     * @param gate (Hkv, 12)
     * @param table (Vp, Hkv * D)
     */
    public record ValueEmbedding(Parameter gate, Parameter table) {}

    /**
     * One layer.
     *
     * @param query (H * D, C)
     * @param key (Hkv * D, C)
     * @param value (Hkv * D, C)
     * @param projection (C, C)
     * @param valueEmbedding null in layers without
     * @param up (4C, C)
     * @param down (C, 4C)
     */
    public record Block(
            Parameter query,
            Parameter key,
            Parameter value,
            Parameter projection,
            @Nullable ValueEmbedding valueEmbedding,
            Parameter up,
            Parameter down) {
        /** {@return the matrices in the order of the state_dict, the gate among them} */
        public List<Parameter> matrices() {
            List<Parameter> matrices = new ArrayList<>(List.of(query, key, value, projection));
            if (valueEmbedding != null) {
                matrices.add(valueEmbedding.gate());
            }
            matrices.add(up);
            matrices.add(down);
            return List.copyOf(matrices);
        }
    }

    /**
     * Declares the weights of a model.
     *
     * @param config the model
     * @param embeddings how the token embedding and the value embeddings are stored, F32 or BF16; all else is F32
     * @return the weights
     */
    public static GptParameters declare(GptConfig config, DType embeddings) {
        return new Declaration(config, embeddings).declare();
    }

    /** {@return the value-embedding tables, by layer} */
    public List<Parameter> valueEmbeddings() {
        List<Parameter> tables = new ArrayList<>();
        for (Block block : blocks) {
            if (block.valueEmbedding() != null) {
                tables.add(block.valueEmbedding().table());
            }
        }
        return List.copyOf(tables);
    }

    /** The order of declaration, which is that of the state_dict: scalars, token embedding, blocks, head, gate, value embeddings. */
    private static final class Declaration {
        private static final Init ZERO = new Init.Constant(0f);

        private final GptConfig config;
        private final DType embeddings;
        private final ParameterStore store = new ParameterStore();
        private final int c;
        private final int kv;
        private final int rows;

        Declaration(GptConfig config, DType embeddings) {
            this.config = config;
            this.embeddings = embeddings;
            this.c = config.channels();
            this.kv = config.kvChannels();
            this.rows = config.paddedVocabulary();
        }

        GptParameters declare() {
            boolean current = config.architecture().hasLambdas();
            int layers = config.layers();
            Lambdas lambdas = null;
            Parameter smearLambda = null;
            if (current) {
                Parameter residual = store.declare("resid_lambdas", new Init.Ramp(1.15, 1.05), layers);
                Parameter first = store.declare("x0_lambdas", new Init.Ramp(0.20, 0.05), layers);
                smearLambda = store.declare("smear_lambda", ZERO, 1);
                lambdas = new Lambdas(residual, first, store.declare("backout_lambda", new Init.Constant(0.2f), 1));
            }
            Init embedding = new Init.Normal(current ? 0.8f : 1f);
            Parameter tokens =
                    store.declare("transformer.wte.weight", embedding, new TensorType(embeddings, Shape.of(rows, c)));
            List<Block> gated = new ArrayList<>();
            List<@Nullable Parameter> gates = new ArrayList<>();
            for (int layer = 0; layer < layers; layer++) {
                String name = "transformer.h." + layer + ".";
                Parameter query = matrix(name + "attn.c_q.weight", c, c, 1f);
                Parameter key = matrix(name + "attn.c_k.weight", kv, c, 1f);
                Parameter value = matrix(name + "attn.c_v.weight", kv, c, 1f);
                Parameter projection = store.declare(name + "attn.c_proj.weight", ZERO, c, c);
                gates.add(
                        config.hasValueEmbedding(layer)
                                ? store.declare(
                                        name + "attn.ve_gate.weight",
                                        new Init.Uniform(0f, 0.02f),
                                        config.kvHeads(),
                                        GptConfig.GATE_CHANNELS)
                                : null);
                Parameter up = matrix(name + "mlp.c_fc.weight", 4 * c, c, 0.4f);
                Parameter down = store.declare(name + "mlp.c_proj.weight", ZERO, c, 4 * c);
                gated.add(new Block(query, key, value, projection, null, up, down));
            }
            Init head = current ? new Init.Normal(0.001f) : ZERO;
            Parameter lmHead = store.declare("lm_head.weight", head, rows, c);
            Smear smear = null;
            if (smearLambda != null) {
                Init gate = new Init.Uniform(0f, 0.02f);
                smear = new Smear(store.declare("smear_gate.weight", gate, 1, GptConfig.SMEAR_CHANNELS), smearLambda);
            }
            List<Block> blocks = new ArrayList<>();
            for (int layer = 0; layer < layers; layer++) {
                blocks.add(withValueEmbedding(gated.get(layer), gates.get(layer), layer));
            }
            return new GptParameters(store, tokens, lambdas, smear, List.copyOf(blocks), lmHead);
        }

        /** A matrix that starts random: uniform with standard deviation 1/sqrt(in) today, normal by fan-in and fan-out in the first release. */
        private Parameter matrix(String name, int out, int in, float gain) {
            return matrix(name, TensorType.f32(out, in), gain);
        }

        private Parameter matrix(String name, TensorType type, float gain) {
            int out = type.shape().dim(0);
            int in = type.shape().dim(1);
            Init init;
            if (config.architecture().hasLambdas()) {
                float bound = (float) (gain * Math.sqrt(3.0 / in));
                init = new Init.Uniform(-bound, bound);
            } else {
                init = new Init.Normal((float) (Math.min(1, Math.sqrt((double) out / in)) / Math.sqrt(in)));
            }
            return store.declare(name, init, type);
        }

        private Block withValueEmbedding(Block block, @Nullable Parameter gate, int layer) {
            if (gate == null) {
                return block;
            }
            Parameter table =
                    matrix("value_embeds." + layer + ".weight", new TensorType(embeddings, Shape.of(rows, kv)), 1f);
            return new Block(
                    block.query(),
                    block.key(),
                    block.value(),
                    block.projection(),
                    new ValueEmbedding(gate, table),
                    block.up(),
                    block.down());
        }
    }
}
