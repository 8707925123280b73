package org.nanochat4j.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.Interpreter;
import org.nanochat4j.engine.Shape;
import org.nanochat4j.engine.Tensor;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.Parameter;
import org.nanochat4j.engine.runtime.Engine;

/**
 * The matrices that generation multiplies single tokens by: the parameters themselves, or copies in fewer bytes.
 *
 * <p>Copies are of the six matrices of each block and of the vocabulary projection. They lie beside the parameters, which whole prompts are still multiplied by,
 * and take half or a quarter of the matrices' bytes. Embeddings, of which a token reads one row, and the small gates stay as they are.
 */
public final class DecodeWeights {
    /** The parameters themselves. */
    public static final DecodeWeights PARAMETERS = new DecodeWeights(WeightFormat.F32, Map.of());

    private static final int CHUNK = 1 << 16;

    /**
     * A copy of a matrix.
     *
     * @param values (rows, columns), BF16 or I8
     * @param scales (rows) where values are I8
     */
    private record Copy(Variable values, @Nullable Variable scales) {}

    private final WeightFormat format;
    private final Map<Parameter, Copy> copies;

    private DecodeWeights(WeightFormat format, Map<Parameter, Copy> copies) {
        this.format = format;
        this.copies = copies;
    }

    /**
     * Declares the copies of a model; allocates nothing.
     *
     * @param parameters of the model
     * @param format of the copies; F32 needs none
     * @return the copies, to be filled
     */
    public static DecodeWeights declare(GptParameters parameters, WeightFormat format) {
        if (format == WeightFormat.F32) {
            return PARAMETERS;
        }
        var copies = new LinkedHashMap<Parameter, Copy>();
        for (Parameter matrix : matrices(parameters)) {
            copies.put(matrix, copy(matrix, format));
        }
        return new DecodeWeights(format, copies);
    }

    private static Copy copy(Parameter matrix, WeightFormat format) {
        String name = matrix.value().name() + "." + format;
        Shape shape = matrix.type().shape();
        boolean integers = format == WeightFormat.INT8;
        TensorType type = new TensorType(integers ? DType.I8 : DType.BF16, shape);
        return new Copy(
                new Variable(name, type, Variable.Role.PARAMETER),
                integers
                        ? new Variable(name + ".scales", TensorType.f32(shape.dim(0)), Variable.Role.PARAMETER)
                        : null);
    }

    private static List<Parameter> matrices(GptParameters parameters) {
        var matrices = new ArrayList<Parameter>();
        for (GptParameters.Block block : parameters.blocks()) {
            matrices.addAll(
                    List.of(block.query(), block.key(), block.value(), block.projection(), block.up(), block.down()));
        }
        matrices.add(parameters.lmHead());
        return matrices;
    }

    /** {@return how they are stored} */
    public WeightFormat format() {
        return format;
    }

    /**
     * Rounds the parameters as they are now into the copies.
     *
     * @param engine where the model lives
     */
    public void fill(Engine engine) {
        copies.forEach((matrix, copy) -> eachChunk(engine, matrix, (first, rows) -> {
            long columns = matrix.type().shape().last();
            Variable scales = copy.scales();
            if (scales == null) {
                short[] halves = new short[rows.length];
                for (int i = 0; i < rows.length; i++) {
                    halves[i] = Bf16.bits(rows[i]);
                }
                engine.write(copy.values(), first * columns * Short.BYTES, MemorySegment.ofArray(halves));
            } else {
                Int8Rows integers = Int8Rows.of(rows, (int) columns);
                engine.write(copy.values(), first * columns, MemorySegment.ofArray(integers.values()));
                engine.write(scales, first * Float.BYTES, MemorySegment.ofArray(integers.scales()));
            }
        }));
    }

    /**
     * Replaces the parameters of a model by what copies of them stand for, so that any program shows what rounding costs.
     *
     * @param engine where the model lives
     * @param parameters of the model; the same ones are replaced that have copies
     * @param format of the copies; F32 changes nothing
     */
    public static void round(Engine engine, GptParameters parameters, WeightFormat format) {
        if (format == WeightFormat.F32) {
            return;
        }
        for (Parameter matrix : matrices(parameters)) {
            int columns = matrix.type().shape().last();
            eachChunk(engine, matrix, (first, rows) -> {
                float[] rounded = rows;
                if (format == WeightFormat.INT8) {
                    rounded = Int8Rows.of(rows, columns).widened();
                } else {
                    for (int i = 0; i < rows.length; i++) {
                        rounded[i] = Bf16.round(rows[i]);
                    }
                }
                engine.write(matrix.value(), first * columns * Float.BYTES, MemorySegment.ofArray(rounded));
            });
        }
    }

    /** Takes some rows of a matrix. */
    @FunctionalInterface
    private interface Chunk {
        void take(long first, float[] rows);
    }

    private static void eachChunk(Engine engine, Parameter matrix, Chunk chunk) {
        int columns = matrix.type().shape().last();
        int all = matrix.type().shape().dim(0);
        int most = Math.max(1, CHUNK / columns);
        for (int first = 0; first < all; first += most) {
            float[] rows = new float[Math.min(most, all - first) * columns];
            engine.read(matrix.value(), (long) first * columns * Float.BYTES, MemorySegment.ofArray(rows));
            chunk.take(first, rows);
        }
    }

    /** {@code x Wᵀ}. */
    Tensor times(Interpreter in, Tensor x, Parameter weight) {
        Copy copy = copies.get(weight);
        if (copy == null) {
            return x.matmulTransposed(in.use(weight.value()).cast(x.type().dtype()));
        }
        Tensor values = in.use(copy.values());
        return copy.scales() == null ? x.matmulTransposed(values) : x.matmulTransposed(values, in.use(copy.scales()));
    }

    /** Softcapped logits of x (N, C). */
    Tensor logits(Interpreter in, Tensor x, Parameter head, float cap, int vocabulary) {
        Copy copy = copies.get(head);
        if (copy == null) {
            return x.logits(in.use(head.value()).cast(x.type().dtype()), cap, vocabulary);
        }
        Tensor values = in.use(copy.values());
        return copy.scales() == null
                ? x.logits(values, cap, vocabulary)
                : x.logits(values, in.use(copy.scales()), cap, vocabulary);
    }
}
