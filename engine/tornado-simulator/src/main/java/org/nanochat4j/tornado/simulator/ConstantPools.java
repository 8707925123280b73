package org.nanochat4j.tornado.simulator;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The methods that a class calls, read from the JVM: the class of a lambda has no class file to read. TornadoVM finds kernels
 * in the same place.
 */
final class ConstantPools {
    private static final String FLAGS = "the simulated device needs the JVM flags --add-exports"
            + " java.base/jdk.internal.access=ALL-UNNAMED --add-exports java.base/jdk.internal.reflect=ALL-UNNAMED";

    private ConstantPools() {}

    static List<Method> methods(Class<?> lambda) {
        try {
            Object access = Class.forName("jdk.internal.access.SharedSecrets")
                    .getMethod("getJavaLangAccess")
                    .invoke(null);
            Object pool = Class.forName("jdk.internal.access.JavaLangAccess")
                    .getMethod("getConstantPool", Class.class)
                    .invoke(access, lambda);
            Class<?> type = Class.forName("jdk.internal.reflect.ConstantPool");
            Method methodAt = type.getMethod("getMethodAt", int.class);
            int size = (int) type.getMethod("getSize").invoke(pool);
            List<Method> methods = new ArrayList<>();
            for (int i = 1; i < size; i++) {
                if (member(methodAt, pool, i) instanceof Method method) {
                    methods.add(method);
                }
            }
            return methods;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(FLAGS, e);
        }
    }

    /** {@return the method at an index, or null if there is something else} */
    private static @Nullable Member member(Method methodAt, Object pool, int index) throws IllegalAccessException {
        try {
            return (Member) methodAt.invoke(pool, index);
        } catch (InvocationTargetException e) {
            return null;
        }
    }
}
