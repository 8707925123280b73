package org.nanochat4j.tornado.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Annotation;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.constant.ConstantDescs;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nanochat4j.tornado.simulator.Finding.Rule;

/** Reads the class files of kernels for what TornadoVM refuses or gets wrong, in all the static methods that they call. */
public final class KernelScan {
    private static final String API = "uk/ac/manchester/tornado/api/";
    private static final String REDUCE = "L" + API + "annotations/Reduce;";
    private static final String PARALLEL = "L" + API + "annotations/Parallel;";

    private final ClassLoader loader;
    private final DeviceCalls calls;
    private final Map<String, ClassModel> classes = new HashMap<>();
    private final Set<String> done = new HashSet<>();
    private final Deque<String> path = new ArrayDeque<>();
    private final List<Finding> findings = new ArrayList<>();

    private KernelScan(ClassLoader loader, SimulatedDevice device) {
        this.loader = loader;
        calls = new DeviceCalls(device);
    }

    /** {@return what is wrong with a kernel for the device of the moment} */
    public static List<Finding> of(Method kernel) {
        return of(kernel, Simulator.device());
    }

    /** {@return what is wrong with a kernel} */
    public static List<Finding> of(Method kernel, SimulatedDevice device) {
        Class<?> owner = kernel.getDeclaringClass();
        KernelScan scan = new KernelScan(owner.getClassLoader(), device);
        String descriptor = java.lang.invoke.MethodType.methodType(kernel.getReturnType(), kernel.getParameterTypes())
                .descriptorString();
        scan.method(owner.getName().replace('.', '/'), kernel.getName(), descriptor);
        return List.copyOf(scan.findings);
    }

    /** {@return what is wrong with any static method of kernel classes} */
    public static List<Finding> of(List<Class<?>> kernelClasses, SimulatedDevice device) {
        return kernelClasses.stream()
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(KernelScan::isKernel)
                .flatMap(method -> of(method, device).stream())
                .distinct()
                .toList();
    }

    /** {@return whether a method is a kernel: it returns nothing and takes a context or native arrays} */
    private static boolean isKernel(Method method) {
        return method.getReturnType() == void.class
                && !method.isSynthetic()
                && Arrays.stream(method.getParameterTypes())
                        .anyMatch(type -> type.getName().startsWith(API.replace('/', '.')));
    }

    private void method(String owner, String name, String descriptor) {
        String key = owner + "." + name + descriptor;
        if (path.contains(key)) {
            findings.add(new Finding(
                    Rule.RECURSION, owner.substring(owner.lastIndexOf('/') + 1) + "." + name, 0, "calls itself"));
            return;
        }
        if (!done.add(key)) {
            return;
        }
        path.push(key);
        ClassModel model = classes.computeIfAbsent(owner, this::read);
        for (MethodModel method : model.methods()) {
            if (method.methodName().equalsString(name) && method.methodType().equalsString(descriptor)) {
                new MethodScan(owner.substring(owner.lastIndexOf('/') + 1) + "." + name, method).run();
            }
        }
        path.pop();
    }

