package org.nanochat4j.tornado.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Loads the classes of a package of kernels a second time, with code that poisons the arrays which they allocate, and without a barrier that is to be missing. */
final class KernelLoader extends ClassLoader {
    private static final Map<Kernels, KernelLoader> LOADERS = new ConcurrentHashMap<>();
    private static final ClassDesc POISON = Poison.class.describeConstable().orElseThrow();

    /** The element types that kernels can allocate. */
    private static final Set<TypeKind> FILLED =
            Set.of(TypeKind.FLOAT, TypeKind.DOUBLE, TypeKind.INT, TypeKind.LONG, TypeKind.SHORT, TypeKind.BYTE);

    private final String packageName;
    private final @Nullable MissingBarrier missing;

    private record Kernels(Package classes, @Nullable MissingBarrier missing) {}

    private KernelLoader(Class<?> kernels, @Nullable MissingBarrier missing) {
        super("kernels of " + kernels.getPackageName(), kernels.getClassLoader());
        packageName = kernels.getPackageName();
        this.missing = missing;
    }

    static Class<?> load(Class<?> kernels) throws ClassNotFoundException {
        MissingBarrier missing = Simulator.missing();
        return LOADERS.computeIfAbsent(
                        new Kernels(kernels.getPackage(), missing), _ -> new KernelLoader(kernels, missing))
                .loadClass(kernels.getName());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        int dot = name.lastIndexOf('.');
        if (!name.substring(0, Math.max(dot, 0)).equals(packageName)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = poisoned(in.readAllBytes());
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    private byte[] poisoned(byte[] bytes) {
        ClassFile file = ClassFile.of(
                ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(getParent())
                        .orElse(ClassHierarchyResolver.defaultResolver())));
        CodeTransform poison = (builder, element) -> {
            builder.with(element);
            if (element instanceof NewPrimitiveArrayInstruction array && FILLED.contains(array.typeKind())) {
                ClassDesc type = array.typeKind().upperBound().arrayType();
                builder.invokestatic(POISON, "fill", MethodTypeDesc.of(type, type));
            }
        };
        return file.transformClass(file.parse(bytes), (builder, element) -> {
            if (element instanceof MethodModel method && !method.methodName().equalsString("<clinit>")) {
                CodeTransform code = missing == null ? poison : poison.andThen(missing.transform(method));
                builder.transformMethod(method, MethodTransform.transformingCode(code));
            } else {
                builder.with(element);
            }
        });
    }
}
