/** The layer rules over the class files of all modules, each with a fixture that breaks it. */
@NullMarked
package org.nanochat4j.layers;

import org.jspecify.annotations.NullMarked;
