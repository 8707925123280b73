package org.nanochat4j.model;

import java.util.Arrays;
import java.util.Locale;
import org.nanochat4j.engine.DType;
import org.nanochat4j.engine.runtime.Engine;

/** What a user may say of the type that a model computes in. */
public enum ComputeType {
    /** What the engine is best at. */
    AUTO,
    /** IEEE single precision. */
    F32,
    /** Its upper half, with F32 weights, sums and statistics. */
    BF16;

    /**
     * The type by its name on the command line and in {@code meta.json}.
     *
     * @param key for example {@code bf16}
     * @return the type
     * @throws ModelException.BadConfig if there is none of this name
     */
    public static ComputeType of(String key) {
        return Arrays.stream(values())
                .filter(type -> type.key().equals(key))
                .findFirst()
                .orElseThrow(
                        () -> new ModelException.BadConfig("there is no type " + key + "; choose f32, bf16 or auto"));
    }

    /**
     * The choice of a type.
     *
     * @param dtype F32 or BF16
     * @return the same
     */
    public static ComputeType of(DType dtype) {
        return of(dtype.name().toLowerCase(Locale.ROOT));
    }

    /** {@return the name on the command line and in {@code meta.json}} */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The type on an engine.
     *
     * @param engine decides if nobody else does
     * @return F32 or BF16
     */
    public DType on(Engine engine) {
        return this == AUTO ? engine.preferredType() : dtype();
    }

    /** {@return the type; F32 while it is undecided} */
    public DType dtype() {
        return this == BF16 ? DType.BF16 : DType.F32;
    }
}
