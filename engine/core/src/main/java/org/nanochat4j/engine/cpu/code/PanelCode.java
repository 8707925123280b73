package org.nanochat4j.engine.cpu.code;

import static org.nanochat4j.engine.cpu.code.Assembler.Address.at;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R10;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R11;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R12;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R13;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R14;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R15;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R8;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R9;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RAX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RBP;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RBX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RCX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RDI;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RDX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RSI;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RSP;

import java.util.List;
import org.nanochat4j.engine.cpu.code.Assembler.Address;
import org.nanochat4j.engine.cpu.code.Assembler.Condition;
import org.nanochat4j.engine.cpu.code.Assembler.Label;
import org.nanochat4j.engine.cpu.code.Assembler.Register;
import org.nanochat4j.engine.cpu.code.Assembler.Vector;

/**
 * Writes the F32 micro-kernel for AVX2: {@code C (m, 16) = A (m, k) B (k, 16)}, with A read element by element and the rows of B as two vectors.
 *
 * <p>Strips of six rows keep twelve sums, two vectors of B and two elements of A in all sixteen registers. The last strip has a loop of its own for each
 * number of rows. Element (i, p) of A is read at {@code a + i / 6 stripStep + i % 6 rowStep + p step}, so A may lie by rows, by columns, or packed.
 * Every element of C is one chain of fused multiply-adds in the order of p, from zero; only then C comes in. The Vector API kernels do the same, so
 * they give the same bits.
 *
 * <p>Arguments of the routine, all 64 bits: m, k, a, rowStep, step, stripStep, b, ldb, c, ldc, factor, offset; steps, leading dimensions, and the offset, which is added to a, in bytes.
 * Calling convention: System V AMD64 ABI.
 */
final class PanelCode {
    /** What becomes of C. */
    enum Result {
        /** C = A B. */
        STORE,
        /** C += A B. */
        ADD,
        /** C = C diag(factor) + A B. */
        SCALE
    }

    /** Rows of a strip. */
    static final int ROWS = 6;

    private static final Register M = RDI;
    private static final Register K = RSI;
    private static final Register A = RDX;
    private static final Register ROW_STEP = RCX;
    private static final Register STEP = R8;
    private static final Register STRIP_STEP = R9;
    private static final Register B = R10;
    private static final Register LDB = R11;
    private static final Register C = RBX;
    private static final Register LDC = RBP;
    private static final Register FACTOR = R12;
    /** Three rows below {@link #AT_A} or {@link #C}. */
    private static final Register LOWER = R13;

    private static final Register AT_A = RAX;
    private static final Register AT_B = R14;
    private static final Register LEFT = R15;
    private static final List<Register> SAVED = List.of(RBX, RBP, R12, R13, R14, R15);

    private static final Vector B0 = new Vector(12);
    private static final Vector B1 = new Vector(13);
    private static final int VECTOR_BYTES = 32;

    private final Assembler code = new Assembler();
    private final Result result;

    private PanelCode(Result result) {
        this.result = result;
    }

    /** The routine as bytes; it refers to no address outside itself. */
    static byte[] write(Result result) {
        PanelCode panel = new PanelCode(result);
        panel.routine();
        return panel.code.code();
    }

    private void routine() {
        SAVED.forEach(code::push);
        int argument = 8 * (SAVED.size() + 1);
        for (Register register : List.of(B, LDB, C, LDC, FACTOR)) {
            code.mov(register, at(RSP, argument));
            argument += 8;
        }
        code.mov(LEFT, at(RSP, argument));
        code.add(A, LEFT);
        Label strips = code.label();
        Label rest = code.label();
        Label end = code.label();
        code.bind(strips);
        code.cmp(M, ROWS);
        code.jcc(Condition.LESS, rest);
        strip(ROWS);
        code.add(A, STRIP_STEP);
        code.lea(C, at(C, LDC, 2));
        code.lea(C, at(C, LDC, 4));
        code.sub(M, ROWS);
        code.jmp(strips);
        code.bind(rest);
        for (int rows = ROWS - 1; rows > 0; rows--) {
            Label fewer = code.label();
            code.cmp(M, rows);
            code.jcc(Condition.NOT_EQUAL, fewer);
            strip(rows);
            code.jmp(end);
            code.bind(fewer);
        }
        code.bind(end);
        code.vzeroupper();
        SAVED.reversed().forEach(code::pop);
        code.ret();
    }

    private void strip(int rows) {
        fetch(rows);
        code.mov(AT_A, A);
        below(A, ROW_STEP);
        code.mov(AT_B, B);
        code.mov(LEFT, K);
        for (int i = 0; i < rows; i++) {
            code.vxorps(sum(i, 0), sum(i, 0), sum(i, 0));
            code.vxorps(sum(i, 1), sum(i, 1), sum(i, 1));
        }
        Label loop = code.label();
        Label done = code.label();
        code.test(LEFT, LEFT);
        code.jcc(Condition.EQUAL, done);
        code.bind(loop);
        code.vmovups(B0, at(AT_B));
        code.vmovups(B1, at(AT_B, VECTOR_BYTES));
        for (int i = 0; i < rows; i++) {
            Vector x = new Vector(14 + i % 2);
            code.vbroadcastss(x, row(AT_A, ROW_STEP, i));
            code.vfmadd231ps(sum(i, 0), x, B0);
            code.vfmadd231ps(sum(i, 1), x, B1);
        }
        code.add(AT_B, LDB);
        code.add(AT_A, STEP);
        code.add(LOWER, STEP);
        code.sub(LEFT, 1);
        code.jcc(Condition.NOT_EQUAL, loop);
        code.bind(done);
        finish(rows);
    }

    /** C is far away where its tile is larger than the second-level cache, and is needed only at the end. */
    private void fetch(int rows) {
        below(C, LDC);
        for (int i = 0; i < rows; i++) {
            code.prefetcht0(row(C, LDC, i));
        }
    }

    private void finish(int rows) {
        below(C, LDC);
        if (result == Result.SCALE) {
            code.vmovups(B0, at(FACTOR));
            code.vmovups(B1, at(FACTOR, VECTOR_BYTES));
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < 2; j++) {
                Address element = row(C, LDC, i);
                Address place = new Address(element.base(), element.index(), element.scale(), j * VECTOR_BYTES);
                switch (result) {
                    case STORE -> {}
                    case ADD -> code.vaddps(sum(i, j), sum(i, j), place);
                    case SCALE -> code.vfmadd231ps(sum(i, j), j == 0 ? B0 : B1, place);
                }
                code.vmovups(place, sum(i, j));
            }
        }
    }

    /** {@link #LOWER} = base + 3 step. */
    private void below(Register base, Register step) {
        code.lea(LOWER, at(base, step, 2));
        code.add(LOWER, step);
    }

    /** Row i from a base whose {@link #LOWER} is set. */
    private static Address row(Register base, Register step, int i) {
        Register start = i < 3 ? base : LOWER;
        return i % 3 == 0 ? at(start) : at(start, step, i % 3);
    }

    private static Vector sum(int row, int half) {
        return new Vector(2 * row + half);
    }
}
