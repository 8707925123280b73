/** Parameters, their initial values and where they are kept. */
package org.nanochat4j.engine.nn;
