package org.nanochat4j.engine;

/**
 * A declared tensor that lives longer than one run of a program: a parameter, its gradient, optimizer state, a cache, an input or a result.
 *
 * <p>A variable is only a declaration with an identity; whoever runs programs gives it memory. Its {@link #tensor} may be used as an operand
 * together with tensors of any interpreter.
 */
public final class Variable {
    /** What a variable is for; the memory plan groups by it. */
    public enum Role {
        /** A trained weight. */
        PARAMETER,
        /** The accumulated gradient of a parameter. */
        GRADIENT,
        /** Optimizer state: moments and momentum buffers. */
        OPTIMIZER,
        /** Keys and values of earlier positions, for decoding. */
        CACHE,
        /** Tables that never change after initialisation. */
        CONSTANT,
        /** What the host writes before a run. */
        INPUT,
        /** What the host reads after a run. */
        OUTPUT
    }

    private final String name;
    private final TensorType type;
    private final Role role;
    private final Tensor tensor;

    /**
     * Declares a variable.
     *
     * @param name for messages, plans and checkpoints
     * @param type element type and shape
     * @param role what it is for
     */
    public Variable(String name, TensorType type, Role role) {
        this.name = name;
        this.type = type;
        this.role = role;
        this.tensor = new Tensor(type, null, this);
    }

    /** {@return the name} */
    public String name() {
        return name;
    }

    /** {@return element type and shape} */
    public TensorType type() {
        return type;
    }

    /** {@return what it is for} */
    public Role role() {
        return role;
    }

    /** {@return this variable as an operand, bound to no interpreter} */
    public Tensor tensor() {
        return tensor;
    }

    @Override
    public String toString() {
        return name + " " + type;
    }
}
