/** Read Apache Paimon tables: {@link dev.beamfluss.io.paimon.PaimonIO}. */
package dev.beamfluss.io.paimon;
