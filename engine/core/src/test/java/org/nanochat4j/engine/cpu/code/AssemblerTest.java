package org.nanochat4j.engine.cpu.code;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import static org.nanochat4j.engine.cpu.code.Assembler.Register.RSP;

import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.nanochat4j.engine.cpu.code.Assembler.Address;
import org.nanochat4j.engine.cpu.code.Assembler.Condition;
import org.nanochat4j.engine.cpu.code.Assembler.Label;
import org.nanochat4j.engine.cpu.code.Assembler.Tile;
import org.nanochat4j.engine.cpu.code.Assembler.Vector;

/** Encodings against the bytes of another assembler (GNU as, told to take the three-byte prefix). */
class AssemblerTest {
    @Test
    @DisplayName("moves and arithmetic of general registers")
    void general() {
        check("48 89 d0", a -> a.mov(RAX, RDX));
        check("49 89 dd", a -> a.mov(R13, RBX));
        check("49 01 cd", a -> a.add(R13, RCX));
        check("4c 01 ca", a -> a.add(RDX, R9));
        check("48 83 ef 06", a -> a.sub(RDI, 6));
        check("49 83 ef 01", a -> a.sub(R15, 1));
        check("48 83 ff 06", a -> a.cmp(RDI, 6));
        check("49 81 f9 e8 03 00 00", a -> a.cmp(R9, 1000));
        check("4d 85 ff", a -> a.test(R15, R15));
        check("53", a -> a.push(RBX));
        check("41 54", a -> a.push(R12));
        check("5d", a -> a.pop(RBP));
        check("41 5f", a -> a.pop(R15));
        check("49 c7 c2 40 00 00 00", a -> a.mov(R10, 64));
        check("48 c7 c3 fe ff ff ff", a -> a.mov(RBX, -2));
        check("c3", Assembler::ret);
    }

    @Test
    @DisplayName("addresses: the registers that need another form, displacements of one and four bytes, scaled indices")
    void addresses() {
        check("4c 8b 54 24 38", a -> a.mov(R10, at(RSP, 56)));
        check("48 8b 9c 24 c8 00 00 00", a -> a.mov(RBX, at(RSP, 200)));
        check("48 8b 45 00", a -> a.mov(RAX, at(RBP)));
        check("49 8b 4d 00", a -> a.mov(RCX, at(R13)));
        check("49 8b 14 24", a -> a.mov(RDX, at(R12)));
        check("4c 8d 2c 4a", a -> a.lea(R13, at(RDX, RCX, 2)));
        check("48 8d 1c ab", a -> a.lea(RBX, at(RBX, RBP, 4)));
        check("4b 8d 04 fe", a -> a.lea(RAX, at(R14, R15, 8)));
        check("40 0f 18 0b", a -> a.prefetcht0(at(RBX)));
        check("41 0f 18 4c 6d 00", a -> a.prefetcht0(at(R13, RBP, 2)));
        assertThrows(IllegalArgumentException.class, () -> at(RAX, RSP, 1));
        assertThrows(IllegalArgumentException.class, () -> at(RAX, RCX, 3));
    }

    @Test
    @DisplayName("vector instructions, with low and high registers in every place")
    void vectors() {
        check("c5 f8 77", Assembler::vzeroupper);
        check("c4 41 7c 10 26", a -> a.vmovups(v(12), at(R14)));
        check("c4 41 7c 10 6e 20", a -> a.vmovups(v(13), at(R14, 32)));
        check("c4 e1 7c 10 5c 6b 20", a -> a.vmovups(v(3), new Address(RBX, RBP, 2, 32)));
        check("c4 41 7c 11 5c 2d 00", a -> a.vmovups(at(R13, RBP, 1), v(11)));
        check("c4 e1 7c 11 45 00", a -> a.vmovups(at(RBP), v(0)));
        check("c4 62 7d 18 34 48", a -> a.vbroadcastss(v(14), at(RAX, RCX, 2)));
        check("c4 42 7d 18 7d 00", a -> a.vbroadcastss(v(15), at(R13)));
        check("c4 41 34 57 c9", a -> a.vxorps(v(9), v(9), v(9)));
        check("c4 e1 74 58 0c 2b", a -> a.vaddps(v(1), v(1), at(RBX, RBP, 1)));
        check("c4 c2 0d b8 c4", a -> a.vfmadd231ps(v(0), v(14), v(12)));
        check("c4 42 05 b8 dd", a -> a.vfmadd231ps(v(11), v(15), v(13)));
        check("c4 42 1d b8 44 6d 20", a -> a.vfmadd231ps(v(8), v(12), new Address(R13, RBP, 2, 32)));
        assertThrows(IllegalArgumentException.class, () -> v(16));
    }

