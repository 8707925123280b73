package org.nanochat4j.train.data;

import org.jspecify.annotations.Nullable;

/**
 * Data that cannot be used, told in one line: what is wrong, where, and what to do next.
 *
 * <p>Commands print the message alone; the cause is kept for {@code --verbose} and bug reports.
 */
public final class DataException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String what;
    private final String where;
    private final String remedy;

    /**
     * An error without an underlying exception.
     *
     * @param what the fault, without a full stop: {@code "no text column"}
     * @param where file, folder, row group or byte offset
     * @param remedy what the user can do, as a sentence without a full stop
     */
    public DataException(String what, String where, String remedy) {
        this(what, where, remedy, null);
    }

    /**
     * An error with the exception that revealed it.
     *
     * @param what the fault, without a full stop
     * @param where file, folder, row group or byte offset
     * @param remedy what the user can do, as a sentence without a full stop
     * @param cause the exception underneath, or null
     */
    public DataException(String what, String where, String remedy, @Nullable Throwable cause) {
        super(cause);
        this.what = what;
        this.where = where;
        this.remedy = remedy;
    }

    /** Returns the whole line: fault, place, advice. */
    @Override
    public String getMessage() {
        return what + " (" + where + "); " + remedy;
    }

    /** Returns the fault. */
    public String what() {
        return what;
    }

    /** Returns the place of the fault. */
    public String where() {
        return where;
    }

    /** Returns the advice. */
    public String remedy() {
        return remedy;
    }
}
