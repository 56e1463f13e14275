/** What the ios have in common: {@link dev.beamfluss.changes.RowChange}, the change of a row. */
package dev.beamfluss.changes;
