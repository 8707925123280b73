/** The entry point for users: an engine holds a backend and the memory of variables. */
package org.nanochat4j.engine.runtime;
