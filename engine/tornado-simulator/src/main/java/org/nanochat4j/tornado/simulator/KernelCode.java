package org.nanochat4j.tornado.simulator;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.Arrays;

/** The code of a kernel. */
final class KernelCode {
    private final String name;
    private final MethodHandle handle;

    private KernelCode(String name, MethodHandle handle) {
        this.name = name;
        this.handle = handle;
    }

    static KernelCode of(Object function) {
        Method apply = Arrays.stream(function.getClass().getMethods())
                .filter(method -> method.getName().equals("apply"))
                .findFirst()
                .orElseThrow();
        try {
            apply.setAccessible(true);
            MethodHandle handle = MethodHandles.lookup().unreflect(apply).bindTo(function);
            return new KernelCode(
                    function.getClass().getName(),
                    handle.asSpreader(Object[].class, apply.getParameterCount())
                            .asType(java.lang.invoke.MethodType.methodType(void.class, Object[].class)));
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    String name() {
        return name;
    }

    void run(Object[] arguments) {
        try {
            handle.invokeExact(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
