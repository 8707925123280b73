/** The naive twin of every op in double precision: what kernels and gradient rules are checked against. */
package org.nanochat4j.engine.reference;
