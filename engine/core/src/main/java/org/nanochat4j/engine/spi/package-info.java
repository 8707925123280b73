/** What a backend implements, and the one place where backends are looked up. */
package org.nanochat4j.engine.spi;
