package org.nanochat4j.tornado.simulator;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Code that can be left in the middle and resumed there: the JDK's one-shot continuation, which costs a fraction of a
 * virtual thread and leaves the order of resumption to us.
 */
final class Strand {
    private static final MethodHandle NEW;
    private static final MethodHandle RUN;
    private static final MethodHandle YIELD;
    private static final MethodHandle DONE;

    static {
        try {
            Class<?> scope = Class.forName("jdk.internal.vm.ContinuationScope");
            Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            Object kernels = lookup.findConstructor(scope, MethodType.methodType(void.class, String.class))
                    .invoke("work-items");
            NEW = lookup.findConstructor(continuation, MethodType.methodType(void.class, scope, Runnable.class))
                    .bindTo(kernels)
                    .asType(MethodType.methodType(Object.class, Runnable.class));
            RUN = lookup.findVirtual(continuation, "run", MethodType.methodType(void.class))
                    .asType(MethodType.methodType(void.class, Object.class));
            YIELD = lookup.findStatic(continuation, "yield", MethodType.methodType(boolean.class, scope))
                    .bindTo(kernels)
                    .asType(MethodType.methodType(boolean.class));
            DONE = lookup.findVirtual(continuation, "isDone", MethodType.methodType(boolean.class))
                    .asType(MethodType.methodType(boolean.class, Object.class));
        } catch (Throwable e) {
            throw new IllegalStateException(
                    "the simulated device needs the JVM flag --add-exports java.base/jdk.internal.vm=ALL-UNNAMED", e);
        }
    }

    private final Object continuation;

    Strand(Runnable code) {
        try {
            continuation = (Object) NEW.invokeExact(code);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Runs until the code suspends or ends. */
    void resume() {
        try {
            RUN.invokeExact(continuation);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Leaves the running strand. */
    static void suspend() {
        boolean ignored;
        try {
            ignored = (boolean) YIELD.invokeExact();
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    boolean done() {
        try {
            return (boolean) DONE.invokeExact(continuation);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException(e);
    }
}
