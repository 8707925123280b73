package org.nanochat4j.tornado.simulator;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Set;

/** The method behind a task's lambda, as the device runs it: with garbage in its private arrays. */
final class KernelCode {
    private final Method method;
    private final MethodHandle handle;

    private KernelCode(Method method, MethodHandle handle) {
        this.method = method;
        this.handle = handle;
    }

    /** {@return the code of a method reference or a lambda without captured variables} */
    static KernelCode of(Object function) {
        Method method = ConstantPools.methods(function.getClass()).stream()
                .filter(KernelCode::isKernel)
                .findFirst()
                .orElseThrow(() -> new SimulatorException(function.getClass().getName() + " calls no static method\n"
                        + "  remedy: make the kernel a static method and pass a reference to it"));
        try {
            Class<?> device = KernelLoader.load(method.getDeclaringClass());
            Method entry = device.getDeclaredMethod(method.getName(), method.getParameterTypes());
            entry.setAccessible(true);
            MethodHandle handle = MethodHandles.lookup().unreflect(entry);
            return new KernelCode(
                    method,
                    handle.asSpreader(Object[].class, entry.getParameterCount())
                            .asType(MethodType.methodType(void.class, Object[].class)));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the class of kernel " + method + " cannot be loaded for the device", e);
        }
    }

    private static boolean isKernel(Member member) {
        return Modifier.isStatic(member.getModifiers())
                && !member.getDeclaringClass().getName().startsWith("java.");
    }

    /** {@return class and method} */
    String name() {
        return method.getDeclaringClass().getSimpleName() + "." + method.getName();
    }

    /** {@return the numbers of the parameters whose arrays the kernel writes} */
    Set<Integer> writtenParameters() {
        return KernelScan.writtenParameters(method);
    }

    /** {@return what the device's compiler would get wrong} */
    List<Finding> findings() {
        return KernelScan.of(method);
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
