/** Flink for tests. */
package dev.beamfluss.flink;
