package org.nanochat4j.engine;

import java.util.Objects;

/** Everything the engine refuses to do: what is wrong, where, and what to do next. */
public abstract sealed class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private EngineException(String message) {
        super(message);
    }

    /** {@return what is wrong, where, and what to do next} */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** Operands whose shapes or element types an op cannot take, raised while the op is recorded. */
    public static final class BadOperand extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * An operand error.
         *
         * @param message op, problem, operand types, call site and remedy
         */
        public BadOperand(String message) {
            super(message);
        }
    }

    /** A gradient was asked of something that has none. */
    public static final class NoGradient extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * A gradient error.
         *
         * @param message what has no gradient and what to use instead
         */
        public NoGradient(String message) {
            super(message);
        }
    }

    /** A program that breaks a rule: reads what was never written, mixes interpreters, writes to a temporary. */
    public static final class BadProgram extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * A program error.
         *
         * @param message the broken rule, the step and the remedy
         */
        public BadProgram(String message) {
            super(message);
        }
    }

    /** A memory plan that does not fit, raised before anything is allocated. */
    public static final class OutOfMemory extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * A memory error.
         *
         * @param message needed and available bytes, the dominating component and the remedy
         */
        public OutOfMemory(String message) {
            super(message);
        }
    }

    /** Data that does not fit the tensor it is meant for, or ids outside a table. */
    public static final class BadData extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * A data error.
         *
         * @param message what was given, what was expected
         */
        public BadData(String message) {
            super(message);
        }
    }

    /** No backend of the wanted name, or one that cannot start here. */
    public static final class NoBackend extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * A backend error.
         *
         * @param message which backend, why it cannot start, and the remedy
         */
        public NoBackend(String message) {
            super(message);
        }
    }

    /** A device that failed while it compiled, ran or copied something. */
    public static final class DeviceFailed extends EngineException {
        private static final long serialVersionUID = 1L;

        /**
         * A device error.
         *
         * @param message what was under way, what the device said and the remedy
         */
        public DeviceFailed(String message) {
            super(message);
        }
    }
}
