/** Read, write and look up Apache Fluss tables: {@link dev.beamfluss.io.fluss.FlussIO}. */
package dev.beamfluss.io.fluss;
