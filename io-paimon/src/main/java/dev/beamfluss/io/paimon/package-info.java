/** Read and write Apache Paimon tables: {@link dev.beamfluss.io.paimon.PaimonIO}. */
package dev.beamfluss.io.paimon;
