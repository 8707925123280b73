package org.nanochat4j.engine.cpu.code;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the few x86-64 instructions that micro-kernels consist of.
 *
 * <p>One method per instruction, named as in the manual, with the destination first. Formats: Intel 64 and IA-32 Architectures Software Developer's
 * Manual, volume 2, chapter 2. Vector instructions always take the three-byte VEX prefix: two bytes more here and there cost nothing in a loop.
 */
final class Assembler {
    /** General registers; the ordinal is the number in the encoding. */
    enum Register {
        RAX,
        RCX,
        RDX,
        RBX,
        RSP,
        RBP,
        RSI,
        RDI,
        R8,
        R9,
        R10,
        R11,
        R12,
        R13,
        R14,
        R15
    }

    /** A vector register of 256 bits, 0 to 15. */
    record Vector(int number) {
        Vector {
            if (number < 0 || number > 15) {
                throw new IllegalArgumentException("there are vector registers 0 to 15, not " + number);
            }
        }
    }

    /** A tile register of 16 rows of 64 bytes, 0 to 7. */
    record Tile(int number) {
        Tile {
            if (number < 0 || number > 7) {
                throw new IllegalArgumentException("there are tile registers 0 to 7, not " + number);
            }
        }
    }

    /** Memory at base + index scale + displacement. */
    record Address(Register base, @Nullable Register index, int scale, int displacement) {
        Address {
            if (index == Register.RSP || Integer.bitCount(scale) != 1 || scale > 8) {
                throw new IllegalArgumentException("rsp is no index, and scales are 1, 2, 4 or 8");
            }
        }

        static Address at(Register base) {
            return at(base, 0);
        }

        static Address at(Register base, int displacement) {
            return new Address(base, null, 1, displacement);
        }

        static Address at(Register base, Register index, int scale) {
            return new Address(base, index, scale, 0);
        }
    }

    /** What a conditional jump looks at; the code is that of the manual's table of conditions. */
    enum Condition {
        EQUAL(4),
        NOT_EQUAL(5),
        LESS(12);

        private final int code;

        Condition(int code) {
            this.code = code;
        }
    }

    /** A place in the code that jumps and data refer to, to be bound before {@link #code}. */
    static final class Label {
        private int position = -1;
        private final List<Integer> jumps = new ArrayList<>();
    }

    // Fields pp, mmmmm and L of the VEX prefix.
    private static final int NO_PREFIX = 0;
    private static final int PREFIX_66 = 1;
    private static final int PREFIX_F3 = 2;
    private static final int PREFIX_F2 = 3;
    private static final int MAP_0F = 1;
    private static final int MAP_0F38 = 2;
    private static final int BITS_128 = 0;
    private static final int BITS_256 = 1;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Label> labels = new ArrayList<>();

    /** The finished code; all labels that jumps refer to must be bound. */
    byte[] code() {
        byte[] code = out.toByteArray();
        for (Label label : labels) {
            for (int jump : label.jumps) {
                if (label.position < 0) {
                    throw new IllegalStateException("a jump at " + jump + " goes to a label that was never bound");
                }
                int distance = label.position - (jump + 4);
                for (int i = 0; i < 4; i++) {
                    code[jump + i] = (byte) (distance >> 8 * i);
                }
            }
        }
        return code;
    }

    Label label() {
        Label label = new Label();
        labels.add(label);
        return label;
    }

    void bind(Label label) {
        if (label.position >= 0) {
            throw new IllegalStateException("a label is bound once");
        }
        label.position = out.size();
    }

    /** Bytes that are no instruction. */
    void data(byte[] bytes) {
        out.writeBytes(bytes);
    }

    void jmp(Label target) {
        emit(0xE9);
        jumpTo(target);
    }

    void jcc(Condition condition, Label target) {
        emit(0x0F, 0x80 | condition.code);
        jumpTo(target);
    }

    private void jumpTo(Label target) {
        target.jumps.add(out.size());
        emit32(0);
    }

    void ret() {
        emit(0xC3);
    }

    void push(Register register) {
        if (register.ordinal() > 7) {
            emit(0x41);
        }
        emit(0x50 | register.ordinal() & 7);
    }

    void pop(Register register) {
        if (register.ordinal() > 7) {
            emit(0x41);
        }
        emit(0x58 | register.ordinal() & 7);
    }

    void mov(Register to, Register from) {
        registers(0x89, from, to);
    }

    /** The value is extended by its sign. */
    void mov(Register to, int value) {
        emit(0x48 | high(to), 0xC7, 0xC0 | to.ordinal() & 7);
        emit32(value);
    }

    void mov(Register to, Address from) {
        rexAndMemory(0x8B, to, from);
    }

    void lea(Register to, Address address) {
        rexAndMemory(0x8D, to, address);
    }

    void add(Register to, Register value) {
        registers(0x01, value, to);
    }

    void test(Register left, Register right) {
        registers(0x85, right, left);
    }

    void sub(Register from, int value) {
        immediate(5, from, value);
    }

    void cmp(Register left, int value) {
        immediate(7, left, value);
    }

    /** Asks for a cache line that is needed soon; an address that is not mapped does no harm. */
    void prefetcht0(Address address) {
        emit(0x40 | high(address.index) << 1 | high(address.base), 0x0F, 0x18);
        memory(1, address);
    }

    void vzeroupper() {
        emit(0xC5, 0xF8, 0x77);
    }

    void vxorps(Vector to, Vector left, Vector right) {
        vex(NO_PREFIX, MAP_0F, to.number, left.number, right.number, 0x57);
    }

    void vmovups(Vector to, Address from) {
        vex(NO_PREFIX, MAP_0F, to.number, 0, from, 0x10);
    }