    private ClassModel read(String owner) {
        try (InputStream in = loader.getResourceAsStream(owner + ".class")) {
            if (in == null) {
                throw new SimulatorException("the class file of " + owner + " cannot be found");
            }
            return ClassFile.of().parse(in.readAllBytes());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The scan of one method. */
    private final class MethodScan {
        private final String name;
        private final MethodModel method;
        private int line;
        private @Nullable Instruction previous;

        MethodScan(String name, MethodModel method) {
            this.name = name;
            this.method = method;
        }

        void run() {
            if (!method.flags().has(AccessFlag.STATIC)) {
                add(Rule.INSTANCE_METHOD, "is no static method");
            }
            method.findAttribute(Attributes.runtimeVisibleParameterAnnotations())
                    .ifPresent(attribute -> attribute.parameterAnnotations().forEach(this::annotations));
            CodeModel code = method.code().orElse(null);
            if (code == null) {
                add(Rule.CALL, "has no code");
                return;
            }
            code.findAttribute(Attributes.runtimeVisibleTypeAnnotations())
                    .ifPresent(attribute -> attribute.annotations().forEach(annotation -> typed(annotation, code)));
            if (!code.exceptionHandlers().isEmpty()) {
                add(Rule.EXCEPTION, "catches exceptions");
            }
            for (CodeElement element : code) {
                if (element instanceof LineNumber number) {
                    line = number.line();
                }
                if (element instanceof Instruction instruction) {
                    instruction(instruction);
                    previous = instruction;
                }
            }
        }

        private void annotations(List<Annotation> annotations) {
            for (Annotation annotation : annotations) {
                if (annotation.className().equalsString(REDUCE)) {
                    add(Rule.REDUCE, "@Reduce");
                }
            }
        }

        private void typed(TypeAnnotation annotation, CodeModel code) {
            if (annotation.annotation().className().equalsString(PARALLEL)
                    && code.findAttribute(Attributes.localVariableTable()).isEmpty()) {
                add(Rule.NO_DEBUG_TABLE, "@Parallel without the table of local variables");
            }
        }

        private void instruction(Instruction instruction) {
            switch (instruction) {
                case OperatorInstruction operator
                when operator.opcode() == Opcode.IUSHR || operator.opcode() == Opcode.LUSHR ->
                    add(Rule.UNSIGNED_SHIFT, ">>>");
                case NewPrimitiveArrayInstruction array -> {
                    if (!(previous instanceof ConstantInstruction)) {
                        add(Rule.ALLOCATION, "an array of " + array.typeKind() + " whose size is no constant");
                    }
                }
                case NewObjectInstruction object -> {
                    if (!calls.creates(object.className().asInternalName())) {
                        add(Rule.ALLOCATION, "new " + object.className().asInternalName());
                    }
                }
                case NewReferenceArrayInstruction _ -> add(Rule.ALLOCATION, "an array of objects");
                case NewMultiArrayInstruction _ -> add(Rule.ALLOCATION, "an array of arrays");
                case InvokeDynamicInstruction call -> add(Rule.DYNAMIC_CALL, "a lambda or string: " + call.name());
                case ThrowInstruction _ -> add(Rule.EXCEPTION, "throws");
                case MonitorInstruction _ -> add(Rule.MONITOR, "synchronized");
                case ConstantInstruction.LoadConstantInstruction constant
                when constant.constantEntry() instanceof StringEntry -> add(Rule.STRING, "a string");
                case FieldInstruction field -> field(field);
                case InvokeInstruction call -> call(call);
                default -> {}
            }
        }

        private void field(FieldInstruction field) {
            boolean isStatic = field.opcode() == Opcode.GETSTATIC || field.opcode() == Opcode.PUTSTATIC;
            boolean isConstant = field.opcode() == Opcode.GETSTATIC
                    && (field.owner().asInternalName().startsWith(API) || isFinalPrimitive(field));
            if (isStatic && !isConstant) {
                add(Rule.STATIC_FIELD, field.owner().asInternalName() + "." + field.name());
            }
        }

        private boolean isFinalPrimitive(FieldInstruction field) {
            return field.typeSymbol().isPrimitive()
                    && classes.computeIfAbsent(field.owner().asInternalName(), KernelScan.this::read).fields().stream()
                            .anyMatch(candidate -> candidate.fieldName().equals(field.name())
                                    && candidate.flags().has(AccessFlag.FINAL));
        }

        private void call(InvokeInstruction call) {
            String owner = call.owner().asInternalName();
            String callee = call.name().stringValue();
            if (calls.storesHalf(owner, callee)) {
                add(Rule.HALF_STORE, owner.substring(owner.lastIndexOf('/') + 1) + "." + callee);
            } else if (owner.startsWith(API) || owner.startsWith("java/")) {
                if (!calls.knows(owner, callee)) {
                    add(Rule.CALL, owner + "." + callee);
                }
            } else if (call.opcode() == Opcode.INVOKESTATIC) {
                method(owner, callee, call.type().stringValue());
            } else if (!callee.equals(ConstantDescs.INIT_NAME)) {
                add(Rule.CALL, owner + "." + callee);
            }
        }

        private void add(Rule rule, String what) {
            findings.add(new Finding(rule, name, line, what));
        }
    }
}
