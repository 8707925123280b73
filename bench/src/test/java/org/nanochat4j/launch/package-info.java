/** Tests of the shell code that starts the build and the program. */
@NullMarked
package org.nanochat4j.launch;

import org.jspecify.annotations.NullMarked;
