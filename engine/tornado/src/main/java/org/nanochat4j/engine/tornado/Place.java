package org.nanochat4j.engine.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

/**
 * Where a tensor is on the device.
 *
 * @param bank the array
 * @param at its first element there
 */
record Place(Bank bank, int at) {
    FloatArray floats() {
        return bank.floats();
    }

    IntArray ints() {
        return bank.ints();
    }

    ShortArray halves() {
        return bank.halves();
    }

    /** Whether another place is in the same array. */
    @SuppressWarnings("ReferenceEquality") // banks are told apart by their memory
    boolean sharesBank(Place other) {
        return bank.array() == other.bank.array();
    }

    Place plus(long elements) {
        return new Place(bank, Math.toIntExact(at + elements));
    }
}
