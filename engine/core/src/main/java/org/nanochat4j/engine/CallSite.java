package org.nanochat4j.engine;

/** The user's line of code that led to an op: the innermost frame outside the engine. */
public final class CallSite {
    private static final StackWalker WALKER = StackWalker.getInstance();
    private static final String ENGINE = "org.nanochat4j.engine.";

    private CallSite() {}

    /** {@return the innermost frame outside the engine as {@code Type.method(File:line)}, or "unknown"} */
    public static String current() {
        return WALKER.walk(frames -> frames.filter(frame -> !inEngine(frame))
                .findFirst()
                .map(CallSite::describe)
                .orElse("unknown"));
    }

    private static boolean inEngine(StackWalker.StackFrame frame) {
        String name = frame.getClassName();
        return name.startsWith("java.")
                || (name.startsWith(ENGINE) && !name.contains("Test") && !name.startsWith(ENGINE + "examples"));
    }

    private static String describe(StackWalker.StackFrame frame) {
        String name = frame.getClassName();
        return name.substring(name.lastIndexOf('.') + 1) + "." + frame.getMethodName() + "(" + frame.getFileName() + ":"
                + frame.getLineNumber() + ")";
    }
}
