package org.nanochat4j.tokenizer;

/** A tokenizer that cannot be trained, read or used as asked: what is wrong and where, and what to do about it. */
public final class TokenizerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String problem;
    private final String remedy;

    /**
     * An error with its remedy.
     *
     * @param problem what is wrong, and where
     * @param remedy what to do next
     */
    public TokenizerException(String problem, String remedy) {
        super(problem + "\n  remedy: " + remedy);
        this.problem = problem;
        this.remedy = remedy;
    }

    /**
     * An error with its remedy and its cause.
     *
     * @param problem what is wrong, and where
     * @param remedy what to do next
     * @param cause the failure underneath
     */
    public TokenizerException(String problem, String remedy, Throwable cause) {
        super(problem + "\n  remedy: " + remedy, cause);
        this.problem = problem;
        this.remedy = remedy;
    }

    /** {@return what is wrong, and where; the first part of the message} */
    public String problem() {
        return problem;
    }

    /** {@return what to do next; the second part of the message} */
    public String remedy() {
        return remedy;
    }
}
