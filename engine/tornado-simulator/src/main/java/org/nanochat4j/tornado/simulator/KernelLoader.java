package org.nanochat4j.tornado.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Loads the classes of a package of kernels a second time, with code that poisons the arrays which they allocate. */
final class KernelLoader extends ClassLoader {
    private static final Map<Package, KernelLoader> LOADERS = new ConcurrentHashMap<>();
    private static final ClassDesc POISON = Poison.class.describeConstable().orElseThrow();

    /** The element types that kernels can allocate. */
    private static final Set<TypeKind> FILLED =
            Set.of(TypeKind.FLOAT, TypeKind.DOUBLE, TypeKind.INT, TypeKind.LONG, TypeKind.SHORT, TypeKind.BYTE);

    private final String packageName;

    private KernelLoader(Class<?> kernels) {
        super("kernels of " + kernels.getPackageName(), kernels.getClassLoader());
        packageName = kernels.getPackageName();
    }

    static Class<?> load(Class<?> kernels) throws ClassNotFoundException {
        return LOADERS.computeIfAbsent(kernels.getPackage(), _ -> new KernelLoader(kernels))
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
        return file.transformClass(
                file.parse(bytes),
                ClassTransform.transformingMethodBodies(
                        method -> !method.methodName().equalsString("<clinit>"), poison));
    }
}
