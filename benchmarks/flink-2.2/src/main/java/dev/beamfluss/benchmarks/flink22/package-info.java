/** What needs Flink 2.2, and with it a process and a class path of its own. */
package dev.beamfluss.benchmarks.flink22;
