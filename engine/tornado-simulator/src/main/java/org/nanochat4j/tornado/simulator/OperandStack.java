package org.nanochat4j.tornado.simulator;

import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the values come from that a method's instructions work on. Instructions are followed in the order of the class file,
 * which is enough for what a compiler makes of Java: at a branch the stack is remembered for its target.
 */
final class OperandStack {
    private static final int PLAIN = -1;
    private static final int LOCAL_ARRAY = -2;
    private static final int LOADED = -3;
    private static final int BITS = -4;

    private final Map<Integer, Value> locals = new HashMap<>();
    private final Map<Label, List<Value>> atLabels = new HashMap<>();
    private List<Value> values = new ArrayList<>();
    private boolean reachable = true;

    /** A value: a parameter's number or something else of interest, and whether it is a long or a double. */
    record Value(int origin, boolean wide) {
        static Value plain(TypeKind kind) {
            return new Value(PLAIN, kind.slotSize() == 2);
        }

        static Value localArray() {
            return new Value(LOCAL_ARRAY, false);
        }

        static Value loaded(TypeKind kind) {
            return new Value(LOADED, kind.slotSize() == 2);
        }

        static Value bits() {
            return new Value(BITS, false);
        }

        boolean isParameter() {
            return origin >= 0;
        }

        boolean isLocalArray() {
            return origin == LOCAL_ARRAY;
        }

        /** Whether it was read from an array just now. */
        boolean isLoaded() {
            return origin == LOADED;
        }

        /** Whether it is a float made of bits that were computed. */
        boolean isBits() {
            return origin == BITS;
        }
    }

    /** The stack at the entry of a static method. */
    OperandStack(List<ClassDesc> parameters) {
        int slot = 0;
        for (int i = 0; i < parameters.size(); i++) {
            TypeKind kind = TypeKind.from(parameters.get(i));
            locals.put(slot, new Value(i, kind.slotSize() == 2));
            slot += kind.slotSize();
        }
    }

    /** {@return the topmost values, the topmost last} */
    List<Value> top(int count) {
        return List.copyOf(values.subList(Math.max(0, values.size() - count), values.size()));
    }

    /** Follows any element of code but a call, whose result the caller has to tell. */
    void follow(CodeElement element) {
        switch (element) {
            case LabelTarget target -> enter(target.label());
            case LoadInstruction load -> push(locals.getOrDefault(load.slot(), Value.plain(load.typeKind())));
            case StoreInstruction store -> locals.put(store.slot(), pop());
            case ConstantInstruction constant -> push(Value.plain(constant.typeKind()));
            case ArrayLoadInstruction load -> replace(2, Value.loaded(load.typeKind()));
            case ArrayStoreInstruction _ -> pop(3);
            case OperatorInstruction operator -> replace(operands(operator.opcode()), Value.plain(operator.typeKind()));
            case ConvertInstruction convert -> replace(1, Value.plain(convert.toType()));
            case StackInstruction stack -> shuffle(stack.opcode());
            case FieldInstruction field -> field(field);
            case InvokeInstruction call -> throw new IllegalArgumentException("a call: " + call);
            case InvokeDynamicInstruction call ->
                returns(call.typeSymbol().parameterCount(), call.typeSymbol().returnType());
            case NewObjectInstruction _ -> push(Value.plain(TypeKind.REFERENCE));
            case NewPrimitiveArrayInstruction _, NewReferenceArrayInstruction _ ->
                replace(1, Value.plain(TypeKind.REFERENCE));
            case NewMultiArrayInstruction array -> replace(array.dimensions(), Value.plain(TypeKind.REFERENCE));
            case TypeCheckInstruction check -> {
                if (check.opcode() == Opcode.INSTANCEOF) {
                    replace(1, Value.plain(TypeKind.INT));
                }
            }
            case MonitorInstruction _ -> pop(1);
            case BranchInstruction branch -> branch(branch);
            case TableSwitchInstruction choice -> choose(choice.cases(), choice.defaultTarget());
            case LookupSwitchInstruction choice -> choose(choice.cases(), choice.defaultTarget());
            case ReturnInstruction _, ThrowInstruction _ -> reachable = false;
            default -> {} // line numbers, increments
        }
    }

    /** Follows a call that takes so many values and gives one of a type. */
    void returns(int arguments, ClassDesc type) {
        TypeKind kind = TypeKind.from(type);
        pop(arguments);
        if (kind != TypeKind.VOID) {
            push(Value.plain(kind));
        }
    }

    /** Replaces the topmost values by one. */
    void replace(int count, Value value) {
        pop(count);
        push(value);
    }

    private void enter(Label label) {
        if (!reachable) {
            values = new ArrayList<>(atLabels.getOrDefault(label, List.of()));
        }
        reachable = true;
    }

    private void branch(BranchInstruction branch) {
        pop(
                switch (branch.opcode()) {
                    case GOTO, GOTO_W -> 0;
                    case IF_ICMPEQ, IF_ICMPNE, IF_ICMPLT, IF_ICMPGE, IF_ICMPGT, IF_ICMPLE, IF_ACMPEQ, IF_ACMPNE -> 2;
                    default -> 1;
                });
        atLabels.putIfAbsent(branch.target(), List.copyOf(values));
        reachable = branch.opcode() != Opcode.GOTO && branch.opcode() != Opcode.GOTO_W;
    }

    private void choose(List<SwitchCase> cases, Label otherwise) {
        pop(1);
        cases.forEach(choice -> atLabels.putIfAbsent(choice.target(), List.copyOf(values)));
        atLabels.putIfAbsent(otherwise, List.copyOf(values));
        reachable = false;
    }

    private void field(FieldInstruction field) {
        Value value = Value.plain(TypeKind.from(field.typeSymbol()));
        switch (field.opcode()) {
            case GETSTATIC -> push(value);
            case PUTSTATIC -> pop(1);
            case GETFIELD -> replace(1, value);
            default -> pop(2);
        }
    }

    private static int operands(Opcode opcode) {
        return switch (opcode) {
            case INEG, LNEG, FNEG, DNEG, ARRAYLENGTH -> 1;
            default -> 2;
        };
    }

    private void shuffle(Opcode opcode) {
        switch (opcode) {
            case POP -> pop(1);
            case POP2 -> pop(pair());
            case DUP -> insert(1, 0);
            case DUP_X1 -> insert(1, 1);
            case DUP_X2 -> insert(1, values.get(values.size() - 2).wide() ? 1 : 2);
            case DUP2 -> insert(pair(), 0);
            case DUP2_X1 -> insert(pair(), 1);
            case DUP2_X2 ->
                insert(pair(), values.get(values.size() - 1 - pair()).wide() ? 1 : 2);
            default -> { // SWAP
                Value top = pop();
                values.add(values.size() - 1, top);
            }
        }
    }

    /** {@return how many values the topmost two slots are} */
    private int pair() {
        return values.getLast().wide() ? 1 : 2;
    }

    /** Copies the topmost values below others. */
    private void insert(int count, int below) {
        List<Value> copies = top(count);
        values.addAll(values.size() - count - below, copies);
    }

    private void push(Value value) {
        values.add(value);
    }

    private Value pop() {
        return values.isEmpty() ? Value.plain(TypeKind.INT) : values.removeLast();
    }

    private void pop(int count) {
        for (int i = 0; i < count; i++) {
            pop();
        }
    }
}