    @Test
    @DisplayName("tile instructions, with low and high registers in every place")
    void tiles() {
        check("c4 e2 78 49 c0", Assembler::tilerelease);
        check("c4 e2 7b 49 c0", a -> a.tilezero(t(0)));
        check("c4 e2 7b 49 f8", a -> a.tilezero(t(7)));
        check("c4 a2 7b 4b 24 17", a -> a.tileloadd(t(4), at(RDI, R10, 1)));
        check("c4 a2 7b 4b ac 10 00 04 00 00", a -> a.tileloadd(t(5), new Address(RAX, R10, 1, 1024)));
        check("c4 e2 7b 4b 4c 0a 40", a -> a.tileloadd(t(1), new Address(RDX, RCX, 1, 64)));
        check("c4 82 7b 4b 7c 85 00", a -> a.tileloadd(t(7), at(R13, R8, 4)));
        check("c4 c2 7b 4b 54 ec 80", a -> a.tileloadd(t(2), new Address(R12, RBP, 8, -128)));
        check("c4 e2 7a 4b 04 0a", a -> a.tilestored(at(RDX, RCX, 1), t(0)));
        check("c4 c2 7a 4b 5c 0b 40", a -> a.tilestored(new Address(R11, RCX, 1, 64), t(3)));
        check("c4 82 7a 4b b4 4d c8 00 00 00", a -> a.tilestored(new Address(R13, R9, 2, 200), t(6)));
        check("c4 e2 4a 5c c4", a -> a.tdpbf16ps(t(0), t(4), t(6)));
        check("c4 e2 42 5c dd", a -> a.tdpbf16ps(t(3), t(5), t(7)));
        check("c4 e2 72 5c f8", a -> a.tdpbf16ps(t(7), t(0), t(1)));
        check("c4 e2 78 49 05 01 00 00 00 c3 2a", a -> {
            Label configuration = a.label();
            a.ldtilecfg(configuration);
            a.ret();
            a.bind(configuration);
            a.data(new byte[] {42});
        });
        assertThrows(IllegalArgumentException.class, () -> t(8));
        assertThrows(IllegalArgumentException.class, () -> new Assembler().tileloadd(t(0), at(RDX)));
    }

    @Test
    @DisplayName("jumps forwards and backwards; labels that are never bound are refused")
    void jumps() {
        check("e9 01 00 00 00 c3 0f 85 f9 ff ff ff", a -> {
            Label back = a.label();
            Label forth = a.label();
            a.jmp(forth);
            a.bind(back);
            a.ret();
            a.bind(forth);
            a.jcc(Condition.NOT_EQUAL, back);
        });
        check("0f 84 00 00 00 00 0f 8c f4 ff ff ff", a -> {
            Label start = a.label();
            Label next = a.label();
            a.bind(start);
            a.jcc(Condition.EQUAL, next);
            a.bind(next);
            a.jcc(Condition.LESS, start);
        });
        Assembler open = new Assembler();
        open.jmp(open.label());
        assertThrows(IllegalStateException.class, open::code);
        Label twice = open.label();
        open.bind(twice);
        assertThrows(IllegalStateException.class, () -> open.bind(twice));
    }

    private static Tile t(int number) {
        return new Tile(number);
    }

    private static Vector v(int number) {
        return new Vector(number);
    }

    private static void check(String expected, Consumer<Assembler> program) {
        Assembler assembler = new Assembler();
        program.accept(assembler);
        assertEquals(expected, HexFormat.ofDelimiter(" ").formatHex(assembler.code()));
    }
}
