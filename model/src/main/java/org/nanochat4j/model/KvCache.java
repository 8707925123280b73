package org.nanochat4j.model;

import java.util.ArrayList;
import java.util.List;
import org.nanochat4j.engine.TensorType;
import org.nanochat4j.engine.Variable;

/**
 * What a model remembers of earlier tokens: a pool of fixed size, each row at its own position, so that one decode program serves all.
 *
 * <p>Keys are stored after rotation and normalisation but without the constant score factor; values after the value embedding. B rows, P positions.
 *
 * @param rows sequences that are decoded together, B
 * @param capacity tokens per row, P
 * @param keys by layer (B, P, Hkv, D)
 * @param values by layer (B, P, Hkv, D)
 * @param positions of each row's next token, or of the last of a prompt that is read, I32 (B); the host writes it
 * @param previous normalised embedding of each row's last token before smearing (B, 1, C)
 */
public record KvCache(
        int rows, int capacity, List<Variable> keys, List<Variable> values, Variable positions, Variable previous) {
    /**
     * Declares a cache.
     *
     * @param config the model
     * @param rows sequences that are decoded together
     * @param capacity tokens per row
     * @return the cache
     * @throws ModelException.BadConfig if there are not as many positions
     */
    public static KvCache declare(GptConfig config, int rows, int capacity) {
        if (rows < 1 || capacity < 1 || capacity > config.maxPositions()) {
            throw new ModelException.BadConfig("a cache of " + rows + " rows and " + capacity
                    + " positions; choose at least one row and between 1 and " + config.maxPositions()
                    + " positions (ten times the sequence length)");
        }
        TensorType pool = TensorType.f32(rows, capacity, config.kvHeads(), config.headSize());
        List<Variable> keys = new ArrayList<>();
        List<Variable> values = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            keys.add(new Variable("cache." + layer + ".keys", pool, Variable.Role.CACHE));
            values.add(new Variable("cache." + layer + ".values", pool, Variable.Role.CACHE));
        }
        return new KvCache(
                rows,
                capacity,
                List.copyOf(keys),
                List.copyOf(values),
                new Variable("cache.positions", TensorType.i32(rows), Variable.Role.INPUT),
                new Variable("cache.previous", TensorType.f32(rows, 1, config.channels()), Variable.Role.CACHE));
    }

    /** {@return all its variables} */
    public List<Variable> variables() {
        List<Variable> all = new ArrayList<>(keys);
        all.addAll(values);
        all.add(positions);
        all.add(previous);
        return all;
    }
}