    void vmovups(Address to, Vector from) {
        vex(NO_PREFIX, MAP_0F, from.number, 0, to, 0x11);
    }

    void vbroadcastss(Vector to, Address from) {
        vex(PREFIX_66, MAP_0F38, to.number, 0, from, 0x18);
    }

    void vaddps(Vector to, Vector left, Address right) {
        vex(NO_PREFIX, MAP_0F, to.number, left.number, right, 0x58);
    }

    /** sum += left right, rounded once. */
    void vfmadd231ps(Vector sum, Vector left, Vector right) {
        vex(PREFIX_66, MAP_0F38, sum.number, left.number, right.number, 0xB8);
    }

    /** sum += left right, rounded once. */
    void vfmadd231ps(Vector sum, Vector left, Address right) {
        vex(PREFIX_66, MAP_0F38, sum.number, left.number, right, 0xB8);
    }

    /** Configures the tiles by the 64 bytes at a label: all tile instructions need that, and it sets the tiles to zero. */
    void ldtilecfg(Label configuration) {
        vexPrefix(NO_PREFIX, MAP_0F38, 0, 0, 0, 0, BITS_128);
        emit(0x49, 0x05); // memory relative to the next instruction
        jumpTo(configuration);
    }

    /** The tiles are as if they had never been configured: nothing of them is left, and the system need not save them. */
    void tilerelease() {
        vexPrefix(NO_PREFIX, MAP_0F38, 0, 0, 0, 0, BITS_128);
        emit(0x49, 0xC0);
    }

    void tilezero(Tile tile) {
        vexPrefix(PREFIX_F2, MAP_0F38, 0, 0, 0, 0, BITS_128);
        emit(0x49, 0xC0 | tile.number << 3);
    }

    /** The index of the address, scaled, is the distance from one row in memory to the next. */
    void tileloadd(Tile to, Address rows) {
        tileMemory(PREFIX_F2, to, rows);
    }

    /** The index of the address, scaled, is the distance from one row in memory to the next. */
    void tilestored(Address rows, Tile from) {
        tileMemory(PREFIX_F3, from, rows);
    }

    /** sum (16, 16) F32 += left (16, 32) BF16 times right (32, 16) BF16, of which a row holds two of the matrix, by pairs of elements. */
    void tdpbf16ps(Tile sum, Tile left, Tile right) {
        vexPrefix(PREFIX_F3, MAP_0F38, 0, 0, 0, right.number, BITS_128);
        emit(0x5C, 0xC0 | sum.number << 3 | left.number);
    }

    private void tileMemory(int prefix, Tile tile, Address rows) {
        if (rows.index == null) {
            throw new IllegalArgumentException("rows of a tile are an index apart: " + rows);
        }
        vexPrefix(prefix, MAP_0F38, 0, high(rows.index), high(rows.base), 0, BITS_128);
        emit(0x4B);
        memory(tile.number, rows);
    }

    private void registers(int opcode, Register reg, Register rm) {
        emit(
                0x48 | reg.ordinal() >> 3 << 2 | rm.ordinal() >> 3,
                opcode,
                0xC0 | (reg.ordinal() & 7) << 3 | rm.ordinal() & 7);
    }

    private void rexAndMemory(int opcode, Register reg, Address address) {
        emit(0x48 | reg.ordinal() >> 3 << 2 | high(address.index) << 1 | high(address.base), opcode);
        memory(reg.ordinal(), address);
    }

    private static int high(@Nullable Register register) {
        return register == null ? 0 : register.ordinal() >> 3;
    }

    private void immediate(int extension, Register rm, int value) {
        boolean small = value == (byte) value;
        emit(0x48 | high(rm), small ? 0x83 : 0x81, 0xC0 | extension << 3 | rm.ordinal() & 7);
        if (small) {
            emit(value);
        } else {
            emit32(value);
        }
    }

    private void vex(int prefix, int map, int reg, int second, int rm, int opcode) {
        vexPrefix(prefix, map, reg >> 3, 0, rm >> 3, second, BITS_256);
        emit(opcode, 0xC0 | (reg & 7) << 3 | rm & 7);
    }

    private void vex(int prefix, int map, int reg, int second, Address address, int opcode) {
        vexPrefix(prefix, map, reg >> 3, high(address.index), high(address.base), second, BITS_256);
        emit(opcode);
        memory(reg, address);
    }

    /** Three bytes; R, X, B and the second operand are stored inverted. */
    private void vexPrefix(int prefix, int map, int r, int x, int b, int second, int bits) {
        emit(0xC4, (r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | map, (~second & 15) << 3 | bits << 2 | prefix);
    }

    /** ModRM, SIB and displacement. */
    private void memory(int reg, Address address) {
        int base = address.base.ordinal() & 7;
        int displacement = address.displacement;
        // Base rbp or r13 without displacement would mean something else; rsp or r12 is only reached by a SIB byte.
        int mod = displacement == 0 && base != 5 ? 0 : displacement == (byte) displacement ? 1 : 2;
        boolean sib = address.index != null || base == 4;
        emit(mod << 6 | (reg & 7) << 3 | (sib ? 4 : base));
        if (sib) {
            int index = address.index == null ? 4 : address.index.ordinal() & 7;
            emit(Integer.numberOfTrailingZeros(address.scale) << 6 | index << 3 | base);
        }
        if (mod == 1) {
            emit(displacement);
        } else if (mod == 2) {
            emit32(displacement);
        }
    }

    private void emit(int... bytes) {
        Arrays.stream(bytes).forEach(out::write);
    }

    private void emit32(int value) {
        emit(value, value >> 8, value >> 16, value >> 24);
    }
}
