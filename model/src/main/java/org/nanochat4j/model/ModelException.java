package org.nanochat4j.model;

import java.util.Objects;

/** Everything the model refuses to do: what is wrong, where, and what to do next. */
public abstract sealed class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private ModelException(String message) {
        super(message);
    }

    /** {@return what is wrong, where, and what to do next; never null} */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    /** A configuration that describes no model. */
    public static final class BadConfig extends ModelException {
        private static final long serialVersionUID = 1L;

        /**
         * A configuration error.
         *
         * @param message the field, its value and the remedy
         */
        public BadConfig(String message) {
            super(message);
        }
    }

    /** A checkpoint or a tensor file that is torn, foreign, or made for another model. */
    public static final class BadCheckpoint extends ModelException {
        private static final long serialVersionUID = 1L;

        /**
         * A checkpoint error.
         *
         * @param message the file, what is wrong with it and the remedy
         */
        public BadCheckpoint(String message) {
            super(message);
        }
    }

    /** Token ids that the model cannot take: outside the vocabulary, too many, or none. */
    public static final class BadTokens extends ModelException {
        private static final long serialVersionUID = 1L;

        /**
         * An input error.
         *
         * @param message which ids, what the model takes and the remedy
         */
        public BadTokens(String message) {
            super(message);
        }
    }

    /** A model that was used before its weights and tables were written. */
    public static final class NotReady extends ModelException {
        private static final long serialVersionUID = 1L;

        /**
         * A set-up error.
         *
         * @param message what is missing and the remedy
         */
        public NotReady(String message) {
            super(message);
        }
    }
}
