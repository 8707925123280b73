/** Programs: recorded ops in order, their verification, memory plan, cost and listing. */
package org.nanochat4j.engine.program;
