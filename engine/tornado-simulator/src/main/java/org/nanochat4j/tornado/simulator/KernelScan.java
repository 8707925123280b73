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
import java.lang.classfile.TypeKind;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
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
import java.lang.invoke.MethodType;
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
import org.nanochat4j.tornado.simulator.OperandStack.Value;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Reads the class files of kernels for what TornadoVM refuses or gets wrong, in all the static methods that they call. */
public final class KernelScan {
    private static final String API = "uk/ac/manchester/tornado/api/";
    private static final String REDUCE = "L" + API + "annotations/Reduce;";
    private static final String PARALLEL = "L" + API + "annotations/Parallel;";

    private final ClassLoader loader;
    private final DeviceCalls calls;
    private final Map<String, ClassModel> classes = new HashMap<>();
    private final Map<String, Set<Integer>> written = new HashMap<>();
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
        KernelScan scan = new KernelScan(kernel.getDeclaringClass().getClassLoader(), device);
        scan.kernel(kernel);
        if (device.driver() == TornadoVMBackendType.OPENCL && OpenClNames.contains(kernel.getName())) {
            scan.findings.addFirst(new Finding(
                    Rule.KERNEL_NAME,
                    kernel.getDeclaringClass().getSimpleName() + "." + kernel.getName(),
                    0,
                    "has the name of a function of OpenCL"));
        }
        return List.copyOf(scan.findings);
    }

    /** {@return the numbers of the parameters whose arrays a kernel writes} */
    static Set<Integer> writtenParameters(Method kernel) {
        return new KernelScan(kernel.getDeclaringClass().getClassLoader(), Simulator.device()).kernel(kernel);
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

    private Set<Integer> kernel(Method kernel) {
        return method(
                kernel.getDeclaringClass().getName().replace('.', '/'),
                kernel.getName(),
                MethodType.methodType(kernel.getReturnType(), kernel.getParameterTypes())
                        .descriptorString());
    }

    /** Scans a method, and returns the numbers of the parameters whose arrays it writes. */
    private Set<Integer> method(String owner, String name, String descriptor) {
        String key = owner + "." + name + descriptor;
        String shown = owner.substring(owner.lastIndexOf('/') + 1) + "." + name;
        if (path.contains(key)) {
            findings.add(new Finding(Rule.RECURSION, shown, 0, "calls itself"));
            return Set.of();
        }
        Set<Integer> known = written.get(key);
        if (known != null) {
            return known;
        }
        path.push(key);
        Set<Integer> writes = new HashSet<>();
        for (MethodModel method : type(owner).methods()) {
            if (method.methodName().equalsString(name) && method.methodType().equalsString(descriptor)) {
                writes.addAll(new MethodScan(shown, method).run());
            }
        }
        path.pop();
        written.put(key, writes);
        return writes;
    }

    private ClassModel type(String owner) {
        return classes.computeIfAbsent(owner, this::read);
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
        private final OperandStack stack;
        private final Set<Integer> writes = new HashSet<>();
        private int line;
        private @Nullable Instruction previous;

        MethodScan(String name, MethodModel method) {
            this.name = name;
            this.method = method;
            stack = new OperandStack(method.methodTypeSymbol().parameterList());
        }

        Set<Integer> run() {
            if (!method.flags().has(AccessFlag.STATIC)) {
                add(Rule.INSTANCE_METHOD, "is no static method");
            }
            method.findAttribute(Attributes.runtimeVisibleParameterAnnotations())
                    .ifPresent(attribute -> attribute.parameterAnnotations().forEach(this::annotations));
            CodeModel code = method.code().orElse(null);
            if (code == null) {
                add(Rule.CALL, "has no code");
                return writes;
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
                if (!(element instanceof InvokeInstruction)) {
                    stack.follow(element);
                }
            }
            return writes;
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
                case OperatorInstruction _, ConvertInstruction _ -> {
                    if (stack.top(2).stream().anyMatch(Value::isBits)) {
                        add(Rule.BITS_IN_EXPRESSION, "intBitsToFloat in an expression");
                    }
                }
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
                    && type(field.owner().asInternalName()).fields().stream()
                            .anyMatch(candidate -> candidate.fieldName().equals(field.name())
                                    && candidate.flags().has(AccessFlag.FINAL));
        }

        private void call(InvokeInstruction call) {
            String owner = call.owner().asInternalName();
            String callee = call.name().stringValue();
            boolean isStatic = call.opcode() == Opcode.INVOKESTATIC;
            int count = call.typeSymbol().parameterCount() + (isStatic ? 0 : 1);
            List<Value> arguments = stack.top(count);
            stack.returns(count, call.typeSymbol().returnType());
            if (calls.storesHalf(owner, callee)) {
                add(Rule.HALF_STORE, owner.substring(owner.lastIndexOf('/') + 1) + "." + callee);
            }
            if (owner.startsWith(API) || owner.startsWith("java/")) {
                intrinsic(call, owner, callee, arguments);
            } else if (isStatic) {
                if (arguments.stream().anyMatch(Value::isLocalArray)) {
                    add(Rule.LOCAL_ARRAY_PASSED, "a local array is passed to " + callee);
                }
                for (int parameter : method(owner, callee, call.type().stringValue())) {
                    writes(arguments.get(parameter));
                }
            } else {
                add(Rule.CALL, owner + "." + callee);
            }
        }

        private void intrinsic(InvokeInstruction call, String owner, String callee, List<Value> arguments) {
            TypeKind result = TypeKind.from(call.typeSymbol().returnType());
            if (!calls.knows(owner, callee)) {
                if (!callee.equals(ConstantDescs.INIT_NAME)) {
                    add(Rule.CALL, owner + "." + callee);
                }
            } else if (DeviceCalls.isArray(owner)) {
                if (callee.startsWith("set")) {
                    writes(arguments.getFirst());
                } else if (callee.equals("get")) {
                    stack.replace(1, Value.loaded(result));
                }
            } else if (callee.startsWith("allocate")) {
                stack.replace(1, Value.localArray());
            } else if (callee.equals("mmaStore")) {
                writes(arguments.get(2));
            } else if (callee.equals("atomicAdd")) {
                if (arguments.get(1).isLocalArray()) {
                    add(Rule.LOCAL_ATOMIC, "atomicAdd to a local array");
                }
                writes(arguments.get(1));
            } else if (callee.equals("intBitsToFloat") && !arguments.getFirst().isLoaded()) {
                stack.replace(1, Value.bits());
            } else if (arguments.stream().anyMatch(Value::isBits)) {
                add(Rule.BITS_IN_EXPRESSION, "intBitsToFloat in an expression");
            }
        }

        private void writes(Value array) {
            if (array.isParameter()) {
                writes.add(array.origin());
            }
        }

        private void add(Rule rule, String what) {
            findings.add(new Finding(rule, name, line, what));
        }
    }
}
