package org.nanochat4j.engine.cpu.code;

/** The system or the processor does not run our machine code; the message says why, and the Vector API is used. */
final class CodeRefused extends Exception {
    private static final long serialVersionUID = 1;

    private final String reason;

    CodeRefused(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
