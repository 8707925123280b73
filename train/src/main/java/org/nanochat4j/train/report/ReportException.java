package org.nanochat4j.train.report;

import org.jspecify.annotations.Nullable;

/** A report that cannot be made: what is wrong, where, and what to do. */
public final class ReportException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** An error in one line. */
    public ReportException(String what, String remedy) {
        this(what, remedy, null);
    }

    /** An error in one line, with what revealed it. */
    public ReportException(String what, String remedy, @Nullable Throwable cause) {
        super(what + "; " + remedy, cause);
    }
}
