package org.nanochat4j.engine.cpu.code;

import static org.nanochat4j.engine.cpu.code.Assembler.Address.at;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R10;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R11;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R8;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.R9;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RAX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RBX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RCX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RDI;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RDX;
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RSI;

import java.util.Arrays;
import java.util.List;
import org.nanochat4j.engine.cpu.code.Assembler.Address;
import org.nanochat4j.engine.cpu.code.Assembler.Condition;
import org.nanochat4j.engine.cpu.code.Assembler.Label;
import org.nanochat4j.engine.cpu.code.Assembler.Register;
import org.nanochat4j.engine.cpu.code.Assembler.Tile;

/**
 * Writes the BF16 micro-kernel for AMX: {@code C (32 blocks, 32) = A (32 blocks, 32 steps) B (32 steps, 32)} or {@code C += A B}, with C in F32.
 *
 * <p>A block of 32 x 32 of C stays in four tile registers while k runs in steps of 32; each step loads two tiles of A and two of B and multiplies each
 * with each, so every tile that is loaded is used twice. A and B are packed in units of two tiles of 1,024 bytes: a unit of A has 32 rows of 32 elements,
 * one tile below the other, and the units of a block of rows follow each other in the order of k, block after block; a unit of B has 16 pairs of rows,
 * one tile beside the other, where a row of a tile holds 16 pairs of elements from two rows of the matrix, and the units follow each other in the order of k.
 *
 * <p>An element of C is added up step by step: TDPBF16PS adds the 16 products of even k and the 16 of odd k in two chains of fused multiply-adds from
 * zero, adds the two sums, and adds that to C; numbers below 2⁻¹²⁶ count as zero.
 *
 * <p>Arguments of the routine, all 64 bits: a, b, c, ldc in bytes, blocks, steps, the latter two at least 1. Calling convention: System V AMD64 ABI.
 * Tiles are configured and released within a call, so that they hold nothing between calls, whichever thread makes them.
 */
final class TileCode {
    /** Rows of a tile, and elements of F32 in one of them. */
    private static final int SIDE = 16;

    /** Bytes of a row of a tile. */
    private static final int ROW = 64;

    private static final int TILE = SIDE * ROW;

    private static final Register A = RDI;
    private static final Register B = RSI;
    private static final Register C = RDX;
    private static final Register LDC = RCX;
    private static final Register BLOCKS = R8;
    private static final Register STEPS = R9;
    private static final Register PACKED_ROW = R10;
    /** Sixteen rows below {@link #C}. */
    private static final Register LOWER = R11;

    private static final Register AT_B = RAX;
    private static final Register LEFT = RBX;
    private static final Register PEAK_STEPS = RDI;

    private static final Tile C00 = new Tile(0);
    private static final Tile C01 = new Tile(1);
    private static final Tile C10 = new Tile(2);
    private static final Tile C11 = new Tile(3);
    private static final Tile A0 = new Tile(4);
    private static final Tile A1 = new Tile(5);
    private static final Tile B0 = new Tile(6);
    private static final Tile B1 = new Tile(7);

    private final Assembler code = new Assembler();

    private TileCode() {}

    /**
     * The routine as bytes; it refers to no address outside itself.
     *
     * @param add adds to C instead of overwriting it
     */
    static byte[] write(boolean add) {
        TileCode tiles = new TileCode();
        tiles.routine(add);
        return tiles.code.code();
    }

    /**
     * Nothing but products, four for each step, of tiles that hold zeros: how fast the unit is without memory. The routine's argument: steps, at least 1.
     *
     * @return the routine as bytes
     */
    static byte[] writePeak() {
        TileCode tiles = new TileCode();
        tiles.peak();
        return tiles.code.code();
    }

    private void peak() {
        Label configuration = code.label();
        Label step = code.label();
        code.ldtilecfg(configuration);
        List.of(C00, C01, C10, C11, A0, A1, B0, B1).forEach(code::tilezero);
        code.bind(step);
        products();
        code.sub(PEAK_STEPS, 1);
        code.jcc(Condition.NOT_EQUAL, step);
        code.tilerelease();
        code.ret();
        code.bind(configuration);
        code.data(configuration());
    }

    private void routine(boolean add) {
        Label configuration = code.label();
        Label block = code.label();
        code.push(LEFT);
        code.ldtilecfg(configuration);
        code.mov(PACKED_ROW, ROW);
        code.bind(block);
        code.lea(LOWER, at(C, LDC, 8));
        code.lea(LOWER, at(LOWER, LDC, 8));
        if (add) {
            code.tileloadd(C00, rows(C, LDC, 0));
            code.tileloadd(C01, rows(C, LDC, ROW));
            code.tileloadd(C10, rows(LOWER, LDC, 0));
            code.tileloadd(C11, rows(LOWER, LDC, ROW));
        } else {
            code.tilezero(C00);
            code.tilezero(C01);
            code.tilezero(C10);
            code.tilezero(C11);
        }
        steps();
        code.tilestored(rows(C, LDC, 0), C00);
        code.tilestored(rows(C, LDC, ROW), C01);
        code.tilestored(rows(LOWER, LDC, 0), C10);
        code.tilestored(rows(LOWER, LDC, ROW), C11);
        code.lea(C, at(LOWER, LDC, 8));
        code.lea(C, at(C, LDC, 8));
        code.sub(BLOCKS, 1);
        code.jcc(Condition.NOT_EQUAL, block);
        code.tilerelease();
        code.pop(LEFT);
        code.ret();
        code.bind(configuration);
        code.data(configuration());
    }

    /** All steps of a block: A goes on from block to block, B begins anew. */
    private void steps() {
        Label step = code.label();
        code.mov(AT_B, B);
        code.mov(LEFT, STEPS);
        code.bind(step);
        code.tileloadd(A0, rows(A, PACKED_ROW, 0));
        code.tileloadd(B0, rows(AT_B, PACKED_ROW, 0));
        code.tileloadd(B1, rows(AT_B, PACKED_ROW, TILE));
        code.tileloadd(A1, rows(A, PACKED_ROW, TILE));
        products();
        code.lea(A, at(A, 2 * TILE));
        code.lea(AT_B, at(AT_B, 2 * TILE));
        code.sub(LEFT, 1);
        code.jcc(Condition.NOT_EQUAL, step);
    }

    private void products() {
        code.tdpbf16ps(C00, A0, B0);
        code.tdpbf16ps(C01, A0, B1);
        code.tdpbf16ps(C10, A1, B0);
        code.tdpbf16ps(C11, A1, B1);
    }

    private static Address rows(Register base, Register distance, int displacement) {
        return new Address(base, distance, 1, displacement);
    }

    /** Palette 1 with eight whole tiles; Software Developer's Manual, volume 1, section 18.3. */
    private static byte[] configuration() {
        byte[] bytes = new byte[64];
        bytes[0] = 1;
        for (int tile = 0; tile < 8; tile++) {
            bytes[16 + 2 * tile] = ROW;
        }
        Arrays.fill(bytes, 48, 56, (byte) SIDE);
        return bytes;
    }
}
