/** Reports on runs: what the metrics file tells, as Markdown and as one self-contained HTML page with pictures. */
@NullMarked
package org.nanochat4j.train.report;

import org.jspecify.annotations.NullMarked;
