package org.nanochat4j.model;

import java.lang.foreign.MemorySegment;
import org.nanochat4j.engine.Bf16;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;
import org.nanochat4j.engine.nn.ParameterStore;

/**
 * Cosines and sines of the rotary angles {@code t / base^(2j/D)}, computed in F32 as the reference does, for ten training contexts of positions.
 *
 * <p>Not part of a checkpoint: a function of the configuration. Source: Su et al. 2021.
 *
 * @param cos (P, D/2)
 * @param sin (P, D/2)
 */
public record RotaryTables(Variable cos, Variable sin) {
    /**
     * Declares the tables of a model.
     *
     * @param config the model
     * @return the tables
     */
    public static RotaryTables declare(GptConfig config) {
        TensorType type = TensorType.f32(config.maxPositions(), config.headSize() / 2);
        return new RotaryTables(
                new Variable("rotary.cos", type, Variable.Role.CONSTANT),
                new Variable("rotary.sin", type, Variable.Role.CONSTANT));
    }

    /**
     * Computes the tables.
     *
     * @param config the model they were declared for
     * @param compute the type that the model computes in; in BF16 entries are rounded to it
     * @param sink takes the values, for example {@code engine::write}
     */
    void write(GptConfig config, DType compute, ParameterStore.Sink sink) {
        int pairs = config.headSize() / 2;
        float[] frequencies = new float[pairs];
        for (int j = 0; j < pairs; j++) {
            float exponent = (float) (2 * j) / config.headSize();
            frequencies[j] = 1f / (float) StrictMath.pow(config.architecture().rotaryBase(), exponent);
        }
        boolean rounded = compute == DType.BF16 || config.architecture().roundedRotary();
        float[] cosines = new float[pairs];
        float[] sines = new float[pairs];
        for (int t = 0; t < config.maxPositions(); t++) {
            for (int j = 0; j < pairs; j++) {
                float angle = t * frequencies[j];
                cosines[j] = entry(StrictMath.cos(angle), rounded);
                sines[j] = entry(StrictMath.sin(angle), rounded);
            }
            long offset = (long) t * pairs * Float.BYTES;
            sink.write(cos, offset, MemorySegment.ofArray(cosines));
            sink.write(sin, offset, MemorySegment.ofArray(sines));
        }
    }

    private static float entry(double value, boolean rounded) {
        return rounded ? Bf16.round((float) value) : (float) value;
    }
}
